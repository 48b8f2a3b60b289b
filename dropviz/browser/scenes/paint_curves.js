/** Losses by epoch. */

import { keep } from "./picture.js";
import { tone_of } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Curves} Curves */
/** @typedef {import("./scene_types.js").CurveLine} CurveLine */
/** @typedef {import("./scene_types.js").Theme} Theme */
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

const HEIGHT = 300;
const MOST_PLACES = 250; // epochs that can be pointed at one by one
const LABEL = 22; // from one label to the next
const TOLD = 4; // changes on the way that are put into words

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
  hint: "Point at an epoch, or move with Tab and the arrow keys: its losses stand here.",
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
  const last = Math.max(0, ...scene.lines.map((line) => line.values.length));
  const apart = Math.max(1, Math.ceil(last / MOST_PLACES));
  const listed = [];
  for (let epoch = last; epoch >= 1; epoch -= apart) {
    listed.unshift(epoch);
  }
  return listed;
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
 * @param {Curves} scene
 * @param {View} view
 * @returns {Plot}
 */
function framed(scene, view) {
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
function x_of(plot, epoch) {
  const span = plot.end - plot.begin || 1;
  return plot.left + 8 + ((epoch - plot.begin) / span) * (plot.right - plot.left - 16);
}

/**
 * @param {Plot} plot
 * @param {number} value
 * @returns {number}
 */
function y_of(plot, value) {
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
function axes(scene, plot) {
  const words = { "font-size": plot.letter, style: "fill:var(--dropviz-muted)" };
  const rows = ticks(plot.low, plot.high, 5, false).map((value) => {
    const y = y_of(plot, value);
    return tag("g", {},
      tag("path", { d: `M${plot.left} ${y}H${plot.right}`,
        style: "stroke:var(--dropviz-faint);stroke-opacity:.35" }),
      tag("text", { x: plot.left - 8, y: y + plot.letter * 0.35, "text-anchor": "end", ...words },
        String(Number(value.toPrecision(3)))));
  });
  const most = Math.max(2, Math.floor((plot.right - plot.left) / 70));
  const columns = ticks(plot.begin, plot.end, most, true).map((epoch) =>
    tag("text", { x: x_of(plot, epoch), y: plot.bottom + plot.letter + 6, "text-anchor": "middle", ...words },
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

/**
 * @param {CurveLine} line
 * @param {Plot} plot
 * @returns {Child}
 */
function drawn(line, plot) {
  const colour = tone_of(line.tone);
  const alone = line.values.length === 1 && line.values[0] !== null && line.values[0] !== undefined;
  return tag(
    "g",
    { "data-line": line.name, "data-tone": line.tone },
    tag("path", { d: band(line, plot), style: `fill:${colour};fill-opacity:.18` }),
    tag("path", { d: path(line.values, plot), style: `fill:none;stroke:${colour}`, ...stroke(line) }),
    // One epoch makes no line.
    alone
      ? tag("circle", { cx: x_of(plot, 1), cy: y_of(plot, line.values[0] ?? 0), r: 4, style: `fill:${colour}` })
      : null,
  );
}

/**
 * @param {CurveLine} line
 * @returns {import("./tree.js").Attributes}
 */
function stroke(line) {
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
      said += `${down ? "L" : "M"}${x_of(plot, number + 1).toFixed(2)} ${y_of(plot, value).toFixed(2)}`;
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
      const x = x_of(plot, number + 1).toFixed(2);
      there.push(`${x} ${y_of(plot, high).toFixed(2)}`);
      back.unshift(`${x} ${y_of(plot, low).toFixed(2)}`);
    }
  });
  return there.length > 1 ? `M${[...there, ...back].join("L")}Z` : "";
}

/**
 * Marks where rates were moved; of many moves, words for the last few.
 *
 * @param {Curves} scene
 * @param {Plot} plot
 * @returns {Child}
 */
function changes(scene, plot) {
  const style = "stroke:var(--dropviz-muted)";
  const lines = scene.changes.map(({ after }) =>
    tag("path", { d: `M${x_of(plot, after)} ${plot.top}V${plot.bottom}`, style, "stroke-dasharray": "2 3" }));
  const told = scene.changes.slice(-TOLD).reverse().map(({ after, says }, row) => {
    const wide = 0.56 * plot.letter * says.length;
    const right = x_of(plot, after) + wide + 5 > plot.right;
    // Too long for either side, it begins where the plot does.
    const left = Math.max(plot.left + wide + 4, x_of(plot, after) - 5);
    return tag(
      "text",
      { x: right ? left : x_of(plot, after) + 5, y: plot.top + 14 + row * LABEL,
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
function labels(scene, plot) {
  const ends = scene.lines
    .map((line) => ({ line, y: y_of(plot, line.values.filter((value) => value !== null).at(-1) ?? 0) }))
    .sort((one, other) => one.y - other.y);
  let lowest = plot.top + Math.min(scene.changes.length, TOLD) * LABEL;
  const most = plot.bottom;
  return tag("g", {}, ends.map(({ line, y }, number) => {
    const place = Math.max(lowest, Math.min(y, most - LABEL * (ends.length - number - 1)));
    lowest = place + LABEL;
    const colour = tone_of(line.tone);
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
function legend(scene) {
  return tag("div", { class: "dropviz-key" }, scene.lines.map((line) =>
    tag(
      "span",
      { "data-end": line.name },
      tag("svg", { class: "dropviz-sign", width: 34, height: 16, viewBox: "0 0 34 16", "aria-hidden": "true" },
        tag("path", { d: "M0 8h34", style: `stroke:${tone_of(line.tone)}`, ...stroke(line) })),
      ` ${line.last}  ${line.label}`,
    )));
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
    ? x_of(plot, listed[1] ?? 0) - x_of(plot, listed[0] ?? 0)
    : plot.right - plot.left;
  return listed.map((epoch) => {
    const x = x_of(plot, epoch);
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
  return scene.lines.map((line) => `${line.label} ${said(line.values[epoch - 1])}`);
}

/**
 * @param {number | null | undefined} value
 * @returns {string}
 */
function said(value) {
  return value === null || value === undefined ? "no number" : String(Number(value.toPrecision(4)));
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
      const colour = tone_of(line.tone);
      return tag("span", {},
        tag("svg", { class: "dropviz-sign", width: 30, height: 16, viewBox: "0 0 30 16", "aria-hidden": "true" },
          tag("path", { d: "M0 8h30", style: `stroke:${colour}`, ...stroke(line) })),
        ` ${line.label} `, tag("strong", {}, said(line.values[epoch - 1])));
    })),
  ];
}
