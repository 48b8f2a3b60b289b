/** The masks of one batch: a row for each site, a panel for each gate. */

import { heat } from "./heat.js";
import { inHtml, spoken } from "./mathematics.js";
import { keep } from "./picture.js";
import { colourOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Atlas} Atlas */
/** @typedef {import("./scene_types.js").AtlasPanel} AtlasPanel */
/** @typedef {import("./scene_types.js").AtlasRow} AtlasRow */
/** @typedef {import("./scene_types.js").Palette} Palette */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */

const LARGEST = 16; // CSS pixels of a unit, times the scale
const FLATTEST = 12;
const BESIDE = 90; // CSS pixels for the numbers to the left of a panel

/**
 * Paints the atlas of masks.
 *
 * @param {HTMLElement} container
 * @param {Atlas} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Atlas>} */
const PAINTER = {
  hint: { what: "a mask", where: "what it keeps is told here." },
  lines: 2,
  heat: true,
  words: ({ title, lines, legend }) => ({ title, lines, legend }),
  places: (scene) =>
    scene.rows.flatMap((row, number) =>
      row.panels.map((_, panel) => ({ key: `${row.site}:${panel}`, row: number, column: panel }))),
  stage: (scene, view) => {
    const across = view.narrow ? 1 : scene.gate ? 2 : 4;
    return scene.rows.flatMap((row) => [name(row, view), ...site(row, across, view)]);
  },
  card,
  detail: (_, key) => ({ arrow: key.split(":")[0] ?? "", column: Number(key.split(":")[1]), mask: null }),
};

/**
 * @param {AtlasRow} row
 * @param {View} view
 * @returns {Child}
 */
function name(row, view) {
  const colour = colourOf(row.colour, view.palette);
  return tag(
    "div",
    { class: "dropviz-site", style: `color:${colour}`, "data-site": row.site,
      "data-argument": row.colour.argument, "data-shade": row.colour.shade },
    `${row.site} `, inHtml(row.symbol),
  );
}

/**
 * @param {AtlasRow} row
 * @param {number} across Panels that there is room for side by side.
 * @param {View} view
 * @returns {Child[]}
 */
function site(row, across, view) {
  if (row.reason) {
    return [tag("div", { class: "dropviz-muted" }, row.reason)];
  }
  const panels = row.panels.map((each, number) => {
    const said = `${row.site} ${spoken(row.symbol)}, ${each.title}: ${share(each)} kept`;
    const numbered = view.narrow || !number;
    const room = size(each, across, view);
    return tag(
      "div",
      view.item(`${row.site}:${number}`, said, { "data-panel": each.title }),
      tag("div", {}, each.title),
      heat({ ...each, down: row.down, across: row.across, begin: row.begin, numbered }, room,
        (context) => squares(context, each, room, view.palette)),
    );
  });
  return [
    tag("div", { class: "dropviz-panels" }, panels),
    tag("div", { "data-says": row.site }, row.says),
  ];
}

/**
 * @param {AtlasPanel} panel
 * @param {number} across
 * @param {View} view
 * @returns {{width: number, height: number}} In CSS pixels, a whole number for each unit.
 */
function size(panel, across, view) {
  const inside = view.width * view.scale;
  const beside = BESIDE * (view.narrow ? 0.8 : view.scale);
  const room = (inside - beside) / across - 24;
  const side = Math.max(2, Math.floor(Math.min(room / panel.columns, LARGEST * view.scale)));
  const flat = Math.max(2, Math.floor(Math.min(side, FLATTEST * view.scale)));
  return { width: side * panel.columns, height: flat * panel.rows };
}

/**
 * The bits of a panel.
 *
 * @param {AtlasPanel} panel
 * @returns {(row: number, column: number) => boolean} Whether a unit is kept.
 */
function kept(panel) {
  const bytes = atob(panel.bits);
  return (row, column) => {
    const place = row * panel.columns + column;
    return ((bytes.charCodeAt(place >> 3) >> (7 - (place & 7))) & 1) === 1;
  };
}

/**
 * How many units of a panel are kept, in words.
 *
 * @param {AtlasPanel} panel
 * @returns {string}
 */
function share({ bits, rows, columns }) {
  let sum = 0;
  for (const byte of atob(bits)) {
    for (let left = byte.charCodeAt(0); left; left &= left - 1) {
      sum += 1;
    }
  }
  return `${sum} of ${rows * columns}`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {AtlasPanel} panel
 * @param {{width: number, height: number}} size_
 * @param {Palette} palette
 */
function squares(context, panel, size_, palette) {
  const [wide, high] = [size_.width / panel.columns, size_.height / panel.rows];
  const gap = Math.min(wide, high) > 4 ? 1 : 0;
  const isKept = kept(panel);
  // Drawn at once: a call for each unit takes most of the time.
  const [whole, gone, crosses] = [new Path2D(), new Path2D(), new Path2D()];
  for (let row = 0; row < panel.rows; row += 1) {
    for (let column = 0; column < panel.columns; column += 1) {
      const [x, y] = [column * wide, row * high];
      if (isKept(row, column)) {
        whole.rect(x, y, wide - gap, high - gap);
      } else {
        gone.rect(x, y, wide - gap, high - gap);
        const [left, top] = [x + wide / 2 - high / 4, y + high / 4];
        crosses.moveTo(left, top);
        crosses.lineTo(left + high / 2, top + high / 2);
        crosses.moveTo(left, top + high / 2);
        crosses.lineTo(left + high / 2, top);
      }
    }
  }
  context.fillStyle = palette.kept;
  context.fill(whole);
  context.fillStyle = palette.dropped;
  context.fill(gone);
  context.lineWidth = Math.max(1, high / 10);
  context.strokeStyle = palette.cross;
  context.stroke(crosses);
}

/**
 * @param {Atlas} scene
 * @param {string} key
 * @param {import("./picture.js").Spot | null} spot
 * @param {View} view
 * @returns {Child[]}
 */
function card(scene, key, spot, view) {
  const [of = "", number = "0"] = key.split(":");
  const row = scene.rows.find((each) => each.site === of);
  const panel = row?.panels[Number(number)];
  if (!row || !panel) {
    return [];
  }
  const colour = colourOf(row.colour, view.palette);
  const title = tag("p", {}, tag("strong", { style: `color:${colour}` }, `${row.site} `, inHtml(row.symbol)),
    `, ${panel.title}: ${share(panel)} kept here`);
  return [title, tag("p", {}, spot ? pointed(row, panel, spot) : row.says)];
}

/**
 * @param {AtlasRow} row
 * @param {AtlasPanel} panel
 * @param {import("./picture.js").Spot} spot
 * @returns {string}
 */
function pointed(row, panel, spot) {
  const what = kept(panel)(spot.row, spot.column) ? "kept" : "dropped";
  return `${row.down} ${row.begin + spot.row + 1}, ${row.across} ${spot.column + 1}: ${what}`;
}
