/** Colours: from the table that comes with a scene to custom properties of CSS. */

/** @typedef {import("./scene_types.js").Colour} Colour */
/** @typedef {import("./scene_types.js").Palette} Palette */
/** @typedef {import("./scene_types.js").Theme} Theme */

const PLAIN = ["ground", "paper", "ink", "muted", "faint", "letter", "kept", "dropped", "cross"];

/**
 * The colour of an argument, as CSS.
 *
 * @param {Colour} colour
 * @param {Palette} palette
 * @returns {string}
 */
export function colourOf(colour, palette) {
  const own = colour.argument;
  if (!own) {
    return "var(--dropviz-ink)";
  }
  // Whatever stands in for recurrent_dropout has its colour.
  const argument = Object.hasOwn(palette.arguments, own) ? own : "recurrent_dropout";
  const shades = palette.arguments[argument] ?? [];
  return `var(--dropviz-${argument}-${colour.shade % Math.max(shades.length, 1)})`;
}

/**
 * The colour of a line, as CSS.
 *
 * @param {string} tone
 * @returns {string}
 */
export function toneOf(tone) {
  return `var(--dropviz-tone-${tone}, var(--dropviz-ink))`;
}

/**
 * Sets the colours on an element, for all that is inside.
 *
 * @param {HTMLElement} element
 * @param {Palette} palette
 */
export function setColours(element, palette) {
  const named = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (palette));
  for (const name of PLAIN) {
    element.style.setProperty(`--dropviz-${name}`, String(named[name]));
  }
  for (const [argument, shades] of Object.entries(palette.arguments)) {
    shades.forEach((shade, number) => {
      element.style.setProperty(`--dropviz-${argument}-${number}`, shade);
    });
  }
  for (const [tone, colour] of Object.entries(palette.tones)) {
    element.style.setProperty(`--dropviz-tone-${tone}`, colour);
  }
}

/**
 * Whether what lies around an element is dark: as JupyterLab says, as the nearest ground is
 * painted, or as the reader's system wants it.
 *
 * @param {HTMLElement} element
 * @returns {"light" | "dark"}
 */
export function appearance(element) {
  if (matchMedia("print").matches) {
    return "light";
  }
  const said = document.querySelector("[data-jp-theme-light]")?.getAttribute("data-jp-theme-light");
  if (said) {
    return said === "false" ? "dark" : "light";
  }
  for (let around = above(element); around; around = above(around)) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = channels(
      getComputedStyle(around).backgroundColor,
    );
    if (alpha > 0.5) {
      return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
    }
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** @type {Map<string, number[]>} */
const measured = new Map();

/**
 * @param {string} colour As a browser computes it.
 * @returns {number[]} Red, green and blue, 0 to 255, and where it is not whole how whole, 0 to 1.
 */
function channels(colour) {
  if (/^rgba?\(/.test(colour)) {
    return (colour.match(/[\d.]+/g) ?? []).map(Number);
  }
  // Written in another way, as oklch(...): a browser that knows it can paint it.
  const known = measured.get(colour) ?? painted(colour);
  measured.set(colour, known);
  return known;
}

/**
 * @param {string} colour
 * @returns {number[]} Of a pixel painted with it; nothing is seen of it where there is no canvas.
 */
function painted(colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  if (!context) {
    return [0, 0, 0, 0];
  }
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

/**
 * @param {Element} element
 * @returns {Element | null} What it lies in, out of a shadow root too.
 */
function above(element) {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/**
 * Calls back when what lies around an element may have become dark or light, while the element is
 * in the page, and when it comes back to it: a page that goes on keeps nothing of one that went.
 *
 * @param {Element} element
 * @param {() => void} changed
 * @returns {() => void} Ends that.
 */
export function followAppearance(element, changed) {
  /** @type {(() => void) | null} */
  let end = null;
  const leave = () => {
    end?.();
    end = null;
  };
  const ask = () => (element.isConnected ? changed() : leave());
  const there = new ResizeObserver(() => {
    if (!element.isConnected) {
      leave();
    } else if (!end) {
      end = watchAppearance(ask);
      changed();
    }
  });
  end = element.isConnected ? watchAppearance(ask) : null;
  there.observe(element);
  return () => {
    there.disconnect();
    leave();
  };
}

/**
 * Calls back when what lies around may have become dark or light.
 *
 * @param {() => void} changed
 * @returns {() => void} Ends that.
 */
function watchAppearance(changed) {
  const media = ["(prefers-color-scheme: dark)", "print"].map((each) => matchMedia(each));
  const page = new MutationObserver(changed);
  media.forEach((each) => each.addEventListener("change", changed));
  page.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "class"],
  });
  return () => {
    media.forEach((each) => each.removeEventListener("change", changed));
    page.disconnect();
  };
}
