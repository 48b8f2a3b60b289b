/** Brings the pictures of a report to life: over each PNG the scene that stands beside it. */

import { paint_chosen } from "./choose.js";

/** @typedef {import("./scene_types.js").Theme} Theme */

/**
 * Paints the scene of every picture of the page that is not painted yet, in its place.
 *
 * A picture that cannot be painted stays as it is, and all do where there is no canvas.
 *
 * @param {Theme} theme
 */
export function come_alive(theme) {
  // Heatmaps would be blank.
  if (!document.createElement("canvas").getContext("2d")) {
    return;
  }
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
 * @param {HTMLElement} host
 * @param {HTMLImageElement} image
 * @param {import("./scene_types.js").Scene | import("./scene_types.js").Chosen} scene
 * @param {Theme} theme
 */
function replace(host, image, scene, theme) {
  // Notebooks have styles for all tables and letters of an output.
  const inside = document.createElement("div");
  host.attachShadow({ mode: "open" }).append(inside);
  image.style.display = "none";
  // Larger, and a picture would not fit on one screen.
  host.style.maxWidth = "1150px";
  paint_chosen(inside, scene, theme);
}
