/** A slider of a drop rate, with a number beside it that stays as it was typed. */

import { element, rateText, write } from "./element.js";
import { MOST, moveByKeys, stopOf } from "./stops.js";

/** @typedef {import("./model_types.js").Model} Model */

const BELOW = 1;

/**
 * A slider for a trait.
 *
 * @param {Model} model
 * @param {string} name The trait, an argument of the layer.
 * @param {string} tip
 * @returns {{root: HTMLElement, show: () => void, allow: (able: boolean) => void}}
 */
export function rateSlider(model, name, tip) {
  const bar = element("input", {
    type: "range", min: 0, max: MOST, step: "any", "aria-label": name, title: tip,
    class: "dropviz-lab-range",
  });
  const box = element("input", {
    type: "text", inputmode: "decimal", "aria-label": `${name}, as a number`, title: tip,
    class: "dropviz-lab-number", autocomplete: "off", spellcheck: "false",
  });
  const said = element("span", { class: "dropviz-lab-wrong", role: "alert" });
  const root = element(
    "div", { class: "dropviz-lab-slider", "data-name": name, "data-argument": name },
    element("div", { class: "dropviz-lab-name" }, element("code", {}, name), box), bar, said,
  );
  // What a pointer holds stays with it, however often the panel changes meanwhile.
  let held = false;
  const show = () => {
    const value = Number(model.get(name));
    if (document.activeElement !== box) {
      box.value = rateText(value);
    }
    if (!held) {
      bar.max = String(Math.max(MOST, value));
      bar.value = String(value);
      showBar(bar);
    }
  };
  const hold = (/** @type {boolean} */ holds) => {
    held = holds;
    show();
  };
  const move = (/** @type {number} */ value) => {
    held = false;
    write(said, "");
    model.set(name, value);
    model.save_changes();
    show();
  };
  listenToBar(model, name, bar, { move, hold });
  box.addEventListener("change", () => {
    const value = read(box.value);
    if (value === null) {
      write(said, `${name} must be at least 0 and below 1.`);
    } else {
      move(value);
      box.value = rateText(value);
    }
  });
  box.addEventListener("input", () => write(said, ""));
  box.addEventListener("blur", show);
  const allow = (/** @type {boolean} */ able) => {
    bar.disabled = !able;
    box.disabled = !able;
    root.toggleAttribute("data-rests", !able);
  };
  return { root, show, allow };
}

/**
 * Says, and colours, where the thumb is.
 *
 * @param {HTMLInputElement} bar
 */
function showBar(bar) {
  bar.setAttribute("aria-valuetext", rateText(Number(bar.value)));
  bar.style.setProperty("--share", `${(100 * Number(bar.value)) / Number(bar.max)}%`);
}

/**
 * @param {Model} model
 * @param {string} name
 * @param {HTMLInputElement} bar
 * @param {{move: (value: number) => void, hold: (holds: boolean) => void}} acts
 */
function listenToBar(model, name, bar, { move, hold }) {
  const training = () => ["compiling", "training"].includes(model.get("state"));
  const stop = () => stopOf(bar);
  bar.addEventListener("input", () => {
    bar.value = String(stop());
    // While it trains each stop of a slider is a change of the schedule, and no place between.
    if (training()) {
      hold(true);
      showBar(bar);
    } else {
      move(Number(bar.value));
    }
  });
  bar.addEventListener("change", () => move(stop()));
  // Of a pointer that is back where it began, or was taken away, no change is told.
  const letGo = () => requestAnimationFrame(() => hold(false));
  ["pointerup", "pointercancel", "blur"].forEach((event) => bar.addEventListener(event, letGo));
  moveByKeys(bar, () => Number(model.get(name)), move);
}

/**
 * @param {string} typed
 * @returns {number | null} None of what is no rate.
 */
function read(typed) {
  const text = typed.trim().replace(",", ".");
  const value = Number(text);
  return text && value >= 0 && value < BELOW ? value : null;
}
