// The painters of the page, by the kind of scene: each takes a container and a scene alone.

import { paintCell } from "./picture_cell.js";
import { paintCurves } from "./picture_curves.js";
import { paintGates } from "./picture_gates.js";
import { paintHeatmaps } from "./picture_heatmaps.js";
import { paintUnrolled } from "./picture_unrolled.js";

/** @type {Record<string, (container: HTMLElement, scene: any) => void>} */
const PAINTERS = {
  unrolled: paintUnrolled,
  heatmaps: paintHeatmaps,
  curves: paintCurves,
  cell: paintCell,
  gates: paintGates,
};

/**
 * @param {HTMLElement} container
 * @param {{kind: string}} scene
 */
export function paint(container, scene) {
  PAINTERS[scene.kind](container, scene);
}
