// A whole setting as one short string, as in Python: lstm:u16:d.2:r.5:m=keras:task=digits:s7.

import { entryOf } from "./methods.js";

/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./training.js").Spec & {epochs: number}} PageSpec */

/** @typedef {{spec: PageSpec, quiz: boolean}} Scenario */

// As Python reads numbers (dropviz/core/number_forms.py).
const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const WHOLE = /^[-+]?\d{1,15}$/;
const SHOWN = 60; // letters of what came that are shown

/** Why a scenario is refused, in one sentence. */
export class ScenarioError extends Error {}

/**
 * @param {string} text
 * @param {Tables} tables
 * @returns {Scenario}
 */
export function parse(text, tables) {
  const [head, ...parts] = text.trim().split(":");
  if (head !== tables.scenario.head) throw refused(text, "does not begin with lstm");
  /** @type {Record<string, string | number>} */
  const values = {};
  let quiz = false;
  for (const part of parts) {
    const name = part === tables.scenario.quiz ? part : read(part, tables, values);
    if (name === tables.scenario.quiz) {
      if (quiz) throw refused(part, "is there twice");
      quiz = true;
    }
  }
  const spec = /** @type {PageSpec} */ ({ ...tables.defaults, ...values });
  checkFields(spec, tables);
  checkActing(spec, tables);
  return { spec, quiz };
}

/**
 * Reads one part, "d.2" or "m=moon".
 *
 * @param {string} part
 * @param {Tables} tables
 * @param {Record<string, string | number>} values what was read so far
 * @returns {string} what it gives
 */
function read(part, tables, values) {
  const { names, numbers } = tables.scenario;
  const [key, ...rest] = part.split("=");
  if (part.startsWith("@")) throw refused(part, "changes rates on the way, which this page does not do");
  let name = "";
  /** @type {string | number} */
  let value = rest.join("=");
  if (rest.length && Object.hasOwn(names, key) && value) {
    name = names[key];
  } else {
    const found = Object.keys(numbers)
      .sort((one, other) => other.length - one.length)
      .find((each) => part.startsWith(each) && /^[-+]?[\d.]/.test(part.slice(each.length)));
    if (!found) throw refused(part, "is not understood");
    const written = part.slice(found.length);
    const { whole } = numbers[found];
    if (!(whole ? WHOLE : DECIMAL).test(written)) throw refused(part, `is not a ${whole ? "whole " : ""}number`);
    name = numbers[found].name;
    value = Number(written);
  }
  if (name in values) throw refused(part, `gives ${name} twice`);
  values[name] = value;
  return name;
}

/**
 * Refuses what a field may not hold, even where it has nothing to act on.
 *
 * @param {PageSpec} spec
 * @param {Tables} tables
 */
export function checkFields(spec, tables) {
  if (!Object.hasOwn(tables.methods, spec.method)) throw refused(spec.method, "is not a method");
  if (!Object.hasOwn(tables.tasks, spec.task)) throw refused(spec.task, "is not a task of this page");
  checkWhole("units", spec.units, 1, tables.limits.units);
  checkWhole("epochs", spec.epochs, 1, tables.limits.epochs);
  checkWhole("seed", spec.seed, 0, tables.limits.seed);
  for (const name of /** @type {(keyof PageSpec)[]} */ (tables.rates)) checkRate(name, spec[name]);
  for (const option of Object.values(tables.options)) {
    const name = /** @type {keyof PageSpec & keyof import("./methods.js").Setting} */ (option.name);
    const value = spec[name];
    if (value === null) continue;
    if (!tables.methods[spec.method].options.includes(name)) throw refused(name, `is no option of ${spec.method}`);
    if (!option.choices.length) checkRate(name, value);
    else if (!option.choices.includes(String(value))) throw refused(String(value), `is no ${name}`);
  }
}

/**
 * @param {PageSpec} spec
 * @param {Tables} tables
 */
function checkActing(spec, tables) {
  const { refused: why } = entryOf(tables.methods, tables.options, spec);
  if (why) throw new ScenarioError(why.replace("{recurrent_dropout}", String(spec.recurrent_dropout)));
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} low
 * @param {number} high
 */
function checkWhole(name, value, low, high) {
  if (!(typeof value === "number" && Number.isInteger(value) && value >= low && value <= high)) {
    throw refusedValue(value, `is no ${name} that this page has: ${low} to ${high}`);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkRate(name, value) {
  if (!(typeof value === "number" && value >= 0 && value < 1)) {
    throw refusedValue(value, `is no ${name}: at least 0 and below 1`);
  }
}

/**
 * @param {string} came
 * @param {string} why
 */
function refused(came, why) {
  return new ScenarioError(`${visible(came)} ${why}.`);
}

/**
 * @param {unknown} value
 * @param {string} why
 */
function refusedValue(value, why) {
  // A field of numbers does not tell what it could not read.
  return value === "" ? new ScenarioError(`What was typed ${why}.`) : refused(String(value), why);
}

/**
 * A text from outside in quotes, short, with nothing in it that cannot be seen.
 *
 * @param {string} text
 */
export function visible(text) {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)} ...` : text;
  const seen = short.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
  return `"${seen}"`;
}

/**
 * Writes a scenario, the parts in Python's order.
 *
 * @param {Scenario} scenario
 * @param {Tables} tables
 */
export function format({ spec, quiz }, tables) {
  const { head, order, names, numbers } = tables.scenario;
  const values = /** @type {Record<string, string | number | null>} */ (/** @type {unknown} */ (spec));
  const parts = order.flatMap((key) => {
    const value = values[key in numbers ? numbers[key].name : names[key]];
    if (value === null) return [];
    if (key in names) return [`${key}=${value}`];
    return [`${key}${numbers[key].whole ? value : rate(Number(value))}`];
  });
  return [head, ...parts, ...(quiz ? [tables.scenario.quiz] : [])].join(":");
}

/**
 * A rate as a person writes it: .2, not 0.2.
 *
 * @param {number} value
 */
export function rate(value) {
  return String(value).replace(/^0(?=\.)/, "");
}
