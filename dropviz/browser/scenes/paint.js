/** Paints any scene. */

import { paint as paint_atlas } from "./paint_atlas.js";
import { paint as paint_cell } from "./paint_cell.js";
import { paint as paint_curves } from "./paint_curves.js";
import { paint as paint_gates } from "./paint_gates.js";
import { paint as paint_unrolled } from "./paint_unrolled.js";

/** @typedef {import("./scene_types.js").Scene} Scene */
/** @typedef {import("./scene_types.js").Theme} Theme */

/** @type {Record<Scene["kind"], (container: HTMLElement, scene: any, theme: Theme) => void>} */
const PAINTERS = {
  atlas: paint_atlas,
  cell: paint_cell,
  curves: paint_curves,
  gates: paint_gates,
  unrolled: paint_unrolled,
};

/**
 * Paints a scene into an element, or another one of the same kind in its place.
 *
 * @param {HTMLElement} container
 * @param {Scene} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  PAINTERS[scene.kind](container, scene, theme);
}
