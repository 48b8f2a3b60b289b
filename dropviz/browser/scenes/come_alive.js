/** Brings the pictures of a report to life: over each PNG the scene that stands beside it. */

import { paintChosen } from "./choose.js";
import { keepFromNotebook } from "./notebook_keys.js";
import { isPlain, KEYS } from "./pointing.js";

/** @typedef {import("./scene_types.js").Theme} Theme */

/**
 * Paints the scene of every picture of the page that is not painted yet, in its place.
 *
 * A picture that cannot be painted stays as it is, and all do where there is no canvas.
 *
 * @param {Theme} theme
 */
export function comeAlive(theme) {
  // Heatmaps would be blank.
  if (!document.createElement("canvas").getContext("2d")) {
    return;
  }
  keepPictureKeys(document.documentElement);
  for (const place of document.querySelectorAll(".dropviz-picture:not([data-alive])")) {
    const data = place.querySelector('script[type="application/json"]');
    const image = place.querySelector("img");
    if (data && image) {
      place.setAttribute("data-alive", "");
      const host = document.createElement("div");
      place.append(host);
      try {
        replace(host, image, JSON.parse(data.textContent ?? ""), theme);
      } catch (error) {
        host.remove();
        image.style.display = "";
        console.error("dropviz: a picture stays as it is:", error);
      }
    }
  }
}

/**
 * Keeps keys that act in a picture from acting on a notebook around it.
 *
 * @param {HTMLElement} page Notes that this was done: each output of a notebook brings its script.
 */
function keepPictureKeys(page) {
  if (page.hasAttribute("data-dropviz-keys")) {
    return;
  }
  page.setAttribute("data-dropviz-keys", "");
  const decide = (/** @type {KeyboardEvent} */ event) => {
    const [inside] = event.composedPath();
    const host = event.target;
    if (host instanceof HTMLElement && host.matches(".dropviz-picture > [data-host]")) {
      const chooses = inside instanceof HTMLSelectElement || KEYS.includes(event.key);
      keepFromNotebook(host, chooses && isPlain(event));
    }
  };
  // Before the notebook, which listens at the document.
  addEventListener("keydown", decide, true);
}

/**
 * @param {HTMLElement} host
 * @param {HTMLImageElement} image
 * @param {import("./scene_types.js").Scene | import("./scene_types.js").Chosen} scene
 * @param {Theme} theme
 */
function replace(host, image, scene, theme) {
  // Notebooks have styles for all tables and letters of an output.
  const inside = document.createElement("div");
  host.setAttribute("data-host", "");
  host.attachShadow({ mode: "open" }).append(inside);
  image.style.display = "none";
  // Larger, and a picture would not fit on one screen.
  host.style.maxWidth = "1150px";
  paintChosen(inside, scene, theme);
}
