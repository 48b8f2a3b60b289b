/** Scenes to choose from, with what chooses among them above. */

import { paint } from "./paint.js";
import { styleText } from "./style.js";
import { appearance, followAppearance, setColours } from "./theme.js";

/** @typedef {import("./scene_types.js").Chosen} Chosen */
/** @typedef {import("./scene_types.js").Scene} Scene */
/** @typedef {import("./scene_types.js").Theme} Theme */

/**
 * Paints a scene, or scenes to choose from.
 *
 * @param {HTMLElement} container
 * @param {Scene | Chosen} scene
 * @param {Theme} theme
 */
export function paintChosen(container, scene, theme) {
  if (scene.kind !== "chosen") {
    paint(container, scene, theme);
    return;
  }
  const place = document.createElement("div");
  const at = scene.choosers.map((each) => each.at);
  const show = () => {
    const number = scene.choosers.reduce(
      (before, { options }, which) => before * options.length + (at[which] ?? 0), 0);
    const chosen = scene.scenes[number];
    if (chosen) {
      paint(place, chosen, theme);
    }
  };
  const fields = scene.choosers.map(({ name, options }, which) =>
    field(name, options, at[which] ?? 0, (number) => {
      at[which] = number;
      show();
    }));
  const row = document.createElement("div");
  row.className = "dropviz-scene dropviz-key";
  row.append(...fields.filter((each) => each !== null));
  const colours = () => setColours(row, theme[appearance(container)]);
  colours();
  followAppearance(row, colours);
  const style = document.createElement("style");
  style.textContent = styleText();
  container.replaceChildren(style, ...(row.children.length ? [row] : []), place);
  show();
}

/**
 * A field with its name; none where there is nothing to choose.
 *
 * @param {string} name
 * @param {string[]} options
 * @param {number} at
 * @param {(number: number) => void} choose
 * @returns {HTMLElement | null}
 */
function field(name, options, at, choose) {
  if (options.length < 2) {
    return null;
  }
  const select = document.createElement("select");
  for (const each of options) {
    select.append(new Option(each, each));
  }
  select.selectedIndex = at;
  select.addEventListener("change", () => choose(select.selectedIndex));
  // Notebooks have shortcuts of their own.
  select.addEventListener("keydown", (event) => event.stopPropagation());
  const label = document.createElement("label");
  label.append(`${name} `, select);
  return label;
}
