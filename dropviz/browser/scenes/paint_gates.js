/** Gates and states of one sequence through time: units down, steps across. */

import { heat } from "./heat.js";
import { figure } from "./mask_squares.js";
import { keep } from "./picture.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Gates} Gates */
/** @typedef {import("./scene_types.js").GatesPanel} GatesPanel */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {{width: number, height: number}} Size */

const BESIDE = 110; // CSS pixels for the numbers beside a panel, times the scale
const HEIGHT = 150;
const BAR = 12;
const MOST = 255; // the last colour of a scale, from 0

/** @type {WeakMap<string[], string[]>} The colours of each scale that was drawn. */
const scales = new WeakMap();

/**
 * Paints gates and states.
 *
 * @param {HTMLElement} container
 * @param {Gates} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Gates>} */
const PAINTER = {
  hint: { what: "a heatmap", where: "its numbers are told here." },
  lines: 2,
  heat: false,
  words: ({ title, lines }) => ({ title, lines, legend: [] }),
  places: (scene) =>
    scene.panels.map((_, number) => ({
      key: `panel:${number}`, row: Math.floor(number / 3), column: number % 3,
    })),
  stage: (scene, view) => {
    const style = `display:grid;grid-template-columns:repeat(${view.narrow ? 1 : 3},max-content)`;
    const panels = scene.panels.map((panel, number) => drawn(panel, number, view));
    return [tag("div", { class: "dropviz-panels", style }, panels)];
  },
  card,
  detail: (_, key) => ({ arrow: "panel", column: Number(key.split(":")[1]), mask: null }),
};

/**
 * @param {GatesPanel} panel
 * @param {number} number
 * @param {View} view
 * @returns {Child}
 */
function drawn(panel, number, view) {
  const inside = view.width * view.scale;
  const across = view.narrow ? 1 : 3;
  const room = inside / across - BESIDE * (view.narrow ? 1 : view.scale) - 24;
  const size = { width: Math.round(room), height: Math.round(HEIGHT * view.scale) };
  const map = panel.low < 0 ? view.palette.maps.signed : view.palette.maps.unsigned;
  const axes = { rows: panel.units, columns: panel.steps, down: "unit", across: "step", begin: 0, numbered: true };
  return tag(
    "div",
    view.item(`panel:${number}`, `${panel.title}: ${told(panel)}`, { "data-panel": panel.title }),
    tag("div", {}, panel.title),
    tag("div", { style: "display:flex;gap:6px" },
      heat(axes, size, (context) => cells(context, panel, size, map)),
      scale(panel, size, map)),
  );
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {GatesPanel} panel
 * @param {Size} size
 * @param {string[]} map
 */
function cells(context, panel, size, map) {
  const [wide, high] = [size.width / panel.steps, size.height / panel.units];
  const colours = scales.get(map) ?? stepsOf(map);
  scales.set(map, colours);
  panel.values.forEach((units, step) => {
    units.forEach((value, unit) => {
      const share = (value - panel.low) / (panel.high - panel.low);
      context.fillStyle = colours[Math.round(Math.min(Math.max(share, 0), 1) * MOST)] ?? "";
      // A little more, so that no ground shows between two.
      context.fillRect(step * wide, unit * high, wide + 0.5, high + 0.5);
    });
  });
}

/**
 * The colours of a scale, from its low end to its high one.
 *
 * @param {string[]} map
 * @returns {string[]}
 */
function stepsOf(map) {
  return Array.from({ length: MOST + 1 }, (_, step) => {
    const place = (step / MOST) * (map.length - 1);
    const low = Math.min(Math.floor(place), map.length - 2);
    const [one, other] = [channels(map[low] ?? ""), channels(map[low + 1] ?? "")];
    const mixed = one.map((each, number) =>
      Math.round(each + (place - low) * ((other[number] ?? 0) - each)));
    return `rgb(${mixed.join(" ")})`;
  });
}

/**
 * @param {string} colour As "#rrggbb".
 * @returns {number[]}
 */
function channels(colour) {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/**
 * @param {GatesPanel} panel
 * @param {Size} size
 * @param {string[]} map
 * @returns {Child}
 */
function scale(panel, size, map) {
  const steps = [...map].reverse().join(",");
  const style = `width:${BAR}px;height:${size.height}px;background:linear-gradient(${steps})`;
  const ends = [panel.high, panel.low].map((each) =>
    tag("span", {}, String(Number(each.toPrecision(2))).replace("-", "\u2212")));
  return tag("div", { style: "display:flex;gap:4px" },
    tag("div", { style }),
    tag("div", { class: "dropviz-ends dropviz-scale", style: `height:${size.height}px` }, ends));
}

/**
 * @param {GatesPanel} panel
 * @returns {string}
 */
function told(panel) {
  const all = panel.values.flat();
  const least = all.reduce((one, other) => Math.min(one, other), Infinity);
  const most = all.reduce((one, other) => Math.max(one, other), -Infinity);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return `${figure(least)} to ${figure(most)}, ${figure(mean)} on average`;
}

/**
 * @param {Gates} scene
 * @param {string} key
 * @param {import("./picture.js").Spot | null} spot
 * @returns {Child[]}
 */
function card(scene, key, spot) {
  const panel = scene.panels[Number(key.split(":")[1])];
  if (!panel) {
    return [];
  }
  const title = tag("p", {}, tag("strong", {}, panel.title), `: ${told(panel)}`);
  if (!spot) {
    return [title];
  }
  const value = panel.values[spot.column]?.[spot.row];
  const said = `step ${spot.column + 1}, unit ${spot.row + 1}: `;
  return [title, tag("p", {}, said, tag("strong", {}, value === undefined ? "" : figure(value)))];
}
