// Elements of SVG and HTML, made without ever reading a text as markup; and colours.

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children texts stay texts
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return /** @type {SVGElement} */ (made);
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children texts stay texts
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/**
 * A picture with its words for those who do not see it.
 *
 * @param {number} width
 * @param {number} height
 * @param {string} alt
 * @param {SVGElement[]} children
 */
export function picture(width, height, alt, children) {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": alt }, ...children);
}

/** @typedef {import("./tables.js").Tables["colours"]} Colours */

const LIGHTER = 0.45; // towards white, so that a colour is seen on a dark page

export function isDark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * The colour of whatever belongs to an argument; another shade for another mask.
 *
 * @param {Colours} colours
 * @param {string} argument
 * @param {number} [shade]
 * @returns {string}
 */
export function colourOf(colours, argument, shade = 0) {
  const base = colours.arguments[argument] ?? colours.arguments.recurrent_dropout;
  // zoneout_hidden beside zoneout_cell
  const number = shade + (argument === "zoneout_hidden" ? 1 : 0);
  const far = colours.darker[number % colours.darker.length];
  return isDark() ? mixed(base, 255, LIGHTER + far * (1 - LIGHTER)) : mixed(base, 0, far);
}

/** The ink of letters on such a colour. */
export function onColour() {
  return isDark() ? "#10151b" : "#ffffff";
}

/**
 * @param {string} colour as "#rrggbb"
 * @param {number} end of each channel: 0 for black, 255 for white
 * @param {number} share of the end
 */
export function mixed(colour, end, share) {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const each = channels.map((value) => Math.round(value * (1 - share) + end * share));
  return `#${each.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * A canvas as sharp as the screen.
 *
 * @param {number} width in CSS pixels
 * @param {number} height
 * @param {string} alt empty where the words beside it say the same
 * @returns {{canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D | null}}
 */
export function canvasOf(width, height, alt) {
  const canvas = html("canvas", alt ? { role: "img", "aria-label": alt } : { "aria-hidden": "true" });
  const density = Math.max(1, window.devicePixelRatio || 1);
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen?.scale(density, density);
  return { canvas, pen };
}
