// Paints the LSTM unrolled: an arrow carries the letter of the mask that multiplied there.

import { WIDE } from "./scene_unrolled.js";
import { colourOf, onColour, picture, svg } from "./svg.js";

/** @typedef {import("./scene_unrolled.js").Mark} Mark */
/** @typedef {import("./scene_unrolled.js").UnrolledScene} Scene */

const TOP = 26; // heights, from above
const CELL = { top: 124, height: 96 };
const C_ARROW = 150;
const H_ARROW = 196;
const X = 404;
const HEIGHT = 432;
const INPUT_MASK = 242; // where its squares begin
const RADIUS = 20;
const SQUARE = 12;
const SMALL = 6;
const ARGUMENT = 156; // the width of the longest name of one
const TEXT = 15;

/**
 * Where things lie, for a width.
 *
 * @typedef {object} Place
 * @property {number} width
 * @property {boolean} narrow
 * @property {number} half of a cell
 * @property {number[]} columns
 * @property {Scene} scene
 */

/**
 * @param {HTMLElement} container
 * @param {Scene} scene
 */
export function paintUnrolled(container, scene) {
  const width = Math.max(300, container.clientWidth);
  const narrow = width < WIDE;
  const [left, right] = narrow ? [48, 118] : [132, 124];
  const count = scene.shown.length;
  const pitch = count > 1 ? (width - left - right) / (count - 1) : 0;
  const place = {
    ...{ width, scene, narrow, half: narrow ? 36 : 46 },
    columns: scene.shown.map((_, at) => left + at * pitch),
  };
  const parts = scene.shown.flatMap((step, column) => [
    ...links(place, column, step),
    ...columnParts(place, column, step),
  ]);
  parts.push(...links(place, count, scene.shown[count - 1] + 1));
  container.replaceChildren(picture(width, HEIGHT, scene.alt, parts));
}

/**
 * The size of a mask's squares together.
 *
 * @param {Mark} mark
 * @param {boolean} narrow
 */
function sizeOf(mark, narrow) {
  const square = mark.side ? (narrow ? SMALL - 2 : SMALL) : SQUARE;
  const across = mark.side ? mark.side * square + 4 : square;
  return { square, across, wide: mark.gates.length * across, high: (mark.side || 8) * square };
}

/**
 * @param {Scene} scene
 * @param {string} arrow
 * @param {number} into the step that an arrow leads into; that of x, g and what goes up, its own
 */
function on(scene, arrow, into) {
  return scene.marks.find((each) => each.arrow === arrow && each.into === into)?.mark;
}

/**
 * @param {Place} place
 * @param {number} column
 * @param {number} step
 */
function columnParts({ scene, columns, half, narrow }, column, step) {
  const x = columns[column];
  const bottom = CELL.top + CELL.height;
  const [input, up, candidate] = ["x", "up", "g"].map((arrow) => on(scene, arrow, step));
  const parts = [
    ...arrow(scene, [x, X - RADIUS], [x, bottom], input),
    ...arrow(scene, [x, CELL.top], [x, TOP + RADIUS], up),
    ...node(x, X, "x", step),
    ...node(x, TOP, "h", step),
    svg("rect", { x: x - half, y: CELL.top, width: 2 * half, height: CELL.height, rx: 8, class: "cell" }),
  ];
  if (input) {
    const middle = 330;
    parts.push(...badge(scene, x, middle, input), ...glyph(scene, x + 20, INPUT_MASK, input, column === 0, narrow));
    if (column === 0) parts.push(argument(scene, narrow ? x + 20 : x - 20, narrow ? 352 : middle, input, narrow ? "start" : "end"));
  }
  if (up) parts.push(...badge(scene, x, (CELL.top + TOP + RADIUS) / 2, up));
  if (!candidate) {
    parts.push(text(x, 177, "LSTM", { "text-anchor": "middle" }));
    return parts;
  }
  parts.push(text(x - half + 6, 142, "LSTM", { class: "small" }));
  parts.push(...arrow(scene, [x - half + 18, 196], [x + 4, 196], candidate), text(x - half + 5, 201, "g", { class: "symbol" }));
  parts.push(...badge(scene, x - 12, 172, candidate), text(x + 9, 201, "c", { class: "symbol" }));
  parts.push(...glyph(scene, x + half - 17, 118, candidate, false, narrow));
  if (column === 0) parts.push(argument(scene, x + half + 4, 112, candidate, "start"));
  return parts;
}

/**
 * The arrows of c and h into a step; of those that leave the last step, the masked ones.
 *
 * @param {Place} place
 * @param {number} column
 * @param {number} step
 */
function links({ scene, columns, half, width, narrow }, column, step) {
  if (column === 0) return [];
  const last = column === columns.length;
  let from = columns[column - 1] + half;
  const to = last ? Math.min(from + 84, width - 6) : columns[column] - half;
  /** @type {SVGElement[]} */
  const parts = [];
  if (!last && step - scene.shown[column - 1] > 1) {
    for (const y of [C_ARROW, H_ARROW]) {
      for (const dot of [9, 17, 25]) parts.push(svg("circle", { cx: from + dot, cy: y, r: 2.2, class: "ink" }));
    }
    from += 35;
  }
  const rows = /** @type {[string, number][]} */ ([["c", C_ARROW], ["h", H_ARROW]]);
  for (const [name, y] of rows) {
    const mark = on(scene, name, step);
    if (!mark && last) continue;
    const middle = (from + to) / 2 + (last ? 6 : 0);
    parts.push(...arrow(scene, [from, y], [to, y], mark), subscripted(from + 3, y - 8, name, step));
    if (!mark) continue;
    parts.push(...badge(scene, middle, y, mark));
    const { wide, high } = sizeOf(mark, narrow);
    const at = name === "c" ? C_ARROW - 18 - high : H_ARROW + 36;
    const beside = on(scene, "x", scene.shown[column - 1]);
    // Clear of the squares of the mask on the inputs.
    const clear = columns[column - 1] + 28 + (beside ? sizeOf(beside, narrow).wide : 0);
    const begin = name === "h" ? Math.max(middle - wide / 2, clear) : middle - wide / 2;
    parts.push(...glyph(scene, begin, at, mark, column === 1 && name === "h", narrow));
    // Where there is little room, one name serves both arrows.
    if (column === 1 && !(narrow && name === "c" && on(scene, "h", step))) {
      // Below the squares of the inputs' mask, which may be beside it.
      const below = name === "h" || narrow ? INPUT_MASK + 8 * SQUARE + (narrow ? 28 : 14) : at - 8;
      const most = (last ? width : columns[1]) - ARGUMENT / 2 - 12;
      const centre = Math.min(Math.max(begin + wide / 2, columns[0] + 18 + ARGUMENT / 2), most);
      parts.push(argument(scene, centre, below, mark, "middle"));
    }
  }
  return parts;
}

/**
 * @param {Scene} scene
 * @param {number[]} from
 * @param {number[]} to
 * @param {Mark | undefined} mark
 */
function arrow(scene, [x1, y1], [x2, y2], mark) {
  const colour = mark ? colourOf(scene.colours, mark.argument, mark.shade) : "";
  const head = mark ? 12 : 9;
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - dx * head, y2 - dy * head];
  const wing = head / 2;
  const points = `${x2},${y2} ${bx - dy * wing},${by + dx * wing} ${bx + dy * wing},${by - dx * wing}`;
  const kind = mark ? "masked" : "bare";
  /** @type {Record<string, string>} */
  const paint = mark ? { style: `stroke:${colour};fill:${colour}` } : {};
  return [
    svg("line", { x1, y1, x2: bx, y2: by, class: kind, ...paint }),
    svg("polygon", { points, class: `${kind} head`, ...paint }),
  ];
}

/**
 * @param {Scene} scene
 * @param {number} x
 * @param {number} y
 * @param {Mark} mark
 */
function badge(scene, x, y, mark) {
  const colour = colourOf(scene.colours, mark.argument, mark.shade);
  const style = `fill:${onColour()}`;
  return [
    svg("circle", { cx: x, cy: y, r: 12.5, class: "badge", style: `fill:${colour}` }),
    svg("text", { x, y: y + 5.2, "text-anchor": "middle", class: "letter", style }, mark.letter),
  ];
}

/**
 * A mask as squares: a column for each gate, a row for each unit.
 *
 * @param {Scene} scene
 * @param {number} x
 * @param {number} y
 * @param {Mark} mark
 * @param {boolean} named whether the gates have their letters above
 * @param {boolean} narrow
 */
function glyph(scene, x, y, mark, named, narrow) {
  const colour = colourOf(scene.colours, mark.argument, mark.shade);
  const { square: size, across: pitch } = sizeOf(mark, narrow);
  const across = mark.side || 1;
  /** @type {SVGElement[]} */
  const parts = [];
  mark.gates.forEach((bits, gate) => {
    const left = x + gate * pitch;
    if (named && mark.gates.length > 1) {
      const middle = left + (across * size) / 2;
      parts.push(text(middle, y - 5, scene.gates[gate], { "text-anchor": "middle", class: "symbol small" }));
    }
    const entries = bits ?? Array.from({ length: mark.side ? mark.side ** 2 : 8 }, () => -1);
    entries.forEach((kept, at) => {
      const box = { x: left + (at % across) * size, y: y + Math.floor(at / across) * size };
      parts.push(...square(box, size - 1.5, kept, colour));
    });
  });
  return parts;
}

/**
 * Kept is full, dropped crossed, and what is not drawn yet an outline: told apart without colour.
 *
 * @param {{x: number, y: number}} at
 * @param {number} size
 * @param {number} kept
 * @param {string} colour
 */
export function square({ x, y }, size, kept, colour) {
  const box = { x: x + 0.75, y: y + 0.75, width: size, height: size };
  if (kept === 1) return [svg("rect", { ...box, style: `fill:${colour}` })];
  const outline = svg("rect", { ...box, style: `fill:none;stroke:${colour}` });
  if (kept < 0) return [svg("rect", { ...box, style: `fill:none;stroke:${colour};stroke-dasharray:2 2` })];
  const [l, t, r, b] = [box.x + 2, box.y + 2, box.x + size - 2, box.y + size - 2];
  return [outline, svg("path", { d: `M${l} ${t}L${r} ${b}M${l} ${b}L${r} ${t}`, style: `stroke:${colour};stroke-width:1.2` })];
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} name
 * @param {number} step
 */
function node(x, y, name, step) {
  return [svg("circle", { cx: x, cy: y, r: RADIUS, class: "node" }), subscripted(x - 9, y + 5, name, step + 1)];
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} name
 * @param {number} number
 */
function subscripted(x, y, name, number) {
  return svg(
    "text",
    { x, y, class: "symbol" },
    svg("tspan", {}, name),
    svg("tspan", { dy: 4, class: "small upright" }, String(number)),
  );
}

/**
 * @param {Scene} scene
 * @param {number} x
 * @param {number} y
 * @param {Mark} mark
 * @param {string} anchor
 */
function argument(scene, x, y, mark, anchor) {
  const style = `fill:${colourOf(scene.colours, mark.argument)}`;
  return text(x, y + 5, mark.argument, { "text-anchor": anchor, class: "code", style });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {Record<string, string | number>} attributes
 */
function text(x, y, words, attributes) {
  return svg("text", { x, y, "font-size": TEXT, ...attributes }, words);
}
