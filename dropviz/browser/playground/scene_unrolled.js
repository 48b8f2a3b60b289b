// The scene of the LSTM unrolled over time, with the masks on its arrows.

import { maskOf } from "./snapshot.js";
import { answer, call } from "./words.js";

/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./masks.js").Rule} Rule */

const ROWS = 8; // entries of a mask that are drawn
const SIDE = 6; // and of each gate's matrix, in both directions
const LETTERS = 26;
const ARROWS = ["h", "c", "x", "g", "up"];

/**
 * A mask in the unrolled picture: its letter says whose it is, its shade whether it is another.
 *
 * @typedef {object} Mark
 * @property {string} letter
 * @property {string} site
 * @property {string} argument
 * @property {number} shade
 * @property {(number[] | null)[]} gates for each gate what was kept (1); null where nothing was drawn yet
 * @property {number} side of a matrix; 0 where the entries are units
 */

/**
 * @typedef {object} UnrolledScene
 * @property {"unrolled"} kind
 * @property {string} title
 * @property {string[]} said
 * @property {number[]} shown the steps that are drawn, from 0
 * @property {number} steps
 * @property {{arrow: string, into: number, mark: Mark}[]} marks
 * @property {string[]} gates
 * @property {boolean} drawn whether masks were drawn, or will be
 * @property {import("./tables.js").Tables["colours"]} colours
 * @property {string} alt
 */

export const WIDE = 800; // CSS pixels that have room for four steps, and for names beside them
const NARROW = 500; // and for three, as a telephone has not

/**
 * How many steps there is room for.
 *
 * @param {number} width in CSS pixels
 */
export function columnsFor(width) {
  return width < NARROW ? 2 : width < WIDE ? 3 : 4;
}

/**
 * Steps to draw: all of a few, else the first and, where there is room for more than two, the last.
 *
 * @param {number} steps
 * @param {number} columns
 */
export function stepsShown(steps, columns) {
  const all = Array.from({ length: Math.min(steps, columns) }, (_, at) => at);
  return steps <= columns || columns < 3 ? all : [...all.slice(0, -1), steps - 1];
}

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number, columns: number, source: string}} view
 * @returns {UnrolledScene}
 */
export function unrolledScene(tables, snapshot, { sample, columns, source }) {
  const sites = Object.fromEntries(snapshot.sites.map((masks) => [masks.site, masks]));
  const shown = stepsShown(snapshot.steps, columns);
  /** @type {Map<string, Mark>} */
  const known = new Map();
  const marks = placed(tables, shown).flatMap(({ arrow, site, step, into }) => {
    const masks = sites[site];
    if (!masks || step < 0 || step >= snapshot.steps) return [];
    // Of two masks that are equal by luck each has its letter: how long they live is known.
    const key = `${site} ${Math.min(step, masks.steps - 1)}`;
    if (!known.has(key)) known.set(key, markOf(tables, masks, maskOf(masks, step, sample), known));
    return [{ arrow, into, mark: /** @type {Mark} */ (known.get(key)) }];
  });
  const sentences = snapshot.sites.map((masks) => answer(tables, masks, snapshot.steps));
  const at = `batch ${snapshot.batch + 1}, sequence ${sample + 1}`;
  return {
    kind: "unrolled",
    title: call(snapshot.spec, tables),
    said: [`${source}, in ${at}`],
    ...{ shown, steps: snapshot.steps, marks, drawn: true },
    gates: tables.gates.map(({ letter }) => letter),
    colours: tables.colours,
    alt: [`An LSTM unrolled over steps ${shown.map((step) => step + 1).join(", ")}, ${at}.`, ...told(marks), ...sentences].join(" "),
  };
}

/**
 * What will act where, before any mask is drawn.
 *
 * @param {Tables} tables
 * @param {import("./training.js").Spec} spec
 * @param {Rule[]} rules
 * @param {{columns: number, sentences: string[]}} view
 * @returns {UnrolledScene}
 */
export function planScene(tables, spec, rules, { columns, sentences }) {
  const { steps } = tables.tasks[spec.task];
  const shown = stepsShown(steps, columns);
  const rated = Object.fromEntries(rules.filter((rule) => rule.rate > 0).map((rule) => [rule.site, rule]));
  /** @type {Map<string, Mark>} */
  const known = new Map();
  const marks = placed(tables, shown).flatMap(({ arrow, site, step, into }) => {
    const rule = rated[site];
    if (!rule || step < 0 || step >= steps) return [];
    const key = `${site} ${rule.life === "step" ? step : 0}`;
    const gates = Array.from({ length: rule.tying === "untied" ? 4 : 1 }, () => null);
    if (!known.has(key)) known.set(key, { ...bare(tables, rule, known), gates });
    return [{ arrow, into, mark: /** @type {Mark} */ (known.get(key)) }];
  });
  return {
    kind: "unrolled",
    title: call(spec, tables),
    said: ["what these settings will do: nothing has been trained, and no mask drawn yet"],
    ...{ shown, steps, marks, drawn: false },
    gates: tables.gates.map(({ letter }) => letter),
    colours: tables.colours,
    alt: ["A plan, before anything is trained.", ...told(marks), ...sentences].join(" "),
  };
}

/**
 * The places for masks from left to right. None leads from h_0 into the first step, it is zero; of
 * those that leave the last step only what it made of c and h is drawn.
 *
 * @param {Tables} tables
 * @param {number[]} shown
 */
function placed(tables, shown) {
  const every = Object.values(tables.sites);
  const on = (/** @type {string} */ arrow, /** @type {number} */ step) =>
    every.filter((site) => arrow in site.arrows).map((site) => ({ arrow, site: site.name, step: step + site.arrows[arrow], into: step }));
  const into = shown.flatMap((step, column) => (column ? ARROWS : ["x", "g", "up"]).flatMap((arrow) => on(arrow, step)));
  const last = shown[shown.length - 1] + 1;
  return [...into, ...["h", "c"].flatMap((arrow) => on(arrow, last)).filter(({ step }) => step < last)];
}

/**
 * @param {Tables} tables
 * @param {Rule} rule
 * @param {Map<string, Mark>} known
 */
function bare(tables, rule, known) {
  const number = known.size;
  const shade = [...known.values()].filter((mark) => mark.site === rule.site).length;
  const letter = String.fromCharCode(65 + (number % LETTERS)) + (number < LETTERS ? "" : Math.floor(number / LETTERS));
  const { matrix } = tables.sites[rule.site];
  return { letter, site: rule.site, argument: rule.argument, shade, side: matrix ? SIDE : 0 };
}

/**
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {Uint8Array[]} bits
 * @param {Map<string, Mark>} known
 * @returns {Mark}
 */
function markOf(tables, masks, bits, known) {
  const mark = bare(tables, masks.rule, known);
  const side = Math.sqrt(masks.units);
  const few = Math.min(side, SIDE);
  const gates = bits.map((row) => {
    if (!mark.side) return Array.from(row.subarray(0, ROWS));
    return Array.from({ length: few * few }, (_, at) => row[Math.floor(at / few) * side + (at % few)]);
  });
  return { ...mark, side: mark.side ? few : 0, gates };
}

/** @param {{arrow: string, into: number, mark: Mark}[]} marks */
function told(marks) {
  const names = { x: "The vertical arrows (x)", h: "The horizontal arrows (h)", g: "The candidates g", up: "The output arrows", c: "The arrows of the memory c" };
  return Object.entries(names).map(([arrow, name]) => {
    const letters = marks.filter((each) => each.arrow === arrow).map(({ mark }) => mark.letter);
    return `${name} carry ${letters.length ? `the masks ${letters.join(", ")}` : "no mask"}.`;
  });
}
