// Scenes of masks, losses and gates, in the form that dropviz/figures/ has; painters know nothing else.

import { maskOf } from "./snapshot.js";
import { counted, droppedPercent, figure, filled, percent, rateInWords, sharing } from "./words.js";

/** @typedef {import("../lab/model_types.js").Sequence} Sequence */
/** @typedef {import("../scenes/scene_types.js").Atlas} Atlas */
/** @typedef {import("../scenes/scene_types.js").AtlasPanel} AtlasPanel */
/** @typedef {import("../scenes/scene_types.js").Colour} Colour */
/** @typedef {import("../scenes/scene_types.js").Curves} Curves */
/** @typedef {import("../scenes/scene_types.js").Gates} Gates */
/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */

const ROWS = 16; // of a heatmap, at the most
const UNITS = 32;
const EPOCHS = 5; // that the axis of the curves has room for from the beginning
// What the page says of its own losses, where Python's words speak of Keras's.
const OWN_LABELS = /** @type {Record<string, string>} */ ({ loss: "mean over the epoch" });
const OWN_CAPTION =
  "On and off: {measured}, the same weights, at the epoch's end. " +
  "Mean: of all batches, with their masks, while the weights change.";

/**
 * The colour of whatever belongs to an argument: as figures/colours.py has it.
 *
 * @param {Tables} tables
 * @param {string} argument
 * @param {number} [number] a shade for one of several masks
 * @returns {Colour}
 */
export function colourOf({ colours }, argument, number = 0) {
  const whose = colours.arguments.includes(argument) ? argument : "recurrent_dropout";
  // zoneout_hidden beside zoneout_cell
  return { argument: whose, shade: (number + (argument === "zoneout_hidden" ? 1 : 0)) % colours.shades };
}

/**
 * The call that makes such a layer, as pictures have it for a title.
 *
 * @param {Tables} tables
 * @param {import("./training.js").Spec} spec
 */
export function layerCall(tables, spec) {
  const keras = spec.method === "keras";
  const names = [...tables.rates, ...tables.methods[spec.method].options];
  const given = names.flatMap((name) => {
    const value = spec[/** @type {keyof typeof spec} */ (name)];
    const unset = value === null || (value === 0 && !keras && tables.rates.includes(name));
    if (unset) return [];
    return [typeof value === "string" ? `${name}="${value}"` : `${name}=${rateInWords(Number(value))}`];
  });
  return `LSTM(${[spec.units, ...(keras ? [] : [`method="${spec.method}"`]), ...given].join(", ")})`;
}

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number, source: string}} view
 * @returns {Atlas}
 */
export function atlasScene(tables, snapshot, { sample, source }) {
  const rows = snapshot.sites.map((masks) => {
    const shared = sharing(tables.words, masks.shared, { steps: snapshot.steps, gates: tables.gates.length });
    const dropped = `${droppedPercent(masks.dropped)} dropped, rate ${rateInWords(masks.rule.rate)}`;
    const { site, rule } = masks;
    const { symbol } = tables.sites[site];
    const says = `${dropped}; ${shared.join("; ")}`;
    return {
      site,
      symbol,
      colour: colourOf(tables, rule.argument),
      reason: "",
      ...panelsOf(tables, masks, sample),
      says,
    };
  });
  const at = `batch ${snapshot.batch + 1} (${counted(snapshot.samples, "sequence")})`;
  const told = rows.length
    ? rows.map(({ site, says }) => `${site}: ${says}.`)
    : ["Nothing is dropped with these settings."];
  return {
    kind: "atlas",
    title: "Masks of the LSTM",
    lines: [`${source}, in ${at}`, ...(rows.length ? [] : told)],
    gate: "",
    rows,
    alt: [`Mask heatmaps of the LSTM, ${at}.`, ...told].join(" "),
    legend: [
      { sign: "kept", says: "kept" },
      { sign: "dropped", says: "dropped" },
      { sign: "", says: `the first ${ROWS} rows and ${UNITS} columns at the most` },
    ],
  };
}

/**
 * For each gate a panel: samples down, or the steps of one where each step has a mask of its own.
 *
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {number} sample
 */
function panelsOf(tables, masks, sample) {
  const { matrix, gated, place, entry } = tables.sites[masks.site];
  const side = Math.sqrt(masks.units);
  const down = matrix ? "from unit" : masks.steps > 1 ? "step" : "sample";
  const rows = Math.min(ROWS, matrix ? side : masks.steps > 1 ? masks.steps : masks.samples);
  const columns = Math.min(UNITS, matrix ? side : masks.units);
  const one = gated ? `one mask for all gates: ${tables.gates.map(({ letter }) => letter).join(" ")}` : place;
  const panels = Array.from({ length: masks.gates }, (_, gate) => {
    const kept = Array.from({ length: rows }, (_, row) => {
      if (matrix) return maskOf(masks, 0, 0)[gate].subarray(row * side, row * side + columns);
      const [step, which] = masks.steps > 1 ? [row, sample] : [0, row];
      return maskOf(masks, step, which)[gate].subarray(0, columns);
    });
    const { letter, name } = tables.gates[gate];
    return {
      title: masks.gates > 1 ? `${letter}  ${name}` : one,
      rows,
      columns,
      bits: packed(kept.flatMap((each) => Array.from(each))),
    };
  });
  return { down, across: matrix ? "to unit" : entry, begin: 0, panels };
}

/**
 * Bits in base64, the first the highest of its byte.
 *
 * @param {number[]} bits
 */
function packed(bits) {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, at) => {
    bytes[at >> 3] |= bit << (7 - (at & 7));
  });
  return btoa(String.fromCharCode(...bytes));
}

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{recorded: boolean}} view whether Keras trained, and not the page
 * @returns {Curves}
 */
export function curvesScene(tables, { curves, losses, batch, perEpoch, measured }, { recorded }) {
  const begun = losses !== null && batch + 1 > perEpoch * curves.loss.length;
  const lines = tables.curves.lines.flatMap((line) => {
    // Of the epoch that is under way the loss so far is known.
    const values = line.name === "loss" && begun ? [...curves.loss, losses.so_far] : curves[line.name];
    const finite = values.filter(Number.isFinite);
    if (!finite.length) return [];
    const shown = values.map((value) => (Number.isFinite(value) ? value : null));
    const label = recorded ? line.label : (OWN_LABELS[line.name] ?? line.label);
    return [{ ...line, label, values: shown, low: [], high: [], last: figure(finite[finite.length - 1]) }];
  });
  const most = Math.max(0, ...lines.map(({ values }) => values.length));
  const underWay = Number(begun);
  const ended = most > underWay ? counted(most - underWay, "epoch") : "";
  const over = [ended, begun && (ended ? " and the one under way" : "the epoch under way")].filter(Boolean).join("");
  const ends = lines.map(
    ({ label, values, last }) =>
      `${label} from ${figure(values.find((each) => each !== null) ?? 0)} to ${last}`,
  );
  const caption = recorded
    ? tables.curves.caption
    : filled(OWN_CAPTION, { measured: counted(measured, "training sequence") });
  return {
    ...{ kind: "curves", title: "Loss by epoch", caption, x_label: "epoch", lines, changes: [] },
    epochs: Math.max(EPOCHS, most),
    under_way: underWay,
    alt: lines.length ? `Loss over ${over}: ${ends.join("; ")}.` : "Loss by epoch; no epoch has come to its end yet.",
  };
}

/**
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number}} view
 * @returns {Gates | null} Nothing where the inside of the pass is not known.
 */
export function gatesScene(tables, snapshot, { sample }) {
  if (!snapshot.inside) return null;
  const { trace } = snapshot.inside;
  const { steps } = snapshot;
  const units = trace.h.length / steps;
  const shown = [
    ...tables.gates.map(({ letter, name }) => ({
      letter: /** @type {keyof typeof trace} */ (letter),
      title: `${letter}  ${name}`,
    })),
    { letter: /** @type {const} */ ("c"), title: "c  memory" },
    { letter: /** @type {const} */ ("h"), title: "h  state" },
  ];
  const panels = shown.map(({ letter, title }) => {
    const values = trace[letter];
    const far = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const [low, high] = "gch".includes(letter) ? [-far, far] : [0, 1];
    const rows = Array.from({ length: steps }, (_, step) =>
      Array.from(values.subarray(step * units, (step + 1) * units)),
    );
    return { title, low, high, steps, units, values: rows };
  });
  const said = `sequence ${sample + 1} through the LSTM, its masks on; each panel: units down`;
  const size = `${counted(units, "unit")} over ${counted(steps, "time step")}`;
  return {
    kind: "gates",
    title: "Gates and states through time",
    lines: [said],
    alt: `Gates and states of ${said}, ${size}.`,
    panels,
  };
}

/**
 * What the network reads, and what it answers.
 *
 * @param {Snapshot} snapshot
 * @param {number} sample
 * @returns {Sequence | null}
 */
export function sequenceOf(snapshot, sample) {
  if (!snapshot.inside) return null;
  const { x, answer, shares } = snapshot.inside;
  const features = x.length / snapshot.steps;
  const values = Array.from({ length: snapshot.steps }, (_, step) =>
    Array.from(x.subarray(step * features, (step + 1) * features)),
  );
  const guess = shares.indexOf(Math.max(...shares));
  return {
    ...{ values, low: 0, high: 1, whole: values.flat().every(Number.isInteger) },
    says: `Sequence ${sample + 1}: the answer is ${answer}.`,
    result: `The network, with its masks on, says ${guess} (${percent(shares[guess])}).`,
  };
}

/**
 * Gates and states as rows of one table.
 *
 * @param {NonNullable<ReturnType<typeof gatesScene>>} scene
 * @returns {import("../lab/model_types.js").Row[]}
 */
export function valuesOf({ panels }) {
  return panels.map(({ title, low, high, values }) => {
    const [name = "", says = ""] = title.split("  ");
    return { name, says, low, high, values };
  });
}
