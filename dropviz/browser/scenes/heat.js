/** Heatmaps on a canvas, with the first and the last number of each axis. */

import { canvas, tag } from "./tree.js";

/** @typedef {import("./tree.js").Child} Child */

/**
 * @typedef {object} Axes
 * @property {number} rows
 * @property {number} columns
 * @property {string} down What runs down.
 * @property {string} across
 * @property {number} begin The number, from 0, of the first row.
 * @property {boolean} numbered Whether rows are numbered; of panels side by side the first is.
 */

/**
 * A heatmap with its axes.
 *
 * @param {Axes} axes
 * @param {{width: number, height: number}} size In CSS pixels.
 * @param {(context: CanvasRenderingContext2D) => void} draw On a canvas of this size.
 * @returns {Child}
 */
export function heat({ rows, columns, down, across, begin, numbered }, size, draw) {
  const dense = Math.max(window.devicePixelRatio || 1, 1);
  const [width, height] = [Math.round(size.width * dense), Math.round(size.height * dense)];
  const style = `width:${size.width}px;height:${size.height}px`;
  const drawn = canvas({ width, height, style, "data-rows": rows, "data-columns": columns }, (element) => {
    const context = element.getContext("2d");
    if (context) {
      context.setTransform(width / size.width, 0, 0, height / size.height, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      draw(context);
    }
  });
  const first = `${down} ${begin + 1}`;
  const low = rows > 1 && size.height > 44 ? [first, String(begin + rows)] : [first + to(begin + rows, rows)];
  const wide = columns > 1 && size.width > 90;
  const flat = wide ? ["1", across, String(columns)] : [`${across} 1${to(columns, columns)}`];
  const words = (/** @type {string[]} */ ends) => ends.map((each) => tag("span", {}, each));
  return tag(
    "div",
    { class: "dropviz-heat", "data-numbered": numbered },
    numbered ? tag("div", { class: "dropviz-ends dropviz-down" }, words(low)) : null,
    drawn,
    numbered ? tag("span", {}) : null,
    tag("div", { class: "dropviz-ends" }, words(flat)),
  );
}

/**
 * @param {number} last
 * @param {number} count
 * @returns {string} The end of "1-4", where there is more than one.
 */
function to(last, count) {
  return count > 1 ? `\u2013${last}` : "";
}
