/** The small squares beside an arrow: what its mask keeps and what it drops. */

import { isFirst } from "./arrow_masks.js";
import { maskSquares } from "./mask_squares.js";
import { tag } from "./tree.js";
import { ENTRIES, ROWS } from "./unrolled_layout.js";

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./unrolled_layout.js").Layout} Layout */

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number}} at
 * @param {string} colour
 * @returns {Child}
 */
export function smallMask(scene, layout, arrow, mask, at, colour) {
  const named = isFirst(scene, arrow, mask);
  return tag(
    "g",
    { "data-glyph": mask.letter },
    mask.matrix
      ? blocks(layout, mask, at, colour)
      : maskSquares(mask.kept, ROWS, at.x, at.y, layout.pitch, colour),
    named && mask.gates.length ? gateNames(layout, mask, at) : null,
  );
}

/**
 * A mask of weights: a block for each gate, two above and two below.
 *
 * @param {Layout} layout
 * @param {Mask} mask
 * @param {{x: number, y: number}} at
 * @param {string} colour
 * @returns {Child[]}
 */
function blocks(layout, mask, at, colour) {
  const side = ENTRIES * layout.entry;
  return mask.kept.flatMap((flat, gate) => {
    const units = Math.round(Math.sqrt(flat.length));
    const shown = Math.min(units, ENTRIES);
    const columns = Array.from({ length: shown }, (_, to) =>
      Array.from({ length: shown }, (_, of) => flat[of * units + to] ?? null));
    const x = at.x + (gate % 2) * (side + 5);
    const y = at.y + Math.floor(gate / 2) * (side + 5);
    return maskSquares(columns, ENTRIES, x, y, layout.entry, colour);
  });
}

/**
 * @param {Layout} layout
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number}} at
 * @returns {Child[]}
 */
function gateNames(layout, mask, at) {
  const words = { "font-size": layout.small, style: "fill:var(--dropviz-muted)" };
  if (mask.kept.length === 1) {
    return mask.gates.length > 1
      ? [tag("text", { x: at.x, y: at.y - 5, ...words }, "all gates")]
      : [];
  }
  const side = ENTRIES * layout.entry;
  return mask.gates.map((gate, number) => {
    const middle = { "text-anchor": "middle", ...words };
    if (mask.matrix) {
      const below = number > 1;
      const x = at.x + (number % 2) * (side + 5) + side / 2;
      return tag("text", { x, y: below ? at.y + 2 * side + 5 + layout.small : at.y - 3, ...middle }, gate);
    }
    return tag("text", { x: at.x + (number + 0.42) * layout.pitch, y: at.y - 4, ...middle }, gate);
  });
}
