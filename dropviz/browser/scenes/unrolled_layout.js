/** Where the parts of the unrolled picture lie: in units of the drawing, from the top left. */

import { maskOf } from "./arrow_masks.js";

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {[number, number]} Point */

/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {boolean} roomy Whether the names of arguments stand beside their arrows.
 * @property {boolean} inside Whether a mask is drawn inside the cells.
 * @property {number} letter Size of the letters of mathematics.
 * @property {number} small Size of all others.
 * @property {number} pitch From one unit of a mask to the next.
 * @property {number} entry From one weight of a mask to the next.
 * @property {number} node Radius of the circles of x and h.
 * @property {number} badge Half the height of a letter's ground.
 * @property {number} half Half the width of a cell.
 * @property {number} aside How far to the right of a column the squares of its next h begin at the
 *   least: beside those of its x, where there is room for both.
 * @property {(column: number) => number} x The middle of a column.
 * @property {{h: number, top: number, c: number, link: number, bottom: number, x: number}} y
 *   Of the circles of h, the cell, the arrows of c and of h, and the circles of x.
 * @property {number} right Where an arrow that leaves the last cell ends.
 */

export const ROWS = 8; // units drawn of a mask
export const ENTRIES = 6; // rows and columns drawn of a mask of weights
const ROOMY = 820;
const CLEAR = 14; // between the squares of a mask and the arrows beside it
const NAMED = 56; // of "all gates", which stands above a mask that they share
// Dots of left-out steps, the head of an arrow and the name above it.
const BETWEEN = 31;

/**
 * @param {Unrolled} scene
 * @param {number} room How wide the place is; the picture is wider where that is too little for it.
 * @returns {Layout}
 */
export function laidOut(scene, room) {
  const on = (/** @type {string} */ arrow) =>
    scene.arrows.some((each) => each.arrow === arrow && each.mask !== null);
  const roomy = room >= ROOMY;
  const count = scene.columns.length;
  const inside = on("g");
  const thinnest = inside ? 27 : 22;
  const widest = roomy ? (inside ? 60 : 46) : inside ? 30 : 42;
  const [left, end] = roomy ? [132, 112] : [0, 26];
  const width = Math.max(room, count * (2 * thinnest + BETWEEN) + end);
  const step = roomy ? (width - left - end) / 3 : (width - end) / count;
  const half = Math.min(widest, roomy ? widest : Math.max(step * 0.28, thinnest));
  const [pitch, entry] = roomy ? [12, 6.4] : [9, 5];
  const mask = ROWS * pitch;
  const [of_x, of_h] = ["x", "h"].map((name) => widestMask(scene, name, pitch, entry));
  // So the picture is less tall, and its letters larger where a screen is low.
  const aside = roomy || !of_h ? 0 : CLEAR + (of_x ? of_x + CLEAR / 2 : 0);
  const beside = aside > 0 && aside + of_h + CLEAR <= step;
  const above = on("c") ? mask - 40 : on("up") ? mask - 60 : 0;
  const h = (roomy ? 24 : 20) + (roomy && on("c") ? 22 : 0);
  const top = h + (roomy ? 74 : 60) + Math.max(above, 0);
  const tall = inside ? mask + 34 : roomy || on("c") ? 92 : 80;
  const bottom = top + tall;
  const stacked = on("h") && !beside ? mask + 34 : 0;
  const x = bottom + (roomy ? 152 : stacked + (on("x") ? mask + 40 : 70));
  return {
    width,
    roomy,
    inside,
    letter: roomy ? 19 : 16,
    small: roomy ? 14 : 12,
    pitch,
    entry,
    aside: beside ? aside : 0,
    // The names of late steps are long.
    node: Math.max(roomy ? 20 : 16, (roomy ? 4.2 : 3.4) * `x_${scene.time_steps}`.length + 2),
    badge: roomy ? 12 : 10,
    half,
    x: (column) => (roomy ? left + column * step : (column + 0.5) * step),
    y: {
      h,
      top,
      c: top + (inside ? 22 : (roomy ? 0.26 : 0.22) * tall),
      link: top + (inside ? 62 : 0.7 * tall),
      bottom,
      x,
    },
    right: width - 4,
    height: x + (roomy ? 24 : beside && !on("x") ? 32 : 20),
  };
}

/**
 * Where an arrow begins and ends, and where the letter of its mask stands.
 *
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @returns {{from: Point, to: Point, badge: Point, middle: number, skips: boolean}}
 */
export function course(scene, layout, arrow) {
  const { y, node, half } = layout;
  const x = layout.x(arrow.column);
  if (arrow.arrow === "x") {
    const badge = layout.roomy ? (y.bottom + y.x) / 2 - 4 : y.x - node - 34;
    return { from: [x, y.x - node], to: [x, y.bottom], badge: [x, badge], middle: x, skips: false };
  }
  if (arrow.arrow === "up") {
    const middle = (y.top + y.h + node) / 2;
    return { from: [x, y.top], to: [x, y.h + node], badge: [x, middle + 4], middle: x, skips: false };
  }
  if (arrow.arrow === "g") {
    const left = x - half + (layout.roomy ? 32 : 15);
    const low = y.bottom - 22;
    const badge = (low + y.top + 56) / 2;
    return { from: [left, low], to: [left, y.top + 50], badge: [left, badge], middle: left, skips: false };
  }
  const last = arrow.column === scene.columns.length;
  const skips = !last && (scene.columns[arrow.column] ?? 0) - (scene.columns[arrow.column - 1] ?? 0) > 1;
  // The state that a layer of one step was called with comes from the edge.
  const start = arrow.column ? layout.x(arrow.column - 1) + half : 6;
  const left = start + (skips ? (layout.roomy ? 36 : 13) : 0);
  const end = last ? Math.min(layout.right, start + 74) : x - half;
  const height = arrow.arrow === "c" ? y.c : y.link;
  // A short arrow has its letter further on, or below, to leave room for the name of its value;
  // behind the dots of left-out steps it must not reach into the cell.
  const middle = (left + end) / 2;
  /** @type {Point} */
  const badge = layout.roomy
    ? [left + (last || skips ? 0.62 : 0.5) * (end - left), height]
    : [Math.min(middle, end - layout.badge - 2), height + layout.badge + 4];
  return { from: [left, height], to: [end, height], badge, middle, skips };
}

/**
 * Where the squares of a mask begin, and how wide they are.
 *
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @returns {{x: number, y: number, wide: number} | null} Nothing where its squares are drawn on
 *   another arrow.
 */
export function squaresAt(scene, layout, arrow, mask) {
  const { y, pitch, entry, half } = layout;
  const x = layout.x(arrow.column);
  const wide = maskWidth(mask, pitch, entry);
  if (arrow.arrow === "x") {
    const high = layout.roomy ? y.bottom + 32 : y.x - layout.node - ROWS * pitch - 4;
    return { x: x + (layout.roomy ? 20 : 14), y: high, wide };
  }
  if (arrow.arrow === "g") {
    return { x: x + half - pitch - 7, y: y.top + 26, wide };
  }
  if (arrow.arrow === "up") {
    const leaves = scene.arrows.some(
      (each) => each.arrow === "h" && each.column === arrow.column + 1 && each.mask === arrow.mask,
    );
    return leaves ? null : { x: x + layout.node + 6, y: y.top - ROWS * pitch - 8, wide };
  }
  const at = course(scene, layout, arrow).middle;
  if (arrow.arrow === "c" || !arrow.column) {
    return { x: at - wide / 2, y: y.c - (layout.roomy ? 16 : 26) - ROWS * pitch, wide };
  }
  const clear = layout.roomy && mask.matrix && arrow.column === 1 ? 16 : 0;
  const least = layout.aside ? layout.x(arrow.column - 1) + layout.aside : 0;
  const most = x - wide - 5; // clear of the next x
  const left = Math.max(least, Math.min(at - wide / 2 + clear, most));
  return { x: left, y: y.bottom + (layout.roomy ? 10 : 18), wide };
}

/**
 * @param {Mask} mask
 * @param {number} pitch
 * @param {number} entry
 * @returns {number} Of its squares.
 */
function maskWidth(mask, pitch, entry) {
  return mask.matrix ? 2 * ENTRIES * entry + 5 : mask.kept.length * pitch;
}

/**
 * @param {Unrolled} scene
 * @param {string} name Of arrows.
 * @param {number} pitch
 * @param {number} entry
 * @returns {number} What the widest mask on such an arrow takes, with what is written above it; 0
 *   where there is none.
 */
function widestMask(scene, name, pitch, entry) {
  const masks = scene.arrows.filter((each) => each.arrow === name).map((each) => maskOf(scene, each));
  const wide = (/** @type {Mask} */ mask) =>
    Math.max(maskWidth(mask, pitch, entry), mask.kept.length === 1 ? NAMED : 0);
  return Math.max(0, ...masks.map((mask) => (mask ? wide(mask) : 0)));
}
