// Paints the inside of one cell, with the edges marked that a mask multiplies.

import { colourOf, html, picture, svg } from "./svg.js";

/** @typedef {import("./scenes.js").CellScene} Scene */

const WIDTH = 440;
const HEIGHT = 330;
const GATES = /** @type {[string, number][]} */ ([["f", 110], ["i", 176], ["g", 242], ["o", 308]]);
const APART = 12; // from the middle of a gate to where x enters, and to where h does
const [C, H, X] = [64, 252, 284]; // heights of the lines
const [GATE_TOP, GATE_BOTTOM] = [166, 208];
const [SUM, UPDATE, OUT] = [{ x: 209, y: C }, { x: 209, y: 124 }, { x: 352, y: 150 }];
const [C_OVER, H_UNDER] = [22, 316]; // the ways round, of zoneout
const RADIUS = 12;

// Every edge by the name that the table of sites gives it, from its tail to its head.
/** @type {Record<string, [number, number][]>} */
const EDGES = {
  x: [[98, 326], [98, X], [308 - APART, X]],
  h: [[16, H], [308 + APART, H]],
  ...Object.fromEntries(GATES.map(([gate, at]) => [`x.${gate}`, [[at - APART, X], [at - APART, GATE_BOTTOM]]])),
  ...Object.fromEntries(GATES.map(([gate, at]) => [`h.${gate}`, [[at + APART, H], [at + APART, GATE_BOTTOM]]])),
  "c.old": [[16, C], [110 - RADIUS, C]],
  f: [[110, GATE_TOP], [110, C + RADIUS]],
  "c.kept": [[110 + RADIUS, C], [SUM.x - RADIUS, C]],
  i: [[176, GATE_TOP], [176, UPDATE.y], [UPDATE.x - RADIUS, UPDATE.y]],
  g: [[242, GATE_TOP], [242, UPDATE.y], [UPDATE.x + RADIUS, UPDATE.y]],
  update: [[UPDATE.x, UPDATE.y - RADIUS], [SUM.x, C + RADIUS]],
  c: [[SUM.x + RADIUS, C], [378, C]],
  "c.tanh": [[OUT.x, C], [OUT.x, 100]],
  "c.out": [[378, C], [436, C]],
  tanh: [[OUT.x, 124], [OUT.x, OUT.y - RADIUS]],
  o: [[308, GATE_TOP], [308, OUT.y], [OUT.x - RADIUS, OUT.y]],
  "h.new": [[OUT.x, OUT.y + RADIUS], [OUT.x, H], [378, H]],
  "h.out": [[378, H], [436, H]],
  "h.up": [[400, H], [400, 6]],
  "c.keep": [[44, C], [44, C_OVER], [378, C_OVER], [378, C - 6]],
  "h.keep": [[44, H], [44, H_UNDER], [378, H_UNDER], [378, H + 6]],
};
const HEADLESS = ["x", "h", "c", "h.new"];
const DETOURS = ["c.keep", "h.keep"];
/** @type {Record<string, [number, number]>} where on an edge a mask is marked */
const MARKED = { x: [98, 306], h: [30, H], g: [242, 146], c: [290, C], "h.up": [400, 120], "c.out": [378, C], "h.out": [378, H] };

/**
 * @param {HTMLElement} container
 * @param {Scene} scene
 */
export function paintCell(container, scene) {
  /** @type {Map<string, string>} */
  const inks = new Map();
  /** @type {SVGElement[]} */
  const marks = [];
  for (const site of scene.masked) {
    const colour = colourOf(scene.colours, site.argument);
    for (const edge of edgesOf(site)) inks.set(edge, colour);
    for (const [x, y] of placesOf(site)) {
      marks.push(svg("path", { d: `M${x} ${y - 9}L${x + 9} ${y}L${x} ${y + 9}L${x - 9} ${y}Z`, class: "mark", style: `fill:${colour}` }));
    }
  }
  const edges = Object.keys(EDGES)
    .filter((name) => !DETOURS.includes(name) || inks.has(name))
    .sort((one, other) => Number(inks.has(one)) - Number(inks.has(other)))
    .flatMap((name) => edge(name, inks.get(name)));
  const frame = svg("rect", { x: 36, y: 34, width: 354, height: 262, rx: 10, class: "cell" });
  const drawn = picture(WIDTH, HEIGHT, scene.alt, [frame, ...edges, ...nodes(), ...labels(), ...marks]);
  const items = scene.masked.map((site) => html("li", { style: `color:${colourOf(scene.colours, site.argument)}` }, site.said));
  const said = items.length ? items : [html("li", {}, "no mask")];
  container.replaceChildren(html("h3", {}, scene.title), html("p", { class: "caption" }, scene.paper), drawn, html("ul", { class: "said" }, ...said));
}

/** @param {Scene["masked"][number]} site */
function edgesOf({ line, edges }) {
  return line ? Object.keys(EDGES).filter((name) => name === line || name.startsWith(`${line}.`) && name.length === 3) : edges;
}

/** @param {Scene["masked"][number]} site */
function placesOf({ line, edges, gates }) {
  if (!line) return edges.filter((name) => name in MARKED).slice(0, 1).map((name) => MARKED[name]);
  if (gates === 1) return [MARKED[line]];
  return GATES.map(([, at]) => /** @type {[number, number]} */ ([at + (line === "x" ? -APART : APART), line === "x" ? 234 : 228]));
}

/**
 * @param {string} name
 * @param {string | undefined} ink
 */
function edge(name, ink) {
  const points = EDGES[name];
  const [x, y] = points[points.length - 1];
  const [fromX, fromY] = points[points.length - 2];
  const size = ink ? 9 : 7;
  const [dx, dy] = [Math.sign(x - fromX), Math.sign(y - fromY)];
  const [bx, by] = [x - dx * size, y - dy * size];
  const [wx, wy] = [(dy * size) / 2, (dx * size) / 2];
  const headless = HEADLESS.includes(name);
  const path = headless ? points : [...points.slice(0, -1), [bx, by]];
  const style = ink ? `stroke:${ink}` : "";
  const line = svg("polyline", { points: path.map((each) => each.join(",")).join(" "), class: ink ? "edge thick" : "edge", style });
  if (headless) return [line];
  const head = `${x},${y} ${bx - wx},${by + wy} ${bx + wx},${by - wy}`;
  return [line, svg("polygon", { points: head, class: "tip", style: ink ? `fill:${ink}` : "" })];
}

function nodes() {
  const gates = GATES.flatMap(([gate, x]) => [
    svg("rect", { x: x - 26, y: GATE_TOP, width: 52, height: GATE_BOTTOM - GATE_TOP, rx: 5, class: "node" }),
    svg("text", { x, y: GATE_TOP + 18, "text-anchor": "middle", class: "symbol" }, gate),
    svg("text", { x, y: GATE_TOP + 35, "text-anchor": "middle", class: "small" }, gate === "g" ? "tanh" : "σ"),
  ]);
  const signs = /** @type {[number, number, string][]} */ ([[110, C, "×"], [UPDATE.x, UPDATE.y, "×"], [OUT.x, OUT.y, "×"], [SUM.x, SUM.y, "+"]]);
  const circles = signs.flatMap(([x, y, sign]) => [
    svg("circle", { cx: x, cy: y, r: RADIUS, class: "node" }),
    svg("text", { x, y: y + 5.5, "text-anchor": "middle" }, sign),
  ]);
  const tanh = [
    svg("rect", { x: OUT.x - 26, y: 100, width: 52, height: 24, rx: 5, class: "node" }),
    svg("text", { x: OUT.x, y: 117, "text-anchor": "middle", class: "small" }, "tanh"),
  ];
  return [...gates, ...circles, ...tanh];
}

function labels() {
  const each = /** @type {[number, number, string, string][]} */ ([[4, C - 10, "c", "t-1"], [4, H - 10, "h", "t-1"], [410, C - 10, "c", "t"], [410, H - 10, "h", "t"], [408, 18, "h", "t"], [108, 326, "x", "t"]]);
  return each.map(([x, y, name, below]) =>
    svg("text", { x, y, class: "symbol" }, svg("tspan", {}, name), svg("tspan", { dy: 4, class: "small" }, below)),
  );
}
