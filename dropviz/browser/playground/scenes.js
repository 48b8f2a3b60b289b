// Scenes: pictures as plain data, made from a snapshot. Painters know nothing else.

import { maskOf } from "./snapshot.js";
import { figure, general, percent, sharing } from "./words.js";

/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./masks.js").Rule} Rule */

const ROWS = 16; // of a heatmap, at the most
const UNITS = 32;

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {number} rows
 * @property {number} columns
 * @property {number[]} kept
 */

/**
 * @typedef {object} HeatmapsScene
 * @property {"heatmaps"} kind
 * @property {{site: string, place: string, argument: string, down: string, across: string, panels: Panel[], said: string}[]} sites
 * @property {import("./tables.js").Tables["colours"]} colours
 * @property {string} alt
 */

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number}} view
 * @returns {HeatmapsScene}
 */
export function heatmapsScene(tables, snapshot, { sample }) {
  const sites = snapshot.sites.map((masks) => {
    const row = tables.sites[masks.site];
    const shared = sharing(tables.words, masks.shared, { steps: snapshot.steps, gates: tables.gates.length });
    const dropped = `${percent(masks.dropped, 1)} dropped, rate ${general(masks.rule.rate, 3)}`;
    return {
      ...{ site: masks.site, place: row.place, argument: masks.rule.argument },
      ...panelsOf(tables, masks, sample),
      said: [dropped, ...shared].join("; "),
    };
  });
  const told = sites.map(({ site, said }) => `${site}: ${said}.`);
  return { kind: "heatmaps", sites, colours: tables.colours, alt: [`Masks of batch ${snapshot.batch + 1}.`, ...told].join(" ") };
}

/**
 * For each gate a panel: samples down, or the steps of one where each step has a mask of its own.
 *
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {number} sample
 */
function panelsOf(tables, masks, sample) {
  const { matrix, gated } = tables.sites[masks.site];
  const side = Math.sqrt(masks.units);
  const down = matrix ? "from unit" : masks.steps > 1 ? "step" : "sequence";
  const rows = Math.min(ROWS, matrix ? side : masks.steps > 1 ? masks.steps : masks.samples);
  const columns = Math.min(UNITS, matrix ? side : masks.units);
  const panels = Array.from({ length: masks.gates }, (_, gate) => {
    const kept = Array.from({ length: rows }, (_, row) => {
      if (matrix) return maskOf(masks, 0, 0)[gate].subarray(row * side, row * side + columns);
      const [step, which] = masks.steps > 1 ? [row, sample] : [0, row];
      return maskOf(masks, step, which)[gate].subarray(0, columns);
    });
    return { title: titleOf(tables, masks.gates, gate, gated), rows, columns, kept: kept.flatMap((each) => Array.from(each)) };
  });
  return { down, across: matrix ? "to unit" : masks.site === "input" ? "input" : "unit", panels };
}

/**
 * @param {Tables} tables
 * @param {number} gates
 * @param {number} gate
 * @param {boolean} gated
 */
function titleOf(tables, gates, gate, gated) {
  if (gates > 1) return `${tables.gates[gate].letter}  ${tables.gates[gate].name}`;
  return gated ? `one mask for all gates: ${tables.gates.map(({ letter }) => letter).join(" ")}` : "";
}

/**
 * @typedef {object} CurvesScene
 * @property {"curves"} kind
 * @property {{label: string, colour: string, dashes: number[], width: number, points: [number, number][]}[]} lines
 * @property {number} epochs that the axis has room for
 * @property {string} caption
 * @property {string} alt
 */

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @returns {CurvesScene}
 */
export function curvesScene(tables, { curves, losses, batch, perEpoch, measured }) {
  const done = (batch + 1) / perEpoch;
  const lines = tables.colours.curves.map(({ name, label, colour, dashes, width }) => {
    /** @type {[number, number][]} */
    const points = curves[name].map((value, at) => [at + 1, value]);
    if (name === "loss" && losses && done > curves.loss.length) points.push([done, losses.so_far]);
    return { label, colour, dashes, width, points };
  });
  const drawn = lines.filter(({ points }) => points.length);
  const ends = drawn.map(({ label, points }) => `${label} ${figure(points[points.length - 1][1])}`);
  return {
    kind: "curves",
    lines: drawn,
    epochs: Math.max(5, Math.ceil(done)),
    caption: `On and off: the same ${measured || "training"} sequences and weights, at the end of an epoch. As Keras reports: a mean while the weights change.`,
    alt: `Loss over ${figure(done)} epochs: ${ends.join(", ")}.`,
  };
}

/**
 * @typedef {object} CellScene
 * @property {"cell"} kind
 * @property {string} title
 * @property {string} paper
 * @property {{site: string, argument: string, line: string, edges: string[], zoned: boolean, matrix: boolean, gates: number, said: string}[]} masked
 * @property {import("./tables.js").Tables["colours"]} colours
 * @property {string} alt
 */

/**
 * @param {Tables} tables
 * @param {import("./training.js").Spec} spec
 * @param {Rule[]} rules
 * @returns {CellScene}
 */
export function cellScene(tables, spec, rules) {
  const { title, paper, summary } = tables.methods[spec.method];
  const masked = rules.filter((rule) => rule.rate > 0).map((rule) => {
    const { line, edges, zoned, matrix, place } = tables.sites[rule.site];
    const gates = rule.tying === "untied" ? 4 : 1;
    const said = `${rule.argument}=${general(rule.rate)}: ${place}; ${tables.words.lives[rule.life]}`;
    return { site: rule.site, argument: rule.argument, line, edges, zoned, matrix, gates, said };
  });
  const marked = masked.length ? masked.map(({ said }) => `Marked: ${said}.`) : ["No edge is marked."];
  return {
    ...{ kind: "cell", title, paper: `${paper}: ${summary}`, masked, colours: tables.colours },
    alt: [`The inside of an LSTM cell, ${title} (${paper}): it ${summary}.`, ...marked].join(" "),
  };
}

/**
 * @typedef {object} GatesScene
 * @property {"gates"} kind
 * @property {{title: string, low: number, high: number, values: number[]}[]} panels values by (unit, step)
 * @property {number} units
 * @property {number} steps
 * @property {number} step that is looked at
 * @property {{rows: number, columns: number, values: number[]}} input
 * @property {string} said
 * @property {string} alt
 */

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number, step: number}} view
 * @returns {GatesScene | null}
 */
export function gatesScene(tables, snapshot, { sample, step }) {
  if (!snapshot.inside) return null;
  const { trace, x, answer: right, shares } = snapshot.inside;
  const { steps } = snapshot;
  const units = trace.h.length / steps;
  const shown = [
    ...tables.gates.map(({ letter, name }) => ({ letter: /** @type {keyof typeof trace} */ (letter), title: `${letter}  ${name}` })),
    { letter: /** @type {const} */ ("c"), title: "c  memory" },
    { letter: /** @type {const} */ ("h"), title: "h  output" },
  ];
  const panels = shown.map(({ letter, title }) => {
    const values = trace[letter];
    const signed = "gch".includes(letter);
    const far = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const turned = Array.from({ length: units * steps }, (_, at) => values[(at % steps) * units + Math.floor(at / steps)]);
    return { title, low: signed ? -far : 0, high: far, values: turned };
  });
  const guess = shares.indexOf(Math.max(...shares));
  const sure = percent(shares[guess]);
  const said = `Sequence ${sample + 1}: the answer is ${right}; the network, with its masks on, says ${guess} (${sure}).`;
  const columns = x.length / steps;
  return {
    ...{ kind: "gates", panels, units, steps, step: Math.min(step, steps - 1), said },
    input: { rows: steps, columns, values: Array.from(x) },
    alt: `Gates and states of sequence ${sample + 1}, ${units} units over ${steps} steps. ${said}`,
  };
}
