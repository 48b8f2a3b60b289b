/** Paints any scene. */

import { paint as paintAtlas } from "./paint_atlas.js";
import { paint as paintCell } from "./paint_cell.js";
import { paint as paintCurves } from "./paint_curves.js";
import { paint as paintGates } from "./paint_gates.js";
import { paint as paintUnrolled } from "./paint_unrolled.js";

/** @typedef {import("./scene_types.js").Scene} Scene */
/** @typedef {import("./scene_types.js").Theme} Theme */

/** @type {Record<Scene["kind"], (container: HTMLElement, scene: any, theme: Theme) => void>} */
const PAINTERS = {
  atlas: paintAtlas,
  cell: paintCell,
  curves: paintCurves,
  gates: paintGates,
  unrolled: paintUnrolled,
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
