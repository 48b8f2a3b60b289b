/** Masks in small, and as a table of numbers. */

import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./tree.js").Child} Child */

/**
 * Units of a mask: filled where kept, crossed where dropped, pale where not drawn yet.
 *
 * @param {(number | null)[][]} columns What stands in each column, from above.
 * @param {number} rows At the most.
 * @param {number} x
 * @param {number} y
 * @param {number} pitch From one unit to the next.
 * @param {string} colour
 * @returns {Child[]}
 */
export function maskSquares(columns, rows, x, y, pitch, colour) {
  const side = pitch - Math.max(1.2, pitch / 5);
  let [kept, dropped, open] = ["", "", ""];
  columns.forEach((values, column) => {
    values.slice(0, rows).forEach((value, row) => {
      const [left, top] = [x + column * pitch, y + row * pitch];
      const box = `M${left} ${top}h${side}v${side}h${-side}Z`;
      if (value === null) {
        open += box;
      } else if (value) {
        kept += box;
      } else {
        const cross = `M${left} ${top}l${side} ${side}M${left} ${top + side}l${side} ${-side}`;
        dropped += box + cross;
      }
    });
  });
  const line = Math.max(0.7, pitch / 10);
  return [
    tag("path", { d: kept, "data-squares": "kept", style: `fill:${colour};stroke:${colour}`,
      "stroke-width": line }),
    tag("path", { d: dropped, "data-squares": "dropped",
      style: `fill:none;stroke:${colour}`, "stroke-width": line }),
    tag("path", { d: open, "data-squares": "open",
      style: `fill:${colour};fill-opacity:.16;stroke:${colour};stroke-opacity:.6`,
      "stroke-width": line }),
  ];
}

/**
 * A mask as numbers, and what it did to what an arrow carries, where that is known.
 *
 * @param {Mask} mask
 * @param {Arrow} arrow
 * @returns {Child}
 */
export function maskTable(mask, arrow) {
  const shown = mask.kept[0]?.length ?? 0;
  const tied = mask.kept.length === 1;
  /** @type {Child[]} */
  const rows = [];
  if (arrow.before) {
    // So many digits that, multiplied, they give those of the result.
    rows.push(numbers(`${arrow.value} before`, arrow.before.slice(0, shown).map((value) => figure(value, 4))));
  }
  mask.kept.forEach((values, gate) => {
    const whose = tied ? (mask.gates.length > 1 ? " (all gates)" : "") : ` ${mask.gates[gate] ?? gate + 1}`;
    rows.push(
      tag(
        "tr",
        {},
        tag("th", { scope: "row" }, `${arrow.before ? "\u00d7 " : ""}mask${whose}`),
        values.map((value) => tag("td", { "data-value": value }, factor(mask, value, arrow.before ? 5 : 3))),
      ),
    );
    const after = arrow.after?.[gate];
    if (after) {
      rows.push(numbers("= after", after.slice(0, shown).map((value) => figure(value))));
    }
  });
  const what = mask.matrix ? "weight" : "unit";
  const heads = Array.from({ length: shown }, (_, unit) => tag("th", { scope: "col" }, `${unit + 1}`));
  return tag(
    "div",
    { class: "dropviz-scroll" },
    tag("table", {}, tag("thead", {}, tag("tr", {}, tag("th", { scope: "col" }, what), heads)),
      tag("tbody", {}, rows)),
  );
}

/**
 * @param {string} name
 * @param {string[]} values
 * @returns {Child}
 */
function numbers(name, values) {
  return tag("tr", {}, tag("th", { scope: "row" }, name), values.map((each) => tag("td", {}, each)));
}

/**
 * @param {Mask} mask
 * @param {number | null} value
 * @param {number} digits All that count.
 * @returns {string}
 */
function factor(mask, value, digits) {
  if (value === null) {
    return "?";
  }
  return value ? String(mask.factor === null ? "kept" : Number(mask.factor.toPrecision(digits))) : "0";
}

/**
 * A number of a few digits.
 *
 * @param {number} value
 * @param {number} digits Behind the point.
 * @returns {string}
 */
export function figure(value, digits = 2) {
  return value.toFixed(digits).replace("-", "\u2212");
}
