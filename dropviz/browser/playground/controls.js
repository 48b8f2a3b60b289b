// The controls of a setting: two sliders, method and its options, task, units and seed.

import { element as html, rateText } from "../lab/element.js";
import { MOST, moveByKeys, stopOf } from "../lab/stops.js";

/** @typedef {import("./scenario.js").PageSpec} PageSpec */
/** @typedef {import("./tables.js").Tables} Tables */

const UNITS = [4, 8, 16, 24, 32, 48, 64];

/**
 * A number that cannot be read comes as its text.
 *
 * @typedef {(name: string, value: string | number | null) => void} OnChange
 */

/**
 * @typedef {object} Controls
 * @property {(spec: PageSpec, idle: Record<string, string>) => void} show a setting; idle says of an
 *   argument why it has nothing to act on
 * @property {(disabled: boolean) => void} disable
 * @property {(concealed: boolean) => void} conceal what tells the answer to a question
 */

/**
 * @param {HTMLElement} rates where the sliders go
 * @param {HTMLElement} method where the menu of methods goes
 * @param {HTMLElement} folded where the rest goes
 * @param {Tables} tables
 * @param {OnChange} onChange
 * @returns {Controls}
 */
export function createControls(rates, method, folded, tables, onChange) {
  const sliders = tables.rates.map((name) => slider(name, tables, onChange));
  rates.append(...sliders.map(({ row }) => row));
  const names = Object.fromEntries(Object.keys(tables.methods).map((name) => [name, name]));
  const methods = menu("method", names, (value) => onChange("method", value));
  const about = html("p", { class: "note" });
  method.append(methods.row, about);
  const tasks = menu(
    "task",
    Object.fromEntries(Object.entries(tables.tasks).map(([name, row]) => [name, `${name}: ${row.title}`])),
    (value) => onChange("task", value),
  );
  const units = menu(
    "units",
    Object.fromEntries(UNITS.map((each) => [String(each), String(each)])),
    (value) => onChange("units", Number(value)),
  );
  const seed = number("seed", 0, tables.limits.seed, 1, (value) => onChange("seed", value));
  const options = Object.values(tables.options).map((option) => optionOf(option, onChange));
  folded.append(...options.map(({ row }) => row), tasks.row, units.row, seed.row);
  return {
    conceal: (concealed) => (about.hidden = concealed),
    show: (spec, idle) => {
      const values = /** @type {Record<string, number | string | null>} */ (/** @type {unknown} */ (spec));
      for (const each of sliders) each.show(Number(values[each.name]), idle[each.name] ?? "");
      methods.show(spec.method);
      about.textContent = `${tables.methods[spec.method].summary} (${tables.methods[spec.method].paper})`;
      tasks.show(spec.task);
      units.show(String(spec.units));
      seed.show(spec.seed);
      for (const each of options) {
        each.row.hidden = !tables.methods[spec.method].options.some((name) => name === each.name);
        each.show(values[each.name]);
      }
    },
    disable: (disabled) => {
      for (const root of [rates, method, folded]) {
        for (const each of root.querySelectorAll("input, select")) {
          /** @type {HTMLInputElement} */ (each).disabled = disabled;
        }
      }
    },
  };
}

/**
 * @param {string} name
 * @param {Tables} tables
 * @param {OnChange} onChange
 */
function slider(name, tables, onChange) {
  const label = html("label", { for: `slide-${name}`, class: "code", style: `--own: var(--${name})` }, name);
  const range = html("input", {
    type: "range",
    id: `slide-${name}`,
    min: 0,
    max: MOST,
    step: "any",
    style: `--own: var(--${name})`,
  });
  const typed = rateBox({ "aria-label": `${name}, typed` });
  const why = html("p", { class: "note", id: `why-${name}` });
  range.setAttribute("aria-describedby", `why-${name}`);
  // The rate itself, which may be one between two stops of the slider.
  let now = 0;
  range.addEventListener("input", () => onChange(name, stopOf(range)));
  moveByKeys(range, () => now, (value) => onChange(name, value));
  typed.addEventListener("change", () => onChange(name, read(typed.value)));
  const row = html("div", { class: "slider" }, label, range, typed, why);
  return {
    ...{ name, row },
    show: (/** @type {number} */ value, /** @type {string} */ idle) => {
      now = value;
      range.max = String(Math.max(MOST, value));
      range.value = String(value);
      range.setAttribute("aria-valuetext", rateText(value));
      if (document.activeElement !== typed || read(typed.value) !== value) typed.value = String(value);
      row.classList.toggle("idle", idle !== "");
      why.textContent = idle;
    },
  };
}

/**
 * @param {string} name
 * @param {Record<string, string>} choices
 * @param {(value: string) => void} onChange
 */
function menu(name, choices, onChange) {
  const options = Object.entries(choices).map(([value, said]) => html("option", { value }, said));
  const select = html("select", { id: `menu-${name}` }, ...options);
  select.addEventListener("change", () => onChange(select.value));
  const row = html("div", { class: "row" }, html("label", { for: `menu-${name}` }, name), select);
  const show = (/** @type {string} */ value) => {
    // A scenario may ask for what the menu has not, as 20 units.
    if (!(value in choices)) {
      choices[value] = value;
      select.append(html("option", { value }, value));
    }
    select.value = value;
  };
  return { row, show };
}

/**
 * @param {string} name
 * @param {number} low
 * @param {number} high
 * @param {number | "any"} step
 * @param {(value: number | string) => void} onChange
 */
function number(name, low, high, step, onChange) {
  const input = html("input", { type: "number", id: `number-${name}`, min: low, max: high, step });
  input.addEventListener("change", () => onChange(read(input.value)));
  const row = html("div", { class: "row" }, html("label", { for: `number-${name}` }, name), input);
  return { row, show: (/** @type {number} */ value) => (input.value = String(value)) };
}

/**
 * @param {import("./tables.js").OptionRow} option
 * @param {OnChange} onChange
 */
function optionOf({ name, choices }, onChange) {
  if (choices.length) {
    const own = { "": "as in its paper", ...Object.fromEntries(choices.map((each) => [each, each])) };
    const { row, show } = menu(name, own, (value) => onChange(name, value || null));
    return { name, row, show: (/** @type {unknown} */ value) => show(String(value ?? "")) };
  }
  const input = rateBox({ id: `number-${name}`, placeholder: "as recurrent_dropout" });
  input.addEventListener("change", () => onChange(name, input.value.trim() ? read(input.value) : null));
  const row = html("div", { class: "row" }, html("label", { for: `number-${name}`, class: "code" }, name), input);
  return { name, row, show: (/** @type {unknown} */ value) => (input.value = String(value ?? "")) };
}

/**
 * A box for a rate. One of type "number" would hide what it cannot read.
 *
 * @param {Record<string, string>} attributes
 */
function rateBox(attributes) {
  return html("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    ...attributes,
  });
}

/**
 * @param {string} typed with a point or a comma
 * @returns {number | string} the text itself where it is no number
 */
function read(typed) {
  const text = typed.trim();
  const value = Number(text.replace(",", "."));
  return text && Number.isFinite(value) ? value : text;
}
