// Paints the losses by epoch; the axis grows with the run.

import { html, isDark, mixed, picture, svg } from "./svg.js";

/** @typedef {import("./scenes.js").CurvesScene} Scene */

const HEIGHT = 380;
const TOP = 16;
const BOTTOM = 48;
const LEFT = 52;
const LABEL = 22; // a label's height
const LIGHTER = 0.45;

/**
 * @param {HTMLElement} container
 * @param {Scene} scene
 */
export function paintCurves(container, scene) {
  const width = Math.max(300, container.clientWidth);
  const beside = width >= 640;
  const right = width - (beside ? 260 : 14);
  const top = Math.max(0.1, ...scene.lines.flatMap(({ points }) => points.map(([, loss]) => loss).filter(Number.isFinite))) * 1.06;
  const x = (/** @type {number} */ epoch) => LEFT + (epoch / scene.epochs) * (right - LEFT);
  const y = (/** @type {number} */ loss) => HEIGHT - BOTTOM - (loss / top) * (HEIGHT - BOTTOM - TOP);
  const parts = frame(scene, x, y, top, right);
  for (const line of scene.lines) {
    const path = line.points.filter(([, loss]) => Number.isFinite(loss)).map(([epoch, loss]) => `${x(epoch).toFixed(1)},${y(loss).toFixed(1)}`);
    const style = `stroke:${inkOf(line.colour)};stroke-width:${line.width};${dashed(line)}`;
    parts.push(svg("polyline", { points: path.join(" "), class: "curve", style }));
    const [last] = path.slice(-1);
    if (last) {
      const [cx, cy] = last.split(",");
      parts.push(svg("circle", { cx, cy, r: 3.5, style: `fill:${inkOf(line.colour)}` }));
    }
  }
  const labels = scene.lines.map((line) => ({ line, value: line.points[line.points.length - 1][1] }));
  if (beside) parts.push(...labelled(labels, y, right + 14));
  const list = beside ? [] : [legend(labels)];
  container.replaceChildren(picture(width, HEIGHT, scene.alt, parts), ...list, html("p", { class: "caption" }, scene.caption));
}

/** @param {string} colour */
function inkOf(colour) {
  // Ink and grey are dark: on a dark page they would not be seen.
  return isDark() ? mixed(colour, 255, colour.startsWith("#1") ? 0.85 : LIGHTER) : colour;
}

/** @param {{dashes: number[], width: number}} line */
function dashed({ dashes, width }) {
  return dashes.length ? `stroke-dasharray:${dashes.map((each) => each * width).join(" ")}` : "";
}

/**
 * @param {Scene} scene
 * @param {(epoch: number) => number} x
 * @param {(loss: number) => number} y
 * @param {number} top
 * @param {number} right
 */
function frame(scene, x, y, top, right) {
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 100].find((each) => top / each <= 6) ?? top;
  const parts = [];
  for (let loss = 0; loss <= top; loss += step) {
    parts.push(svg("line", { x1: LEFT, x2: right, y1: y(loss), y2: y(loss), class: "grid" }));
    parts.push(svg("text", { x: LEFT - 8, y: y(loss) + 5, "text-anchor": "end", class: "tick" }, String(Number(loss.toFixed(2)))));
  }
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((each) => scene.epochs / each <= 8) ?? scene.epochs;
  for (let epoch = 0; epoch <= scene.epochs; epoch += every) {
    parts.push(svg("text", { x: x(epoch), y: HEIGHT - BOTTOM + 20, "text-anchor": "middle", class: "tick" }, String(epoch)));
  }
  parts.push(svg("text", { x: (LEFT + right) / 2, y: HEIGHT - 6, "text-anchor": "middle", class: "tick" }, "epoch"));
  parts.push(svg("text", { x: 4, y: 14, class: "tick" }, "loss"));
  return parts;
}

/**
 * Each line's name at its end, pushed apart where lines end close together.
 *
 * @param {{line: Scene["lines"][number], value: number}[]} labels
 * @param {(loss: number) => number} y
 * @param {number} x
 */
function labelled(labels, y, x) {
  const sorted = labels.filter(({ value }) => Number.isFinite(value)).sort((one, other) => other.value - one.value);
  let lowest = -Infinity;
  const places = sorted.map(({ value }, at) => {
    const most = HEIGHT - BOTTOM - LABEL * (sorted.length - 1 - at);
    lowest = Math.min(most, Math.max(y(value), lowest + LABEL));
    return lowest;
  });
  return sorted.flatMap(({ line, value }, at) => {
    const style = `stroke:${inkOf(line.colour)};stroke-width:${line.width};${dashed(line)}`;
    return [
      svg("line", { x1: x, x2: x + 28, y1: places[at], y2: places[at], style }),
      svg("text", { x: x + 36, y: places[at] + 5, class: "label" }, `${value.toFixed(3)}  ${line.label}`),
    ];
  });
}

/** @param {{line: Scene["lines"][number], value: number}[]} labels */
function legend(labels) {
  const items = labels.map(({ line, value }) => {
    const style = `stroke:${inkOf(line.colour)};stroke-width:${line.width};${dashed(line)}`;
    const sample = svg("svg", { width: 30, height: 8, "aria-hidden": "true" }, svg("line", { x1: 0, x2: 30, y1: 4, y2: 4, style }));
    return html("li", {}, sample, ` ${value.toFixed(3)}  ${line.label}`);
  });
  return html("ul", { class: "legend" }, ...items);
}
