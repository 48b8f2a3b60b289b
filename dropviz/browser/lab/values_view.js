/** What goes through a cell at one step: each gate and state, unit by unit. */

import { patch, tag } from "../scenes/tree.js";

/** @typedef {import("../scenes/tree.js").Tree} Tree */
/** @typedef {import("./model_types.js").Row} Row */

/**
 * Shows gates and states at a step, as bars with their numbers; what was scrolled stays so.
 *
 * @param {HTMLElement} place
 * @param {Row[]} rows
 * @param {number} step From 0.
 */
export function showValues(place, rows, step) {
  const units = rows[0]?.values[0]?.length ?? 0;
  const head = tag(
    "tr", {}, tag("th", { scope: "col" }, "unit"),
    Array.from({ length: units }, (_, unit) => tag("th", { scope: "col" }, String(unit + 1))),
  );
  const lines = rows.map((row) => {
    const now = row.values[Math.min(step, row.values.length - 1)] ?? [];
    return tag(
      "tr", { "data-value": row.name },
      tag("th", { scope: "row", title: row.says }, `${row.name} `, tag("span", {}, row.says)),
      now.map((value) => cell(row, value)),
    );
  });
  const table = tag("table", { class: "dropviz-lab-values" }, head, lines);
  patch(place, [tag("div", { class: "dropviz-lab-scroll" }, table)]);
}

/**
 * @param {Row} row
 * @param {number} value
 * @returns {Tree}
 */
function cell(row, value) {
  const share = (100 * (value - row.low)) / (row.high - row.low || 1);
  const zero = (100 * (0 - row.low)) / (row.high - row.low || 1);
  const [from, to] = [Math.min(share, zero), Math.max(share, zero)];
  return tag("td", { style: `--from:${from}%;--to:${to}%` }, value.toFixed(2));
}
