/** What the card says of an arrow or a step of the unrolled picture. */

import { arrowOf, maskOf } from "./arrow_masks.js";
import { maskTable } from "./mask_squares.js";
import { asFormula, inHtml } from "./mathematics.js";
import { colourOf } from "./theme.js";
import { tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./tree.js").Child} Child */

/**
 * @param {Unrolled} scene
 * @param {string} key
 * @param {import("./picture.js").Spot | null} _
 * @param {View} view
 * @returns {Child[]}
 */
export function card(scene, key, _, view) {
  const arrow = arrowOf(scene, key);
  if (!arrow) {
    return atStep(scene, Number(key.split(":")[1]), view);
  }
  const mask = maskOf(scene, arrow);
  if (!mask) {
    const carried = inHtml(asFormula(arrow.value));
    return [tag("p", {}, "No mask on ", carried, ": all of it passes.")];
  }
  const where = scene.doubtful ? " was drawn for " : " multiplies ";
  const rest = mask.units - (mask.kept[0]?.length ?? 0);
  return [
    tag("p", {}, badge(mask, view), tag("span", { class: "dropviz-code" }, mask.label),
      scene.planned ? " will multiply " : where, inHtml(asFormula(arrow.value)),
      rest > 0 ? `; ${rest} more ${mask.matrix ? "weights of each gate" : "units"} are not listed` : ""),
    scene.planned ? null : maskTable(mask, arrow),
    tag("p", {}, mask.says),
    mask.source ? tag("p", { class: "dropviz-code dropviz-muted" }, mask.source) : null,
  ].filter((each) => each !== null);
}

/**
 * @param {Mask} mask
 * @param {View} view
 * @returns {Child}
 */
function badge(mask, view) {
  const colour = colourOf(mask.colour, view.palette);
  return tag("span", { class: "dropviz-badge", style: `background:${colour}` }, mask.letter);
}

/**
 * What happens at one step.
 *
 * @param {Unrolled} scene
 * @param {number} column
 * @param {View} view
 * @returns {Child[]}
 */
function atStep(scene, column, view) {
  const here = scene.arrows.filter((each) => each.column === column);
  return [
    tag("p", {}, `${scene.cell} at step ${(scene.columns[column] ?? 0) + 1} of ${scene.time_steps}`),
    ...here.map((arrow) => {
      const mask = maskOf(scene, arrow);
      const carried = arrow.arrow === "up" ? `${arrow.value} on its way up` : arrow.value;
      const said = mask ? [badge(mask, view), `on ${carried}`] : [`no mask on ${carried}`];
      return tag("div", {}, said);
    }),
  ];
}
