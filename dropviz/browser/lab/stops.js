/** The stops of a slider of rates: twentieths, though a rate may lie between two of them. */

const STEP = 0.05;
export const MOST = 0.95; // what is typed may go higher, below 1

/**
 * Where a range of any step stops: at the twentieth nearest to the pointer, if that is a rate.
 *
 * @param {HTMLInputElement} bar
 * @returns {number}
 */
export function stopOf(bar) {
  return Math.min(nearest(Number(bar.value)), Number(bar.max));
}

/**
 * Has keys move a range of any step from twentieth to twentieth.
 *
 * @param {HTMLInputElement} bar
 * @param {() => number} value Of now: any rate.
 * @param {(value: number) => void} move
 */
export function moveByKeys(bar, value, move) {
  bar.addEventListener("keydown", (event) => {
    const to = moved(value(), event.key, Number(bar.max));
    if (to !== null && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      move(to);
    }
  });
}

/**
 * @param {number} value
 * @returns {number}
 */
function nearest(value) {
  return Number((Math.round(value / STEP) * STEP).toFixed(2));
}

/**
 * Where a key moves a rate: to the next twentieth, from wherever it is.
 *
 * @param {number} value
 * @param {string} key
 * @param {number} most
 * @returns {number | null}
 */
function moved(value, key, most) {
  const near = 1e-9;
  const up = (/** @type {number} */ by) => nearest(Math.floor(value / STEP + near) * STEP + by);
  const down = (/** @type {number} */ by) => nearest(Math.ceil(value / STEP - near) * STEP - by);
  /** @type {Record<string, number>} */
  const places = {
    ArrowRight: up(STEP), ArrowUp: up(STEP), ArrowLeft: down(STEP), ArrowDown: down(STEP),
    PageUp: up(2 * STEP), PageDown: down(2 * STEP), Home: 0, End: most,
  };
  const to = places[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), most);
}
