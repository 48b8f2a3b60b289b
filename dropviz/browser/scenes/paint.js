/** Paints any scene. */

import { paint as paint_atlas } from "./paint_atlas.js";
import { paint as paint_curves } from "./paint_curves.js";
import { paint as paint_unrolled } from "./paint_unrolled.js";

/** @typedef {import("./scene_types.js").Scene} Scene */
/** @typedef {import("./scene_types.js").Theme} Theme */

/**
 * Paints a scene into an element, or another one of the same kind in its place.
 *
 * @param {HTMLElement} container
 * @param {Scene} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  if (scene.kind === "unrolled") {
    paint_unrolled(container, scene, theme);
  } else if (scene.kind === "atlas") {
    paint_atlas(container, scene, theme);
  } else if (scene.kind === "curves") {
    paint_curves(container, scene, theme);
  }
}
