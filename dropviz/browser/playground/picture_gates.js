// Paints gates and states of one sequence through time, and what the network reads.

import { canvasOf, html } from "./svg.js";

/** @typedef {import("./scenes.js").GatesScene} Scene */

// Five colours of matplotlib's cividis, from low to high: told apart in a grey print too.
const CIVIDIS = [[0, 34, 78], [67, 78, 108], [125, 124, 120], [188, 175, 111], [254, 232, 56]];
const GAP = 18;
const HIGH = 116;

/**
 * @param {HTMLElement} container
 * @param {Scene} scene
 */
export function paintGates(container, scene) {
  const width = Math.max(280, container.clientWidth) - 1;
  const across = width < 460 ? 2 : 3;
  const room = (width - GAP * (across - 1)) / across;
  const panels = scene.panels.map((panel) => panelOf(panel, scene, room));
  const read = html("figure", {}, html("figcaption", {}, "what it reads"), input(scene, Math.min(room, 150)));
  const all = html("div", { class: "panels", style: `gap:${GAP}px`, role: "img", "aria-label": scene.alt }, read, ...panels);
  container.replaceChildren(all, html("p", {}, scene.said));
}

/**
 * @param {Scene["panels"][number]} panel
 * @param {Scene} scene
 * @param {number} room
 */
function panelOf({ title, low, high, values }, { units, steps, step }, room) {
  const { canvas, pen } = canvasOf(room, HIGH, "");
  if (pen) {
    grid(pen, units, steps, room, HIGH, (at) => heat((values[at] - low) / (high - low)));
    outline(pen, (step * room) / steps, 0, room / steps, HIGH);
  }
  const range = `${Number(low.toFixed(1))} (dark) to ${Number(high.toFixed(1))} (light)`;
  return html("figure", { style: `width:${room}px` }, html("figcaption", {}, title), canvas, html("div", { class: "axes" }, range));
}

/**
 * @param {Scene} scene
 * @param {number} wide
 */
function input({ input: { rows, columns, values }, step }, wide) {
  const { canvas, pen } = canvasOf(wide, HIGH, "");
  if (pen) {
    grid(pen, rows, columns, wide, HIGH, (at) => `rgb(${Array(3).fill(Math.round(255 * (1 - values[at]))).join(",")})`);
    outline(pen, 0, (step * HIGH) / rows, wide, HIGH / rows);
  }
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} rows
 * @param {number} columns
 * @param {number} wide
 * @param {number} high
 * @param {(at: number) => string} colour
 */
function grid(pen, rows, columns, wide, high, colour) {
  for (let at = 0; at < rows * columns; at++) {
    pen.fillStyle = colour(at);
    const [column, row] = [at % columns, Math.floor(at / columns)];
    // A hair more than its size, so that no line shows between two.
    pen.fillRect((column * wide) / columns, (row * high) / rows, wide / columns + 0.5, high / rows + 0.5);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} high
 */
function outline(pen, x, y, wide, high) {
  pen.lineWidth = 2;
  for (const [colour, inset] of /** @type {[string, number][]} */ ([["#ffffff", 1], ["#d4145a", 3]])) {
    pen.strokeStyle = colour;
    pen.strokeRect(x + inset, y + inset, Math.max(1, wide - 2 * inset), Math.max(1, high - 2 * inset));
  }
}

/** @param {number} share 0 to 1 */
function heat(share) {
  const at = Math.min(0.999, Math.max(0, share)) * (CIVIDIS.length - 1);
  const [one, other] = [CIVIDIS[Math.floor(at)], CIVIDIS[Math.floor(at) + 1]];
  return `rgb(${one.map((value, channel) => Math.round(value + (other[channel] - value) * (at % 1))).join(",")})`;
}
