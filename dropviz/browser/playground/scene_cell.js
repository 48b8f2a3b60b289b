// The scene of the inside of one cell, as dropviz/figures/cell_scene.py makes it.

import { colourOf } from "./scenes.js";
import { general, rateInWords } from "./words.js";

/** @typedef {import("../scenes/scene_types.js").Cell} Cell */
/** @typedef {import("../scenes/scene_types.js").CellRule} CellRule */
/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./tables.js").Tables} Tables */

/**
 * @param {Tables} tables
 * @param {import("./training.js").Spec} spec
 * @param {Rule[]} rules
 * @returns {Cell}
 */
export function cellScene(tables, spec, rules) {
  const { title, paper, summary, equation } = tables.methods[spec.method];
  const shown = rules.map((rule) => ruleOf(tables, rule));
  const round = [
    ...new Set(shown.flatMap(({ edges }) => edges.filter((name) => tables.cell.drawing.edges[name].says))),
  ];
  const found = tables.cell.outlines.find(
    ({ ways }) => ways.length === round.length && ways.every((way) => round.includes(way)),
  );
  const outline = found?.outline ?? tables.cell.outlines[0].outline;
  const panel = { title, paper, summary, equation, measured: false, outline, rules: shown };
  const marked = rules.filter((rule) => rule.rate > 0).map((rule) => `Marked: ${told(tables, rule)}.`);
  const said = marked.length ? marked : ["No edge is marked."];
  return {
    ...{ kind: "cell", title: "", panels: [panel], ...tables.cell.drawing },
    alt: ["The inside of one LSTM cell, 1 panel.", `${title} (${paper}): ${summary}.`, ...said].join(" "),
    legend: [{ sign: "mark", says: legend(shown) }],
  };
}

/**
 * @param {Tables} tables
 * @param {Rule} rule
 * @returns {CellRule}
 */
function ruleOf(tables, rule) {
  const { inside, matrix, symbol } = tables.sites[rule.site];
  const heading = `${rule.argument}=${rateInWords(rule.rate)}`;
  const own = { heading, site: rule.site, colour: colourOf(tables, rule.own ?? rule.argument) };
  if (!rule.rate) return { ...own, says: `${inside}: no mask`, masked: false, edges: [], marks: [], symbol: "" };
  const { edges, marks } = tables.cell.masking[rule.site][rule.tying];
  return {
    ...own,
    says: `${inside}: ${words(tables, rule)}`,
    masked: true,
    edges,
    marks,
    symbol: matrix ? symbol : "",
  };
}

/**
 * Life, tying and scaling of the masks, in plain words, and at the end a number where there is one.
 *
 * @param {Tables} tables
 * @param {Rule} rule
 */
function words({ cell }, rule) {
  const said = cell.masking[rule.site][rule.tying].says[`${rule.life} ${rule.scaling} ${rule.by_sample}`];
  const { scaling, rate } = rule;
  if (scaling !== "inverted" && scaling !== "test-time") return said;
  return `${said} = ${general(scaling === "inverted" ? 1 / (1 - rate) : 1 - rate, 3)}`;
}

/**
 * @param {Tables} tables
 * @param {Rule} rule
 */
function told(tables, rule) {
  const where = tables.sites[rule.site].inside.replace("{t-1}", "(t-1)").replaceAll("$", "");
  return `${rule.site} (${rule.argument}=${rateInWords(rule.rate)}), ${where}: ${words(tables, rule)}`;
}

/** @param {CellRule[]} rules */
function legend(rules) {
  const four = rules.some(({ marks }) => marks.length > 1) ? ["four marks: one for each gate"] : [];
  const edges = "a mask multiplies here; thick edge: what it lets through; thin edge: no mask";
  return [edges, ...four, "p: drop rate"].join("; ");
}
