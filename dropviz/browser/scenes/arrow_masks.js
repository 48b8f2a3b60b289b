/** Which mask lies on which arrow of the unrolled picture. */

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */

/**
 * @param {Unrolled} scene
 * @param {string} key
 * @returns {Arrow | undefined}
 */
export function arrowOf(scene, key) {
  return scene.arrows.find((each) => `${each.arrow}:${each.column}` === key);
}

/**
 * @param {Unrolled} scene
 * @param {Arrow} arrow
 * @returns {Mask | null}
 */
export function maskOf(scene, arrow) {
  return arrow.mask === null ? null : scene.masks[arrow.mask] ?? null;
}

/**
 * Whether an arrow is the first of its kind that a mask of its site lies on.
 *
 * @param {Unrolled} scene
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @returns {boolean}
 */
export function isFirst(scene, arrow, mask) {
  const alike = scene.arrows.filter(
    (each) => each.arrow === arrow.arrow && maskOf(scene, each)?.site === mask.site,
  );
  return arrow.column === Math.min(...alike.map((each) => each.column));
}
