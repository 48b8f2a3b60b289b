/** A line of losses, with its band. */

import { xOf, yOf } from "./curve_axes.js";
import { toneOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").CurveLine} CurveLine */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./curve_axes.js").Plot} Plot */

/**
 * @param {CurveLine} line
 * @param {Plot} plot
 * @returns {Child}
 */
export function drawn(line, plot) {
  const colour = toneOf(line.tone);
  return tag(
    "g",
    { "data-line": line.name, "data-tone": line.tone },
    tag("path", { d: band(line, plot), style: `fill:${colour};fill-opacity:.18` }),
    tag("path", { d: path(line.values, plot), style: `fill:none;stroke:${colour}`, ...stroke(line) }),
    points(line.values, plot, colour),
  );
}

/**
 * Points of the epochs that no line reaches: one alone makes none.
 *
 * @param {(number | null)[]} values
 * @param {Plot} plot
 * @param {string} colour
 * @returns {Child[]}
 */
function points(values, plot, colour) {
  const none = (/** @type {number} */ at) => (values[at] ?? null) === null;
  return values.flatMap((value, at) =>
    value !== null && none(at - 1) && none(at + 1)
      ? [tag("circle", { cx: xOf(plot, at + 1), cy: yOf(plot, value), r: 4, style: `fill:${colour}` })]
      : []);
}

/**
 * @param {CurveLine} line
 * @returns {import("./tree.js").Attributes}
 */
export function stroke(line) {
  const wide = line.width * 1.25;
  return {
    "stroke-width": wide,
    "stroke-dasharray": line.dashes.map((each) => each * wide).join(" ") || null,
    "stroke-linejoin": "round",
  };
}

/**
 * @param {(number | null)[]} values
 * @param {Plot} plot
 * @returns {string} Broken where there is no number.
 */
function path(values, plot) {
  let [said, down] = ["", false];
  values.forEach((value, number) => {
    if (value !== null) {
      said += `${down ? "L" : "M"}${xOf(plot, number + 1).toFixed(2)} ${yOf(plot, value).toFixed(2)}`;
    }
    down = value !== null;
  });
  return said;
}

/**
 * @param {CurveLine} line
 * @param {Plot} plot
 * @returns {string}
 */
function band(line, plot) {
  /** @type {string[]} */
  const there = [];
  /** @type {string[]} */
  const back = [];
  line.low.forEach((low, number) => {
    const high = line.high[number] ?? null;
    if (low !== null && high !== null) {
      const x = xOf(plot, number + 1).toFixed(2);
      there.push(`${x} ${yOf(plot, high).toFixed(2)}`);
      back.unshift(`${x} ${yOf(plot, low).toFixed(2)}`);
    }
  });
  return there.length > 1 ? `M${[...there, ...back].join("L")}Z` : "";
}
