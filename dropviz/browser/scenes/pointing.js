/** What the pointer is on in a picture, and where an arrow key leads from there. */

/** @typedef {import("./picture.js").Place} Place */
/** @typedef {import("./picture.js").Spot} Spot */

/** Keys by which a picture is walked through. */
export const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "Enter", " "];

/**
 * Whether a key was pressed by itself; with another one it is the page's, or the notebook's.
 *
 * @param {KeyboardEvent} event
 * @returns {boolean}
 */
export function isPlain({ ctrlKey, metaKey, altKey, shiftKey }) {
  return !(ctrlKey || metaKey || altKey || shiftKey);
}

/**
 * What the card says before anything is pointed at.
 *
 * @param {{what: string, where: string}} hint
 * @returns {string}
 */
export function hinted({ what, where }) {
  // Of a telephone neither a pointer nor keys.
  const how = matchMedia("(hover: none)").matches
    ? `Tap ${what}`
    : `Point at ${what}, or move with Tab and the arrow keys`;
  return `${how}: ${where}`;
}

/**
 * @param {HTMLElement} root
 * @param {Event} event
 * @returns {{key: string, element: Element} | null}
 */
export function pointed(root, event) {
  const element = event.target instanceof Element ? event.target.closest("[data-key]") : null;
  const key = element?.getAttribute("data-key");
  return element && key && root.contains(element) ? { key, element } : null;
}

/**
 * The square on the heatmap of an element that the pointer is on.
 *
 * @param {Element} element
 * @param {PointerEvent} event
 * @returns {Spot | null}
 */
export function within(element, event) {
  const canvas = element.querySelector("canvas");
  if (!canvas) {
    return null;
  }
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [rows, columns] = [Number(canvas.dataset.rows), Number(canvas.dataset.columns)];
  const row = Math.floor(((event.clientY - top) / height) * rows);
  const column = Math.floor(((event.clientX - left) / width) * columns);
  return row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : null;
}

/**
 * @param {Place[]} places
 * @param {string} from
 * @param {string} pressed
 * @returns {string} The key of the place that an arrow key leads to; empty for another key.
 */
export function moved(places, from, pressed) {
  const here = places.find((each) => each.key === from);
  if (!here) {
    return "";
  }
  const along = { ArrowLeft: -1, ArrowRight: 1 }[pressed];
  const across = { ArrowUp: -1, ArrowDown: 1 }[pressed];
  if (along) {
    const ahead = places.filter(
      (each) => each.row === here.row && (each.column - here.column) * along > 0,
    );
    return nearest(ahead, (each) => Math.abs(each.column - here.column))?.key ?? from;
  }
  if (across) {
    const ahead = places.filter((each) => (each.row - here.row) * across > 0);
    const far = (/** @type {Place} */ each) =>
      1000 * Math.abs(each.row - here.row) + Math.abs(each.column - here.column);
    return nearest(ahead, far)?.key ?? from;
  }
  if (pressed === "Home" || pressed === "End") {
    return places[pressed === "Home" ? 0 : places.length - 1]?.key ?? "";
  }
  return "";
}

/**
 * @param {Place[]} places
 * @param {(place: Place) => number} far
 * @returns {Place | undefined}
 */
function nearest(places, far) {
  return [...places].sort((one, other) => far(one) - far(other))[0];
}
