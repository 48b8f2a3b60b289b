/** An arrow of the unrolled picture, with what it carries and the letter of its mask. */

import { isFirst, maskOf } from "./arrow_masks.js";
import { smallMask } from "./arrow_squares.js";
import { asFormula, inSvg } from "./mathematics.js";
import { colourOf } from "./theme.js";
import { tag } from "./tree.js";
import { course, squaresAt } from "./unrolled_layout.js";

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./unrolled_layout.js").Layout} Layout */

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {View} view
 * @param {Arrow} arrow
 * @returns {Child}
 */
export function drawn(scene, layout, view, arrow) {
  const mask = maskOf(scene, arrow);
  const { from, to, badge, skips } = course(scene, layout, arrow);
  const colour = mask ? colourOf(mask.colour, view.palette) : "var(--dropviz-faint)";
  const carried = mask
    ? `mask ${mask.letter} of ${mask.label} on ${arrow.value}`
    : `no mask on ${arrow.value}`;
  const level = from[1] === to[1];
  const squares = mask ? squaresAt(scene, layout, arrow, mask) : null;
  return tag(
    "g",
    view.item(`${arrow.arrow}:${arrow.column}`, carried, {
      "data-arrow": arrow.arrow,
      "data-column": arrow.column,
      "data-mask": arrow.mask,
      "data-letter": mask?.letter,
      "data-argument": mask?.colour.argument,
      "data-shade": mask?.colour.shade,
    }),
    level
      ? halo(from[0], from[1] - 25, to[0] - from[0], 39)
      : halo(from[0] - 14, to[1], 28, from[1] - to[1]),
    skips ? dots(layout, from) : null,
    line(from, to, colour, Boolean(mask)),
    value(layout, arrow, from, to, skips, mask ? colour : "var(--dropviz-muted)", mask !== null),
    mask ? letter(layout, badge, mask, colour) : null,
    mask && squares ? smallMask(scene, layout, arrow, mask, squares, colour) : null,
    mask && layout.roomy && isFirst(scene, arrow, mask)
      ? argument(scene, layout, arrow, mask, squares, colour)
      : null,
  );
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @returns {Child}
 */
export function halo(x, y, width, height) {
  return tag("rect", { class: "dropviz-halo", x, y, width: Math.max(width, 1), height });
}

/**
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {string} colour
 * @param {boolean} masked
 * @returns {Child[]}
 */
function line(from, to, colour, masked) {
  const [head, wide] = masked ? [14, 7] : [10, 4.5];
  const flat = from[1] === to[1];
  const along = flat ? Math.sign(to[0] - from[0]) : Math.sign(to[1] - from[1]);
  const [x, y] = to;
  const tip = flat
    ? `M${x} ${y}L${x - along * head} ${y - wide}V${y + wide}Z`
    : `M${x} ${y}L${x - wide} ${y - along * head}H${x + wide}Z`;
  const end = flat ? `H${x - along * (head - 1)}` : `V${y - along * (head - 1)}`;
  return [
    tag("path", { d: `M${from[0]} ${from[1]}${end}`, style: `fill:none;stroke:${colour}`,
      "stroke-width": masked ? 4.4 : 1.9, "stroke-dasharray": masked ? null : "6 4" }),
    tag("path", { d: tip, style: `fill:${colour}` }),
  ];
}

/**
 * @param {Layout} layout
 * @param {[number, number]} from
 * @returns {Child}
 */
function dots(layout, from) {
  const apart = layout.roomy ? 9 : 4;
  const r = layout.roomy ? 2.4 : 1.4;
  return tag("g", { "data-skips": "" }, [1, 2, 3].map((number) =>
    tag("circle", { cx: from[0] - (number - 0.2) * apart, cy: from[1], r })));
}

/**
 * The name of what a horizontal arrow carries; the circles name the others.
 *
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {boolean} skips
 * @param {string} colour
 * @param {boolean} masked
 * @returns {Child | null}
 */
function value(layout, arrow, from, to, skips, colour, masked) {
  if (arrow.arrow === "g") {
    const words = { "text-anchor": "middle", "font-size": layout.letter };
    return tag("g", {},
      tag("text", { x: from[0], y: from[1] + 15, ...words, style: `fill:${colour}` },
        inSvg("$g$", layout.letter, layout.small)),
      tag("text", { x: to[0], y: to[1] - 5, ...words }, inSvg("$c$", layout.letter, layout.small)));
  }
  if (arrow.arrow !== "h" && arrow.arrow !== "c") {
    return null;
  }
  const centred = arrow.arrow === "c" && !masked;
  const middle = (from[0] + to[0]) / 2 - (layout.roomy ? 0 : skips ? 10 : 4);
  return tag(
    "text",
    {
      x: centred ? middle : from[0] + (layout.roomy ? 4 : skips ? -12 : 1),
      // A short arrow's head is below its name, and would cover the index.
      y: from[1] - (layout.roomy || !masked ? 8 : 14),
      "text-anchor": centred ? "middle" : "start",
      "font-size": layout.letter,
      style: `fill:${colour}`,
    },
    inSvg(asFormula(arrow.value), layout.letter, layout.small),
  );
}

/**
 * @param {Layout} layout
 * @param {[number, number]} at
 * @param {Mask} mask
 * @param {string} colour
 * @returns {Child}
 */
function letter({ badge, small }, [x, y], mask, colour) {
  const half = Math.max(badge, 0.36 * small * mask.letter.length + 5);
  return tag(
    "g",
    { "data-badge": mask.letter },
    tag("rect", { x: x - half, y: y - badge, width: 2 * half, height: 2 * badge, rx: badge,
      style: `fill:${colour};stroke:var(--dropviz-ground)`, "stroke-width": 2 }),
    tag("text", { x, y: y + 0.36 * small, "text-anchor": "middle", "font-size": small,
      "font-weight": 700, style: "fill:var(--dropviz-letter)" }, mask.letter),
  );
}

/**
 * The name of the argument that a mask came from.
 *
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number} | null} squares
 * @param {string} colour
 * @returns {Child | null}
 */
function argument(scene, layout, arrow, mask, squares, colour) {
  const { badge, middle } = course(scene, layout, arrow);
  const wide = 0.62 * 15 * mask.label.length;
  let [x, y, anchor] = [badge[0] - 18, badge[1] + 5, "end"];
  if (!squares || (arrow.arrow === "h" && !arrow.column)) {
    return null; // Its name stands where its squares are, or in the words beside a single step.
  }
  if (arrow.arrow === "h" || arrow.arrow === "c") {
    // Between two circles.
    x = Math.max(middle, layout.x(arrow.column - 1) + 26 + wide / 2);
    [y, anchor] = [arrow.arrow === "h" ? layout.y.x + 5 : squares.y - 8, "middle"];
  } else if (arrow.arrow === "g") {
    [x, y, anchor] = [squares.x + 2, layout.y.top - 10, "start"];
  } else if (arrow.arrow === "up") {
    const last = arrow.column === scene.columns.length - 1 && arrow.column > 0;
    [x, y] = [last ? badge[0] - layout.node - 8 : squares.x + squares.wide + 8, layout.y.h + 5];
    anchor = last ? "end" : "start";
  }
  const words = { class: "dropviz-code", "font-size": 15, style: `fill:${colour}` };
  return tag(
    "g",
    { "data-label": mask.label },
    arrow.arrow === "g"
      ? tag("path", { d: `M${squares.x + 5} ${squares.y - 3}V${y + 5}`, style: `stroke:${colour}` })
      : null,
    tag("text", { x, y, "text-anchor": anchor, ...words }, mask.label),
    mask.matrix
      ? tag("text", { x, y: y + 18, "text-anchor": anchor, "font-size": 14,
          style: "fill:var(--dropviz-muted)" }, inSvg("masks the weights $U$", 14, 14))
      : null,
  );
}
