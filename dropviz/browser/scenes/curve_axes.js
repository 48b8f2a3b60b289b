/** Where a loss at an epoch lies, and the axes that say so. */

import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Curves} Curves */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */

/**
 * @typedef {object} Plot
 * @property {number} left
 * @property {number} right
 * @property {number} top
 * @property {number} bottom
 * @property {number} begin The first number across.
 * @property {number} end
 * @property {number} low
 * @property {number} high
 * @property {number} letter
 */

export const HEIGHT = 300;

export const LABEL = 22; // from one label to the next

export const TOLD = 4; // changes on the way that are put into words

/**
 * @param {Curves} scene
 * @param {View} view
 * @returns {Plot}
 */
export function framed(scene, view) {
  const all = scene.lines.flatMap((line) => [...line.values, ...line.low, ...line.high]);
  const finite = all.filter((value) => value !== null);
  let high = finite.reduce((most, value) => Math.max(most, value), 0);
  const low = finite.reduce((least, value) => Math.min(least, value), 0);
  const room = 0.06 * (high - low) || 1;
  const told = Math.min(scene.changes.length, TOLD);
  // Words about changes stand above the lines.
  high += ((high - low) * told * LABEL) / (HEIGHT - 60 - told * LABEL);
  const longest = Math.max(8, ...scene.lines.map((line) => line.label.length + line.last.length + 2));
  const letter = view.narrow ? 12 : 14.5;
  const right = view.narrow ? view.width - 8 : view.width - longest * letter * 0.53 - 52;
  return {
    left: view.narrow ? 46 : 60,
    right,
    top: 10,
    bottom: HEIGHT - 46,
    // From zero, so that a small gain does not look large.
    begin: scene.changes.length ? 0 : 1,
    end: Math.max(scene.epochs, 1) + (scene.epochs > 1 || scene.changes.length ? 0 : 0.2),
    low: low ? low - room : 0,
    high: high + room,
    letter,
  };
}

/**
 * @param {Plot} plot
 * @param {number} epoch
 * @returns {number}
 */
export function xOf(plot, epoch) {
  const span = plot.end - plot.begin || 1;
  return plot.left + 8 + ((epoch - plot.begin) / span) * (plot.right - plot.left - 16);
}

/**
 * @param {Plot} plot
 * @param {number} value
 * @returns {number}
 */
export function yOf(plot, value) {
  return plot.bottom - ((value - plot.low) / (plot.high - plot.low)) * (plot.bottom - plot.top);
}

/**
 * Round numbers between two.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @param {boolean} whole
 * @returns {number[]}
 */
function ticks(low, high, most, whole) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  const step = Math.max(factor * power, whole ? 1 : 0);
  const listed = [];
  for (let number = Math.ceil(low / step); number * step <= high; number += 1) {
    listed.push(number * step);
  }
  return listed;
}

/**
 * @param {Curves} scene
 * @param {Plot} plot
 * @returns {Child[]}
 */
export function axes(scene, plot) {
  const words = { "font-size": plot.letter, style: "fill:var(--dropviz-muted)" };
  const rows = ticks(plot.low, plot.high, 5, false).map((value) => {
    const y = yOf(plot, value);
    return tag("g", {},
      tag("path", { d: `M${plot.left} ${y}H${plot.right}`,
        style: "stroke:var(--dropviz-faint);stroke-opacity:.35" }),
      tag("text", { x: plot.left - 8, y: y + plot.letter * 0.35, "text-anchor": "end", ...words },
        String(Number(value.toPrecision(3)))));
  });
  const most = Math.max(2, Math.floor((plot.right - plot.left) / 70));
  const columns = ticks(plot.begin, plot.end, most, true).map((epoch) =>
    tag("text", { x: xOf(plot, epoch), y: plot.bottom + plot.letter + 6, "text-anchor": "middle", ...words },
      String(epoch)));
  const middle = (plot.left + plot.right) / 2;
  return [
    ...rows,
    tag("path", { d: `M${plot.left} ${plot.top}V${plot.bottom}H${plot.right}`,
      style: "fill:none;stroke:var(--dropviz-muted)" }),
    ...columns,
    tag("text", { x: middle, y: HEIGHT - 5, "text-anchor": "middle", "font-size": plot.letter }, scene.x_label),
  ];
}
