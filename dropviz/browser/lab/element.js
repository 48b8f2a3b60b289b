/** Elements of the page; text goes in as text, and never as HTML. */

/** @typedef {string | Node | null | undefined} Part */

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {Record<string, string | number | boolean>} attributes Those that are false are left out.
 * @param {...Part} parts
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(name, attributes, ...parts) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) {
      made.setAttribute(key, value === true ? "" : String(value));
    }
  }
  made.append(...parts.filter((each) => each !== null && each !== undefined));
  return made;
}

/**
 * Writes text where it differs, so that a screen reader hears of changes alone.
 *
 * @param {Element} place
 * @param {string} text
 */
export function write(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/**
 * A rate as it is shown: two digits, or all that were typed.
 *
 * @param {number} rate
 * @returns {string}
 */
export function rateText(rate) {
  const short = rate.toFixed(2);
  return Number(short) === rate ? short : String(rate);
}
