/** The words in the picture of curves: names of lines, and rates that were moved. */

import { LABEL, TOLD, xOf, yOf } from "./curve_axes.js";
import { stroke } from "./draw_curve.js";
import { toneOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Curves} Curves */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./curve_axes.js").Plot} Plot */

/**
 * Marks where rates were moved; of many moves, words for the last few.
 *
 * @param {Curves} scene
 * @param {Plot} plot
 * @returns {Child}
 */
export function changes(scene, plot) {
  const style = "stroke:var(--dropviz-muted)";
  const lines = scene.changes.map(({ after }) =>
    tag("path", { d: `M${xOf(plot, after)} ${plot.top}V${plot.bottom}`, style, "stroke-dasharray": "2 3" }));
  const told = scene.changes.slice(-TOLD).reverse().map(({ after, says }, row) => {
    const wide = 0.56 * plot.letter * says.length;
    const right = xOf(plot, after) + wide + 5 > plot.right;
    // Too long for either side, it begins where the plot does.
    const left = Math.max(plot.left + wide + 4, xOf(plot, after) - 5);
    return tag(
      "text",
      { x: right ? left : xOf(plot, after) + 5, y: plot.top + 14 + row * LABEL,
        "text-anchor": right ? "end" : "start", "font-size": plot.letter,
        style: "fill:var(--dropviz-muted);stroke:var(--dropviz-ground);paint-order:stroke",
        "stroke-width": 4, "data-change": after },
      says,
    );
  });
  return tag("g", {}, lines, told);
}

/**
 * Names each line at its end, pushed apart where lines end close together.
 *
 * @param {Curves} scene
 * @param {Plot} plot
 * @returns {Child}
 */
export function labels(scene, plot) {
  const ends = scene.lines
    .map((line) => ({ line, y: yOf(plot, line.values.filter((value) => value !== null).at(-1) ?? 0) }))
    .sort((one, other) => one.y - other.y);
  let lowest = plot.top + Math.min(scene.changes.length, TOLD) * LABEL;
  const most = plot.bottom;
  return tag("g", {}, ends.map(({ line, y }, number) => {
    const place = Math.max(lowest, Math.min(y, most - LABEL * (ends.length - number - 1)));
    lowest = place + LABEL;
    const colour = toneOf(line.tone);
    return tag(
      "g",
      { "data-end": line.name },
      // A sample of the line: in grey, words alone would not say whose end this is.
      tag("path", { d: `M${plot.right + 8} ${place}h34`, style: `stroke:${colour}`, ...stroke(line) }),
      tag("text", { x: plot.right + 50, y: place + 5, "font-size": plot.letter },
        tag("tspan", { "font-weight": 600 }, line.last), `  ${line.label}`),
    );
  }));
}

/**
 * The names of the lines, where there is no room for them beside.
 *
 * @param {Curves} scene
 * @returns {Child}
 */
export function legend(scene) {
  return tag("div", { class: "dropviz-key" }, scene.lines.map((line) =>
    tag(
      "span",
      { "data-end": line.name },
      tag("svg", { class: "dropviz-sign", width: 34, height: 16, viewBox: "0 0 34 16", "aria-hidden": "true" },
        tag("path", { d: "M0 8h34", style: `stroke:${toneOf(line.tone)}`, ...stroke(line) })),
      ` ${line.last}  ${line.label}`,
    )));
}
