// The scene of the LSTM unrolled over time, as dropviz/figures/unrolled_scene.py makes it.

import { colourOf, layerCall } from "./scenes.js";
import { maskOf } from "./snapshot.js";
import { answer, counted, filled, intentions } from "./words.js";

/** @typedef {import("../scenes/scene_types.js").Arrow} Arrow */
/** @typedef {import("../scenes/scene_types.js").Mask} Mask */
/** @typedef {import("../scenes/scene_types.js").Sign} Sign */
/** @typedef {import("../scenes/scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */

const COLUMNS = 4; // steps drawn
const ROWS = 8; // entries of a mask that are drawn
const SIDE = 6; // and of each gate's matrix, in both directions
const LISTED = 32; // entries that are told as numbers
const LETTERS = 26;
/** @type {Sign[]} */
const SQUARES = [{ sign: "kept", says: "unit kept" }, { sign: "dropped", says: "unit dropped" }];
/** @type {Sign[]} */
const OPEN = [{ sign: "open", says: "kept or dropped: to be drawn" }];
const ARROWS = /** @type {const} */ (["h", "c", "x", "g", "up"]);

/**
 * What is known of the masks of one site.
 *
 * @typedef {object} Known
 * @property {Rule} rule
 * @property {number} lives how many masks there are for the steps of a sequence
 * @property {number} gates how many there are for the gates
 * @property {number} entries of one
 * @property {number | null} factor
 * @property {string} says
 * @property {string} source the line of Keras's own layer that multiplies; empty for another
 * @property {(step: number) => (number | null)[][]} kept for each gate
 */

/**
 * The masks that multiplied in one batch, on the arrows of one sequence.
 *
 * @param {Tables} tables
 * @param {Snapshot} snapshot
 * @param {{sample: number, source: string, recorded: boolean}} view
 * @returns {Unrolled}
 */
export function unrolledScene(tables, snapshot, { sample, source, recorded }) {
  const { steps } = snapshot;
  const known = snapshot.sites.map((masks) => ({
    ...{ rule: masks.rule, lives: masks.steps, gates: masks.gates, entries: masks.units },
    ...{ factor: masks.scale || null, says: answer(tables, masks, steps) },
    source: sourceOf(tables, snapshot.spec, masks.site, masks.gates),
    kept: (/** @type {number} */ step) => maskOf(masks, step, sample).map((row) => listed(tables, masks.site, row)),
  }));
  const built = build(tables, known, steps);
  const { inside } = snapshot;
  if (inside && inside.sample === Math.min(sample, snapshot.samples - 1)) putNumbers(tables, built.scene, inside);
  const lines = [`${source}, in batch ${snapshot.batch + 1}, sequence ${sample + 1}`, built.drawnAnew];
  const alt = told(tables, known, built.scene);
  return {
    ...built.scene,
    title: layerCall(tables, snapshot.spec),
    lines,
    alt,
    planned: false,
    legend: legend(tables, known, SQUARES, recorded ? "recorded " : ""),
  };
}

/**
 * What will act where, before any mask is drawn.
 *
 * @param {Tables} tables
 * @param {import("./training.js").Spec} spec
 * @param {Rule[]} rules
 * @returns {Unrolled}
 */
export function planScene(tables, spec, rules) {
  const { steps, features } = tables.tasks[spec.task];
  const sentences = intentions(tables, spec, rules);
  const known = rules.map((rule, at) => {
    const { matrix } = tables.sites[rule.site];
    const entries = rule.site === "input" ? features : matrix ? spec.units ** 2 : spec.units;
    const shown = matrix ? Math.min(spec.units, SIDE) ** 2 : Math.min(entries, ROWS + 1);
    const gates = rule.tying === "untied" ? tables.gates.length : 1;
    const open = Array.from({ length: gates }, () => Array.from({ length: shown }, () => null));
    const source = sourceOf(tables, spec, rule.site, gates);
    return {
      rule,
      lives: rule.life === "step" ? steps : 1,
      gates,
      entries,
      factor: null,
      says: sentences[at],
      source,
      kept: () => open,
    };
  });
  const built = build(tables, known, steps);
  const lines = ["what these settings will do: nothing has been trained, and no mask drawn yet", built.drawnAnew];
  const alt = `A plan, before anything is trained. ${sentences.join(" ")}`;
  return {
    ...built.scene,
    title: layerCall(tables, spec),
    lines,
    alt,
    planned: true,
    legend: legend(tables, known, OPEN, ""),
  };
}

/**
 * Steps to draw: all of a few, else the first three and the last.
 *
 * @param {number} steps
 */
export function stepsDrawn(steps) {
  const all = Array.from({ length: Math.min(steps, COLUMNS) }, (_, at) => at);
  return steps <= COLUMNS ? all : [...all.slice(0, -1), steps - 1];
}

/**
 * Entries of a mask that a scene has: of a matrix its first rows and columns.
 *
 * @param {Tables} tables
 * @param {string} site
 * @param {Uint8Array} row
 */
function listed(tables, site, row) {
  if (!tables.sites[site].matrix) return Array.from(row.subarray(0, LISTED));
  const side = Math.sqrt(row.length);
  const few = Math.min(side, SIDE);
  return Array.from({ length: few * few }, (_, at) => row[Math.floor(at / few) * side + (at % few)]);
}

/**
 * @param {Tables} tables
 * @param {{method: string}} spec
 * @param {string} site
 * @param {number} gates
 */
function sourceOf({ kerasLines }, { method }, site, gates) {
  return (method === "keras" && kerasLines[site]?.[gates === 1 ? "tied" : "untied"]) || "";
}

/**
 * Arrows and masks, and how often these are new.
 *
 * @param {Tables} tables
 * @param {Known[]} known
 * @param {number} steps
 */
function build(tables, known, steps) {
  const columns = stepsDrawn(steps);
  /** @type {Map<string, number>} */
  const places = new Map();
  /** @type {Mask[]} */
  const masks = [];
  const acting = known.filter(({ rule }) => rule.rate > 0);
  /** @param {string} arrow @param {number} step the step that it leads into */
  const on = (arrow, step) => {
    for (const each of acting) {
      const back = tables.sites[each.rule.site].arrows[arrow];
      if (back === undefined || step + back < 0 || step + back >= steps) continue;
      // Of two masks that are equal by luck each has its letter: how long they live is known.
      const its = Math.min(step + back, each.lives - 1);
      const key = `${each.rule.site} ${its}`;
      if (!places.has(key)) places.set(key, masks.push(maskFrom(tables, each, its, masks)) - 1);
      return places.get(key) ?? null;
    }
    return null;
  };
  const arrows = [...columns, columns[columns.length - 1] + 1].flatMap((step, column) =>
    ARROWS.flatMap((arrow) => arrowInto(arrow, column, step, columns.length, on)),
  );
  return {
    drawnAnew: drawnAnew(tables, known, steps),
    scene: {
      ...{ kind: /** @type {const} */ ("unrolled"), cell: "LSTM", time_steps: steps },
      ...{ columns, doubtful: false, one_step: "", masks, arrows },
    },
  };
}

/**
 * How often each site's masks are new; equal sites are named together.
 *
 * @param {Tables} tables
 * @param {Known[]} known
 * @param {number} steps
 */
function drawnAnew({ sites }, known, steps) {
  /** @type {Map<string, string[]>} */
  const nouns = new Map();
  for (const { rule, lives } of known) {
    const said = often(rule.rate ? lives : 0, steps);
    nouns.set(said, [...(nouns.get(said) ?? []), sites[rule.site].noun || rule.site]);
  }
  return Array.from(nouns, ([said, those]) => filled(said, { "": those.join(" and ") })).join("; ");
}

/**
 * @param {number} different
 * @param {number} steps
 */
function often(different, steps) {
  if (!different) return "no {} masks";
  if (steps === 1) return "{} masks at 1 step";
  return different === 1 ? `{} masks the same at all ${steps} steps` : `{} masks new at each of ${steps} steps`;
}

/**
 * None leads from h_0 into the first step, it is zero; of those that leave the last step only what
 * it made of c and h is drawn, where a mask is on it.
 *
 * @param {typeof ARROWS[number]} arrow
 * @param {number} column
 * @param {number} step
 * @param {number} count of columns
 * @param {(arrow: string, step: number) => number | null} on
 * @returns {Arrow[]}
 */
function arrowInto(arrow, column, step, count, on) {
  const through = arrow === "h" || arrow === "c";
  if (through ? column === 0 : column === count) return [];
  const mask = on(arrow, step);
  const bare = through ? column < count : arrow !== "g";
  if (mask === null && !bare) return [];
  const value = `${arrow === "up" ? "h" : arrow}_${through ? step : step + 1}`;
  return [{ arrow, column, step, value, mask, before: null, after: null }];
}

/**
 * Puts on arrows what they carried before their mask, and what was left of it after, as
 * dropviz/figures/arrow_numbers.py does.
 *
 * @param {Tables} tables
 * @param {{arrows: Arrow[], masks: Mask[], time_steps: number}} scene
 * @param {NonNullable<Snapshot["inside"]>} inside
 */
function putNumbers({ sites }, { arrows, masks, time_steps }, { trace, x }) {
  const carried = { x, h: trace.h, c: trace.c, g: trace.g, up: trace.h };
  for (const arrow of arrows) {
    const mask = arrow.mask === null ? null : masks[arrow.mask];
    // There the masked value replaces the one before, or weights are masked and no value.
    if (mask && (sites[mask.site].zoned || sites[mask.site].matrix || mask.site === "cell")) continue;
    const made = arrow.step - Number(arrow.arrow === "h" || arrow.arrow === "c");
    if (made < 0) continue; // what the layer was called with
    const values = carried[/** @type {keyof typeof carried} */ (arrow.arrow)];
    const width = values.length / time_steps;
    const before = Array.from(values.subarray(made * width, made * width + Math.min(width, LISTED)));
    arrow.before = before;
    const factor = mask?.factor ?? 1;
    if (mask) arrow.after = mask.kept.map((row) => before.map((value, unit) => value * (row[unit] ?? 0) * factor));
  }
}

/**
 * @param {Tables} tables
 * @param {Known} known
 * @param {number} step
 * @param {Mask[]} before the masks that have their letters
 * @returns {Mask}
 */
function maskFrom(tables, { rule, entries, factor, says, source, kept }, step, before) {
  const { gated, matrix } = tables.sites[rule.site];
  const number = before.length;
  const shade = before.filter((each) => each.site === rule.site).length;
  return {
    letter: String.fromCharCode(65 + (number % LETTERS)) + (number < LETTERS ? "" : Math.floor(number / LETTERS)),
    site: rule.site,
    colour: colourOf(tables, rule.argument, shade),
    label: rule.argument,
    gates: gated ? tables.gates.map(({ letter }) => letter) : [],
    kept: kept(step),
    units: entries,
    ...{ matrix, factor, says, source },
  };
}

/**
 * @param {Tables} tables
 * @param {Known[]} known
 * @param {Sign[]} squares
 * @param {string} recorded "recorded " where the masks are
 * @returns {Sign[]}
 */
function legend(tables, known, squares, recorded) {
  const acting = known.filter(({ rule }) => rule.rate > 0);
  const sites = acting.map(({ rule }) => tables.sites[rule.site]);
  const long = acting.some(({ rule, entries }) => entries > ROWS && !tables.sites[rule.site].matrix);
  const untied = acting.some(({ rule, gates }) => gates > 1 && !tables.sites[rule.site].matrix);
  const words = [
    `in a mask: ${untied ? "a column for each gate, " : ""}a row for each unit`,
    long ? ` (the first ${ROWS})` : "",
    sites.some(({ matrix }) => matrix)
      ? `; in that of $U$: a block for each gate, ${SIDE} x ${SIDE} of its weights`
      : "",
    sites.some(({ zoned }) => zoned) ? "; with zoneout a dropped unit keeps its old value" : "",
  ];
  return [
    { sign: "letter", says: `same letter = same ${recorded}mask` },
    ...squares,
    { sign: "bare", says: "no mask here" },
    { sign: "", says: words.join("") },
  ];
}

/**
 * The picture in words.
 *
 * @param {Tables} tables
 * @param {Known[]} known
 * @param {{columns: number[], arrows: Arrow[], masks: Mask[]}} scene
 */
function told(tables, known, { columns, arrows, masks }) {
  const names = tables.words.arrows;
  const lines = known.flatMap(({ rule, says }) => {
    const site = tables.sites[rule.site];
    const carried = ARROWS.filter((arrow) => arrow in site.arrows).map((arrow) => {
      const letters = arrows.flatMap((each) => {
        const mask = each.arrow === arrow && each.mask !== null ? masks[each.mask] : null;
        return mask?.site === rule.site ? [mask.letter] : [];
      });
      return `${names[arrow]} ${letters.length ? `carry the masks ${letters.join(", ")}` : "carry no mask"}`;
    });
    return [`${carried.join("; ")}; ${says}`, ...(site.note ? [site.note] : [])];
  });
  const bare = ["x", "h", "up", "c"].filter((arrow) =>
    known.every(({ rule }) => !(arrow in tables.sites[rule.site].arrows)),
  );
  const drawn = `${counted(columns.length, "time step")} drawn (${columns.map((step) => step + 1).join(", ")})`;
  return [
    `LSTM layer lstm unrolled, ${drawn}.`,
    ...lines,
    ...bare.map((arrow) => `${names[arrow]} carry no mask.`),
  ].join(" ");
}
