/** The LSTM unrolled through time, with the masks on its arrows. */

import { arrowOf, maskOf } from "./arrow_masks.js";
import { drawn, halo } from "./draw_arrow.js";
import { asFormula, inHtml, inSvg } from "./mathematics.js";
import { keep } from "./picture.js";
import { colourOf } from "./theme.js";
import { tag } from "./tree.js";
import { card } from "./unrolled_card.js";
import { laidOut } from "./unrolled_layout.js";

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./picture.js").Place} Place */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./unrolled_layout.js").Layout} Layout */

const KEYS = ["up", "c", "cell", "g", "h", "x"]; // from above

/**
 * Paints the unrolled picture.
 *
 * @param {HTMLElement} container
 * @param {Unrolled} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Unrolled>} */
const PAINTER = {
  hint: { what: "an arrow", where: "its mask stands here in numbers." },
  lines: 2,
  heat: false,
  words: ({ title, lines, legend }) => ({ title, lines, legend }),
  places,
  stage,
  card,
  detail: (scene, key) => {
    const found = arrowOf(scene, key);
    const [name = "", column = "0"] = key.split(":");
    return { arrow: name, column: Number(column), mask: found?.mask ?? null };
  },
};

/**
 * @param {Unrolled} scene
 * @returns {Place[]}
 */
function places(scene) {
  const listed = scene.arrows.map(({ arrow, column }) => ({
    key: `${arrow}:${column}`,
    row: KEYS.indexOf(arrow),
    column: arrow === "h" || arrow === "c" ? column - 0.5 : column,
  }));
  const cells = scene.columns.map((_, column) => ({
    key: `cell:${column}`, row: KEYS.indexOf("cell"), column,
  }));
  return [...listed, ...cells].sort((one, other) => one.column - other.column || one.row - other.row);
}

/**
 * @param {Unrolled} scene
 * @param {View} view
 * @returns {Child[]}
 */
function stage(scene, view) {
  const layout = laidOut(scene, view.width);
  const wide = layout.width > view.width;
  const drawing = tag(
    "svg",
    {
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      "data-picture": "unrolled",
      style: wide ? `width:${layout.width}px` : null,
    },
    scene.columns.map((step, column) => nodes(scene, layout, view, step, column)),
    ordered(scene).map((arrow) => drawn(scene, layout, view, arrow)),
  );
  const note = scene.one_step
    ? tag("div", { class: "dropviz-muted" }, "one time step: ", inHtml(scene.one_step))
    : null;
  const placed = wide ? tag("div", { class: "dropviz-scroll" }, drawing) : drawing;
  /** @type {Child[]} */
  const all = layout.roomy ? [placed] : [names(scene, view), placed];
  return note ? [...all, note] : all;
}

/**
 * Plain arrows first, so that masks lie on them.
 *
 * @param {Unrolled} scene
 * @returns {Arrow[]}
 */
function ordered(scene) {
  const bare = scene.arrows.filter((each) => each.mask === null);
  return [...bare, ...scene.arrows.filter((each) => each.mask !== null)];
}

/**
 * The names of the arguments, where there is no room for them beside the arrows.
 *
 * @param {Unrolled} scene
 * @param {View} view
 * @returns {Child}
 */
function names(scene, view) {
  /** @type {Map<string, Mask>} */
  const first = new Map();
  for (const arrow of scene.arrows) {
    const mask = maskOf(scene, arrow);
    if (mask && !first.has(mask.label)) {
      first.set(mask.label, mask);
    }
  }
  return tag(
    "div",
    { class: "dropviz-key" },
    [...first.values()].map((mask) => {
      const colour = colourOf(mask.colour, view.palette);
      return tag(
        "span",
        { class: "dropviz-code", style: `color:${colour}`, "data-label": mask.label },
        `\u25cf ${mask.label}${mask.matrix ? " (masks the weights U)" : ""}`,
      );
    }),
  );
}

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {View} view
 * @param {number} step
 * @param {number} column
 * @returns {Child}
 */
function nodes(scene, layout, view, step, column) {
  const { y, half } = layout;
  const x = layout.x(column);
  const size = layout.roomy ? 17 : scene.cell.length > 5 ? layout.small : 14;
  const shown = scene.cell.length > 12 ? `${scene.cell.slice(0, 11)}\u2026` : scene.cell;
  const where = layout.inside ? y.top + 18 : (y.top + y.bottom) / 2 + 0.35 * size;
  const fit = 0.6 * size * shown.length > 2 * half - 6 ? 2 * half - 6 : null;
  return tag(
    "g",
    {},
    circle(layout, x, y.h, `h_${step + 1}`),
    circle(layout, x, y.x, `x_${step + 1}`),
    tag(
      "g",
      view.item(`cell:${column}`, `${scene.cell} at step ${step + 1}`, { "data-cell": column }),
      tag("rect", { x: x - half, y: y.top, width: 2 * half, height: y.bottom - y.top, rx: 8,
        style: "fill:var(--dropviz-paper);stroke:var(--dropviz-ink)", "stroke-width": 1.6 }),
      halo(x - half, y.top, 2 * half, y.bottom - y.top),
      tag("text", { x, y: where, "text-anchor": "middle", "font-size": size, textLength: fit,
        lengthAdjust: fit ? "spacingAndGlyphs" : null }, shown),
    ),
  );
}

/**
 * @param {Layout} layout
 * @param {number} x
 * @param {number} y
 * @param {string} value
 * @returns {Child}
 */
function circle(layout, x, y, value) {
  return tag(
    "g",
    { "data-node": value },
    tag("circle", { cx: x, cy: y, r: layout.node,
      style: "fill:var(--dropviz-ground);stroke:var(--dropviz-ink)", "stroke-width": 1.6 }),
    tag("text", { x, y: y + layout.letter * 0.28, "text-anchor": "middle", "font-size": layout.letter },
      inSvg(asFormula(value), layout.letter, layout.small)),
  );
}
