/** Losses by epoch. */

import { axes, framed, HEIGHT, xOf } from "./curve_axes.js";
import { changes, labels, legend } from "./curve_words.js";
import { drawn, stroke } from "./draw_curve.js";
import { keep } from "./picture.js";
import { toneOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Curves} Curves */
/** @typedef {import("./scene_types.js").CurveLine} CurveLine */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./curve_axes.js").Plot} Plot */

const MOST_PLACES = 250; // epochs that can be pointed at one by one

/**
 * Paints the curves.
 *
 * @param {HTMLElement} container
 * @param {Curves} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Curves>} */
const PAINTER = {
  hint: { what: "an epoch", where: "its losses stand here." },
  lines: 2,
  heat: false,
  words: ({ title, caption }) => ({ title, lines: caption ? [caption] : [], legend: [] }),
  places: (scene) => epochs(scene).map((epoch) => ({ key: `epoch:${epoch}`, row: 0, column: epoch })),
  stage,
  card,
  detail: (_, key) => ({ arrow: "epoch", column: Number(key.split(":")[1]) - 1, mask: null }),
};

/**
 * The epochs that can be pointed at, from 1; the last is one of them.
 *
 * @param {Curves} scene
 * @returns {number[]}
 */
function epochs(scene) {
  const last = latest(scene);
  const apart = Math.max(1, Math.ceil(last / MOST_PLACES));
  const listed = [];
  for (let epoch = last; epoch >= 1; epoch -= apart) {
    listed.unshift(epoch);
  }
  return listed;
}

/**
 * @param {Curves} scene
 * @returns {number} the last epoch that has a point
 */
function latest(scene) {
  return Math.max(0, ...scene.lines.map((line) => line.values.length));
}

/**
 * @param {Curves} scene
 * @param {View} view
 * @returns {Child[]}
 */
function stage(scene, view) {
  const plot = framed(scene, view);
  const drawing = tag(
    "svg",
    { viewBox: `0 0 ${view.width} ${HEIGHT}`, "data-picture": "curves" },
    ...axes(scene, plot),
    scene.lines.map((line) => drawn(line, plot)),
    changes(scene, plot),
    view.narrow ? null : labels(scene, plot),
    strips(scene, plot, view),
  );
  return view.narrow ? [drawing, legend(scene)] : [drawing];
}

/**
 * A strip for each epoch, to be pointed at.
 *
 * @param {Curves} scene
 * @param {Plot} plot
 * @param {View} view
 * @returns {Child[]}
 */
function strips(scene, plot, view) {
  const listed = epochs(scene);
  const wide = listed.length > 1
    ? xOf(plot, listed[1] ?? 0) - xOf(plot, listed[0] ?? 0)
    : plot.right - plot.left;
  return listed.map((epoch) => {
    const x = xOf(plot, epoch);
    const left = Math.max(plot.left, x - wide / 2);
    const right = Math.min(plot.right, x + wide / 2);
    return tag(
      "g",
      view.item(`epoch:${epoch}`, `epoch ${epoch}: ${values(scene, epoch).join("; ")}`),
      tag("rect", { class: "dropviz-halo", x: left, y: plot.top, width: Math.max(right - left, 0.5),
        height: plot.bottom - plot.top }),
    );
  });
}

/**
 * @param {Curves} scene
 * @param {number} epoch
 * @returns {string[]}
 */
function values(scene, epoch) {
  return scene.lines.map((line) => `${line.label} ${said(scene, line, epoch)}`);
}

/**
 * @param {Curves} scene
 * @param {CurveLine} line
 * @param {number} epoch
 * @returns {string}
 */
function said(scene, line, epoch) {
  const value = line.values[epoch - 1] ?? null;
  if (value !== null) return String(Number(value.toPrecision(4)));
  return epoch > latest(scene) - scene.under_way ? "not measured yet" : "no number";
}

/**
 * @param {Curves} scene
 * @param {string} key
 * @returns {Child[]}
 */
function card(scene, key) {
  const epoch = Number(key.split(":")[1]);
  return [
    tag("p", {}, tag("strong", {}, `epoch ${epoch}`)),
    tag("div", { class: "dropviz-key" }, scene.lines.map((line) => {
      const colour = toneOf(line.tone);
      return tag("span", {},
        tag("svg", { class: "dropviz-sign", width: 30, height: 16, viewBox: "0 0 30 16", "aria-hidden": "true" },
          tag("path", { d: "M0 8h30", style: `stroke:${colour}`, ...stroke(line) })),
        ` ${line.label} `, tag("strong", {}, said(scene, line, epoch)));
    })),
  ];
}
