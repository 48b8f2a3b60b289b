// Paints the mask heatmaps: for each site a panel for each gate.

import { canvasOf, colourOf, html } from "./svg.js";

/** @typedef {import("./scenes.js").HeatmapsScene} Scene */
/** @typedef {import("./scenes.js").Panel} Panel */

const GAP = 14;
const MOST = 14; // pixels of an entry, so that a panel of few units is not blown up to bricks

/**
 * @param {HTMLElement} container
 * @param {Scene} scene
 */
export function paintHeatmaps(container, scene) {
  const width = Math.max(300, container.clientWidth);
  const sections = scene.sites.map((site) => {
    const colour = colourOf(scene.colours, site.argument);
    const across = width < 560 ? Math.min(2, site.panels.length) : 4;
    const room = (width - GAP * (across - 1)) / across;
    return html(
      "section",
      { class: "site" },
      html("h3", { style: `color:${colour}` }, site.site, html("span", { class: "place" }, `  ${site.place}`)),
      html(
        "div",
        { class: "panels", style: `gap:${GAP}px`, role: "img", "aria-label": `${site.site}: ${site.said}` },
        ...site.panels.map((panel) => panelOf(panel, site, colour, room)),
      ),
      html("p", {}, site.said),
    );
  });
  const nothing = html("p", {}, "Nothing is dropped with these settings.");
  container.replaceChildren(...(sections.length ? sections : [nothing]));
}

/**
 * @param {Panel} panel
 * @param {{down: string, across: string}} names
 * @param {string} colour
 * @param {number} room
 */
function panelOf({ title, rows, columns, kept }, { down, across }, colour, room) {
  const size = Math.min(MOST, room / columns);
  const { canvas, pen } = canvasOf(size * columns, size * rows, "");
  if (pen) paint(pen, rows, columns, kept, size, colour);
  const axes = `${across} 1 to ${columns}, ${down} 1 to ${rows}`;
  return html("figure", {}, html("figcaption", {}, title), canvas, html("div", { class: "axes" }, axes));
}

/**
 * Kept is full, dropped crossed.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {number} rows
 * @param {number} columns
 * @param {number[]} kept
 * @param {number} size
 * @param {string} colour
 */
function paint(pen, rows, columns, kept, size, colour) {
  const gap = size > 6 ? 1 : 0.5;
  pen.fillStyle = colour;
  pen.strokeStyle = colour;
  pen.lineWidth = size > 8 ? 1 : 0.7;
  pen.beginPath();
  for (let at = 0; at < rows * columns; at++) {
    const [x, y] = [(at % columns) * size, Math.floor(at / columns) * size];
    if (kept[at]) {
      pen.fillRect(x, y, size - gap, size - gap);
      continue;
    }
    const [near, far] = [size * 0.3, size * 0.62];
    pen.moveTo(x + near, y + near);
    pen.lineTo(x + far, y + far);
    pen.moveTo(x + near, y + far);
    pen.lineTo(x + far, y + near);
  }
  pen.stroke();
}
