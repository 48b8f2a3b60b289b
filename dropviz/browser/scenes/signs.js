/** Legends: a sign and what it means. */

import { inHtml } from "./mathematics.js";
import { maskSquares } from "./mask_squares.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Sign} Sign */
/** @typedef {import("./tree.js").Child} Child */

/**
 * A legend.
 *
 * @param {Sign[]} listed
 * @param {boolean} heat Whether squares have the colours of heatmaps.
 * @returns {Child[]}
 */
export function signs(listed, heat) {
  return listed.map(({ sign, says }) =>
    tag("span", { "data-sign": sign || null }, drawn(sign, heat), inHtml(says)),
  );
}

/**
 * @param {Sign["sign"]} sign
 * @param {boolean} heat
 * @returns {Child | null}
 */
function drawn(sign, heat) {
  const ink = "var(--dropviz-ink)";
  if (sign === "letter") {
    return small(22, [
      tag("circle", { cx: 11, cy: 8, r: 10.5, style: `fill:${ink}` }),
      tag(
        "text",
        { x: 11, y: 13, "text-anchor": "middle", "font-size": 14, "font-weight": 700,
          style: "fill:var(--dropviz-ground)" },
        "A",
      ),
    ]);
  }
  if (heat && (sign === "kept" || sign === "dropped")) {
    const cross = { d: "M4 5l6 6M4 11l6 -6", style: "fill:none;stroke:var(--dropviz-cross)" };
    return small(14, [
      tag("rect", { x: 0, y: 1, width: 14, height: 14, style: `fill:var(--dropviz-${sign})` }),
      sign === "dropped" ? tag("path", { ...cross, "stroke-width": 1.6 }) : "",
    ]);
  }
  if (sign === "kept" || sign === "dropped" || sign === "open") {
    const value = sign === "kept" ? 1 : sign === "dropped" ? 0 : null;
    return small(14, maskSquares([[value]], 1, 1, 1, 14, ink));
  }
  if (sign === "bare") {
    return small(44, [
      tag("path", { d: "M0 8H34", style: "stroke:var(--dropviz-faint);stroke-width:1.8",
        "stroke-dasharray": "6 4" }),
      tag("path", { d: "M34 3.5L43 8L34 12.5Z", style: "fill:var(--dropviz-faint)" }),
    ]);
  }
  if (sign === "mark") {
    return small(16, [tag("path", { d: "M8 0L16 8L8 16L0 8Z", style: `fill:${ink}` })]);
  }
  return null;
}

/**
 * @param {number} width
 * @param {Child[]} inside
 * @returns {Child}
 */
function small(width, inside) {
  const size = { width, height: 16, viewBox: `0 0 ${width} 16` };
  return tag("svg", { class: "dropviz-sign", "aria-hidden": "true", ...size }, inside);
}
