/** What goes through a cell at one step: each gate and state, unit by unit. */

import { element } from "./element.js";

/** @typedef {import("./model_types.js").Row} Row */

/**
 * Shows gates and states at a step, as bars with their numbers.
 *
 * @param {HTMLElement} place
 * @param {Row[]} rows
 * @param {number} step From 0.
 */
export function show_values(place, rows, step) {
  const units = rows[0]?.values[0]?.length ?? 0;
  const head = element(
    "tr", {}, element("th", { scope: "col" }, "unit"),
    ...Array.from({ length: units }, (_, unit) => element("th", { scope: "col" }, String(unit + 1))),
  );
  const lines = rows.map((row) => {
    const now = row.values[Math.min(step, row.values.length - 1)] ?? [];
    return element(
      "tr", { "data-value": row.name },
      element("th", { scope: "row", title: row.says }, `${row.name} `, element("span", {}, row.says)),
      ...now.map((value) => cell(row, value)),
    );
  });
  const table = element("table", { class: "dropviz-lab-values" }, head, ...lines);
  place.replaceChildren(element("div", { class: "dropviz-lab-scroll" }, table));
}

/**
 * @param {Row} row
 * @param {number} value
 * @returns {HTMLElement}
 */
function cell(row, value) {
  const share = (100 * (value - row.low)) / (row.high - row.low || 1);
  const zero = (100 * (0 - row.low)) / (row.high - row.low || 1);
  const made = element("td", {}, value.toFixed(2));
  const [from, to] = [Math.min(share, zero), Math.max(share, zero)];
  made.style.setProperty("--from", `${from}%`);
  made.style.setProperty("--to", `${to}%`);
  return made;
}
