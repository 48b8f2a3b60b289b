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
export function colour_of(colour, palette) {
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
export function tone_of(tone) {
  return `var(--dropviz-tone-${tone}, var(--dropviz-ink))`;
}

/**
 * Sets the colours on an element, for all that is inside.
 *
 * @param {HTMLElement} element
 * @param {Palette} palette
 */
export function set_colours(element, palette) {
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
    const [red = 0, green = 0, blue = 0, alpha = 1] = (
      getComputedStyle(around).backgroundColor.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]
    ).map(Number);
    if (alpha > 0.5) {
      return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
    }
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
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
 * Calls back when what lies around may have become dark or light.
 *
 * @param {() => void} changed
 * @returns {() => void} Ends that.
 */
export function watch_appearance(changed) {
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
