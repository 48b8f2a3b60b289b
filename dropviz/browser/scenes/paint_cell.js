/** The inside of one cell, with the edges marked that a method masks. */

import { inHtml, inSvg } from "./mathematics.js";
import { keep } from "./picture.js";
import { colourOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Cell} Cell */
/** @typedef {import("./scene_types.js").CellEdge} CellEdge */
/** @typedef {import("./scene_types.js").CellNode} CellNode */
/** @typedef {import("./scene_types.js").CellPanel} CellPanel */
/** @typedef {import("./scene_types.js").CellRule} CellRule */
/** @typedef {import("./scene_types.js").Point} Point */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */

const WIDEST = 420; // CSS pixels of a panel, times the scale
const LETTER = 16; // in units of the drawing
const OUTSIDE = 14; // beside the cell, where there is little room
const SMALL = 12;
const INK = "var(--dropviz-ink)";

/**
 * Paints the inside of a cell.
 *
 * @param {HTMLElement} container
 * @param {Cell} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Cell>} */
const PAINTER = {
  hint: { what: "a mark", where: "what it masks is told here." },
  lines: 2,
  heat: false,
  words: ({ title, legend }) => ({ title, lines: [], legend }),
  places: (scene) =>
    scene.panels.flatMap((panel, number) =>
      panel.rules.flatMap((rule, row) =>
        rule.masked ? [{ key: `${number}:${row}`, row, column: number }] : [])),
  stage: (scene, view) => {
    const across = view.narrow ? 1 : Math.min(scene.panels.length, 3);
    const width = Math.min((view.width * view.scale) / across - 24, WIDEST * view.scale);
    const style = `grid-template-columns:repeat(${across},${Math.floor(width)}px)`;
    const panels = scene.panels.map((panel, number) => drawn(scene, panel, number, view));
    return [tag("div", { class: "dropviz-cells", style }, panels)];
  },
  card,
  detail: (scene, key) => ({ arrow: ruleOf(scene, key)?.site ?? "", column: Number(key.split(":")[0]), mask: null }),
};

/**
 * @param {Cell} scene
 * @param {string} key
 * @returns {CellRule | undefined}
 */
function ruleOf(scene, key) {
  const [panel, rule] = key.split(":").map(Number);
  return scene.panels[panel ?? -1]?.rules[rule ?? -1];
}

/**
 * @param {Cell} scene
 * @param {CellPanel} panel
 * @param {number} number
 * @param {View} view
 * @returns {Child}
 */
function drawn(scene, panel, number, view) {
  return tag(
    "div",
    { "data-panel": panel.title },
    tag("div", { class: "dropviz-title" },
      panel.measured ? tag("span", { class: "dropviz-tag" }, "measured here") : null, panel.title),
    tag("div", { class: "dropviz-muted" }, tag("div", {}, panel.paper), tag("div", {}, panel.summary)),
    figure(scene, panel, number, view),
    tag("div", { style: "margin:.3em 0;font-size:1.1em" }, inHtml(panel.equation)),
    tag("div", {}, panel.rules.map((rule) => words(rule, view))),
  );
}

/**
 * @param {CellRule} rule
 * @param {View} view
 * @returns {Child}
 */
function words(rule, view) {
  const colour = rule.masked ? colourOf(rule.colour, view.palette) : "var(--dropviz-muted)";
  return tag(
    "div",
    { style: "margin-top:.3em" },
    tag("div", { class: "dropviz-code", style: `color:${colour};font-weight:700`, "data-heading": rule.site,
      "data-argument": rule.colour.argument, "data-shade": rule.colour.shade }, rule.heading),
    tag("div", { class: "dropviz-muted" }, inHtml(rule.says)),
  );
}

/**
 * @param {Cell} scene
 * @param {CellPanel} panel
 * @param {number} number
 * @param {View} view
 * @returns {Child}
 */
function figure(scene, panel, number, view) {
  const [width, height] = scene.size;
  /** @type {Map<string, CellRule>} */
  const masking = new Map();
  for (const rule of panel.rules) {
    for (const edge of rule.edges) {
      masking.set(edge, rule);
    }
  }
  const ink = (/** @type {string} */ name) => {
    const rule = masking.get(name);
    return rule ? colourOf(rule.colour, view.palette) : null;
  };
  const there = Object.entries(scene.edges).filter(([name, edge]) => !edge.says || masking.has(name));
  const plain = there.filter(([name]) => !masking.has(name));
  const masked = there.filter(([name]) => masking.has(name));
  const [left, bottom, wide, high] = panel.outline;
  const up = (/** @type {number} */ y) => height - y;
  return tag(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, style: "width:100%;height:auto;margin:.5em 0" },
    tag("rect", { x: left, y: up(bottom + high), width: wide, height: high, rx: 9, "stroke-width": 1.2,
      style: "fill:var(--dropviz-paper);stroke:var(--dropviz-faint)" }),
    [...plain, ...masked].map(([name, edge]) => line(edge, ink(name), maskedBy(name, masking.get(name)), up)),
    scene.dots.map((dot) => tag("circle", { cx: dot.at[0], cy: up(dot.at[1]), r: ink(dot.line) ? 3.6 : 2.6,
      style: `fill:${ink(dot.line) ?? INK}` })),
    scene.nodes.map((each) => node(each, up)),
    panel.rules.map((rule, row) => (rule.masked ? site(scene, rule, `${number}:${row}`, view, up) : null))
      .filter((each) => each !== null),
  );
}

/**
 * @param {string} name
 * @param {CellRule | undefined} rule
 * @returns {import("./tree.js").Attributes}
 */
function maskedBy(name, rule) {
  const colour = rule?.colour;
  return { "data-edge": name, "data-argument": colour?.argument, "data-shade": colour?.shade };
}

/**
 * @param {CellEdge} edge
 * @param {string | null} ink
 * @param {import("./tree.js").Attributes} named
 * @param {(y: number) => number} up
 * @returns {Child}
 */
function line(edge, ink, named, up) {
  const points = edge.points.map(([x, y]) => /** @type {Point} */ ([x, up(y)]));
  const tail = points.at(-2) ?? [0, 0];
  const end = points.at(-1) ?? [0, 0];
  const [far, wide] = ink ? [9, 5] : [7, 3.4];
  const [along, down] = [Math.sign(end[0] - tail[0]), Math.sign(end[1] - tail[1])];
  const [x, y] = [end[0] - along * far, end[1] - down * far];
  const tip = `M${end.join(" ")}L${x + down * wide} ${y + along * wide}L${x - down * wide} ${y - along * wide}Z`;
  if (edge.head) {
    points[points.length - 1] = [end[0] - along * (far - 1), end[1] - down * (far - 1)];
  }
  const colour = ink ?? INK;
  return tag(
    "g",
    named,
    tag("path", { d: `M${points.map((each) => each.join(" ")).join("L")}`, "stroke-width": ink ? 3.6 : 1.3,
      "stroke-linecap": ink && !edge.head ? "square" : null, style: `fill:none;stroke:${colour}` }),
    edge.head ? tag("path", { d: tip, style: `fill:${colour}` }) : null,
  );
}

/**
 * @param {CellNode} each
 * @param {(y: number) => number} up
 * @returns {Child}
 */
function node({ shape, at, size, texts }, up) {
  const [x, y] = [at[0], up(at[1])];
  const [wide, high] = size;
  const [first = "", second = ""] = texts;
  if (shape === "words") {
    return tag("text", { x, y, "font-size": OUTSIDE }, inSvg(first, OUTSIDE, SMALL));
  }
  const style = "fill:var(--dropviz-ground);stroke:var(--dropviz-ink)";
  const ground = shape === "disc"
    ? tag("circle", { cx: x, cy: y, r: wide / 2, "stroke-width": 1.3, style })
    : tag("rect", { x: x - wide / 2, y: y - high / 2, width: wide, height: high, rx: 4, "stroke-width": 1.3, style });
  const middle = { x, "text-anchor": "middle" };
  const inside = shape === "gate"
    ? [
        tag("text", { ...middle, y: y - 3, "font-size": LETTER }, inSvg(first, LETTER, SMALL)),
        tag("text", { ...middle, y: y + 13, "font-size": SMALL }, inSvg(second, SMALL, SMALL)),
      ]
    : [tag("text", { ...middle, y: y + 4.5, "font-size": shape === "disc" ? 14 : SMALL }, first)];
  return tag("g", {}, ground, inside);
}

/**
 * The marks of one site.
 *
 * @param {Cell} scene
 * @param {CellRule} rule
 * @param {string} key
 * @param {View} view
 * @param {(y: number) => number} up
 * @returns {Child}
 */
function site(scene, rule, key, view, up) {
  const colour = colourOf(rule.colour, view.palette);
  const xs = rule.marks.map((each) => each[0]);
  const ys = rule.marks.map((each) => up(each[1]));
  const box = { x: Math.min(...xs) - 14, y: Math.min(...ys) - 14 };
  return tag(
    "g",
    view.item(key, `${rule.heading} masks ${rule.site}`, {
      "data-site": rule.site, "data-argument": rule.colour.argument, "data-shade": rule.colour.shade,
    }),
    tag("rect", { class: "dropviz-halo", ...box, width: Math.max(...xs) - box.x + 14,
      height: Math.max(...ys) - box.y + 14 }),
    rule.marks.map((at) => tag("path", { d: `M${at[0]} ${up(at[1]) - 8}l8 8l-8 8l-8 -8Z`, "data-mark": "",
      "stroke-width": 1.2, style: `fill:${colour};stroke:var(--dropviz-ground)` })),
    rule.symbol
      ? rule.marks.map((at) => tag("text", { x: at[0] + 9, y: up(at[1]) + 5, "font-size": SMALL,
          style: `fill:${colour}` }, inSvg(rule.symbol, SMALL, SMALL)))
      : null,
    rule.edges.flatMap((name) => {
      const edge = scene.edges[name];
      return edge?.says
        ? [tag("text", { x: edge.at[0], y: up(edge.at[1]) + 4, "font-size": SMALL, style: `fill:${colour}` },
            inSvg(edge.says, SMALL, SMALL))]
        : [];
    }),
  );
}

/**
 * @param {Cell} scene
 * @param {string} key
 * @param {import("./picture.js").Spot | null} _
 * @param {View} view
 * @returns {Child[]}
 */
function card(scene, key, _, view) {
  const rule = ruleOf(scene, key);
  const panel = scene.panels[Number(key.split(":")[0])];
  return rule && panel ? [tag("p", {}, tag("strong", {}, panel.title)), words(rule, view)] : [];
}
