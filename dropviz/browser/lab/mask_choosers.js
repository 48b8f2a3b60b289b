/** Which masks the tab of them shows: of which sample, and of which gate. */

import { element } from "./element.js";
import { menu } from "./settings_view.js";

/** @typedef {import("./model_types.js").Model} Model */
/** @typedef {import("./settings_view.js").Control} Control */

/**
 * The sample whose masks are shown.
 *
 * @param {Model} model
 * @returns {Control}
 */
export function sampleField(model) {
  const [min, max] = model.get("offers").limits.sample;
  const field = element("input", {
    type: "number", min, max, "aria-label": "sample", "data-trait": "sample",
  });
  const show = () => {
    // What is being typed stays, however often the panel changes meanwhile.
    if (document.activeElement !== field) {
      field.value = String(model.get("sample") + 1);
    }
  };
  field.addEventListener("change", () => {
    model.set("sample", Math.max(0, Math.round(Number(field.value) || 1) - 1));
    model.save_changes();
  });
  field.addEventListener("blur", show);
  return {
    root: element("label", { class: "dropviz-lab-field" }, element("span", {}, "sample"), field),
    show,
    allow: () => {},
  };
}

/**
 * @param {Model} model
 * @returns {Control}
 */
export function gateMenu(model) {
  const choices = [["", "all"], ...model.get("offers").gates.map((/** @type {string} */ g) => [g, g])];
  return menu(model, "gate", choices, "The gate whose masks are shown larger.");
}
