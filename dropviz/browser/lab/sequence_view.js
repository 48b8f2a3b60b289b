/** The sequence that is read: its numbers, the step that is open, and what was answered. */

import { canvas, patch, tag } from "../scenes/tree.js";
import { element, write } from "./element.js";

/** @typedef {import("../scenes/scene_types.js").Theme} Theme */
/** @typedef {import("../scenes/tree.js").Tree} Tree */
/** @typedef {import("./model_types.js").Sequence} Sequence */

const TILE = 20; // CSS pixels of a cell that holds no number
const BESIDE = 14; // pixels to its left, for the mark of the step
const WRITTEN = 4; // features at most whose numbers are written out

/**
 * Shows a sequence, step by step; what was scrolled stays so.
 *
 * @param {HTMLElement} place
 * @param {Sequence} sequence
 * @param {number} step The one that is open, from 0.
 * @param {(step: number) => void} choose
 * @param {Theme} theme
 */
export function showSequence(place, sequence, step, choose, theme) {
  const { values } = sequence;
  const features = values[0]?.length ?? 0;
  const picture = features > WRITTEN ? image(sequence, step, theme.light.tones.green) : numbers(sequence, step);
  const words = tag(
    "div", { class: "dropviz-lab-beside" },
    tag("div", {}, sequence.says),
    tag("div", { class: "dropviz-lab-result" }, sequence.result),
  );
  patch(place, [picture, words]);
  place.onclick = ({ target }) => {
    const cell = target instanceof Element ? target.closest("td") : null;
    if (cell) {
      choose(cell.cellIndex);
    }
  };
}

/**
 * The bar that steps through time.
 *
 * @param {(step: number) => void} choose
 * @returns {{root: HTMLElement, focus: () => void, show: (step: number, steps: number) => void}}
 */
export function timeBar(choose) {
  const bar = element("input", {
    type: "range", min: 1, max: 1, step: 1, "aria-label": "time step", class: "dropviz-lab-range",
  });
  const said = element("span", { class: "dropviz-lab-step" });
  bar.addEventListener("input", () => choose(Number(bar.value) - 1));
  return {
    root: element("label", { class: "dropviz-lab-time" }, said, bar),
    focus: () => bar.focus(),
    show: (step, steps) => {
      const now = Math.min(step, steps - 1) + 1;
      bar.max = String(steps);
      bar.value = String(now);
      bar.setAttribute("aria-valuetext", `${now} of ${steps}`);
      bar.style.setProperty("--share", `${steps > 1 ? (100 * (now - 1)) / (steps - 1) : 0}%`);
      write(said, `time step ${now} of ${steps}`);
    },
  };
}

/**
 * A sequence whose steps are rows of a picture, as those of a digit.
 *
 * @param {Sequence} sequence
 * @param {number} step
 * @param {string} [colour] Of the mark at this step: on greys, whatever lies around them.
 * @returns {Tree}
 */
function image(sequence, step, colour) {
  const [rows, columns] = [sequence.values.length, sequence.values[0]?.length ?? 1];
  const tile = Math.max(3, Math.min(TILE, 160 / rows));
  const says = `The sequence as a picture; row ${step + 1} of ${rows} is read.`;
  const size = { width: Math.floor(columns * tile + BESIDE), height: Math.floor(rows * tile) };
  return canvas({ role: "img", "aria-label": says, ...size }, (place) =>
    draw(place, sequence, step, tile, colour));
}

/**
 * @param {HTMLCanvasElement} place
 * @param {Sequence} sequence
 * @param {number} step
 * @param {number} tile Pixels of a feature.
 * @param {string} [colour]
 */
function draw(place, { values, low, high }, step, tile, colour = "") {
  const columns = values[0]?.length ?? 1;
  const context = place.getContext("2d");
  if (context) {
    context.clearRect(0, 0, place.width, place.height);
    values.forEach((row, y) => {
      row.forEach((value, x) => {
        const grey = Math.round(255 * (1 - (value - low) / (high - low || 1)));
        context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
        context.fillRect(BESIDE + x * tile, y * tile, tile, tile);
      });
    });
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 3;
    context.strokeRect(BESIDE + 1.5, step * tile + 1.5, columns * tile - 3, tile - 3);
    const middle = (step + 0.5) * tile;
    context.beginPath();
    context.moveTo(0, middle - 6);
    context.lineTo(11, middle);
    context.lineTo(0, middle + 6);
    context.fill();
  }
}

/**
 * A sequence of few features, each step a column of numbers.
 *
 * @param {Sequence} sequence
 * @param {number} step
 * @returns {Tree}
 */
function numbers({ values, whole }, step) {
  const features = values[0]?.length ?? 0;
  const rows = Array.from({ length: features }, (_, feature) =>
    tag("tr", {}, values.map((row, at) => {
      const value = row[feature] ?? 0;
      const text = whole ? String(value) : value.toFixed(2);
      return tag("td", { "data-now": at === step, title: `step ${at + 1}` }, text);
    })),
  );
  const says = `The sequence; step ${step + 1} of ${values.length} is read.`;
  const table = tag("table", { class: "dropviz-lab-bits", "aria-label": says }, rows);
  return tag("div", { class: "dropviz-lab-scroll" }, table);
}
