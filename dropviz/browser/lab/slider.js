/** A slider of a drop rate, with a number beside it that stays as it was typed. */

import { element, rate_text, write } from "./element.js";

/** @typedef {import("./model_types.js").Model} Model */

const STEP = 0.05;
const MOST = 0.95;
const BELOW = 1;

/**
 * A slider for a trait.
 *
 * @param {Model} model
 * @param {string} name The trait, an argument of the layer.
 * @param {string} tip
 * @returns {{root: HTMLElement, show: () => void, allow: (able: boolean) => void}}
 */
export function rate_slider(model, name, tip) {
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
      box.value = rate_text(value);
    }
    if (!held) {
      bar.max = String(Math.max(MOST, value));
      bar.value = String(value);
      show_bar(bar);
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
  listen_to_bar(model, name, bar, { move, hold });
  box.addEventListener("change", () => {
    const value = read(box.value);
    if (value === null) {
      write(said, `${name} must be at least 0 and below 1.`);
    } else {
      move(value);
      box.value = rate_text(value);
    }
  });
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
function show_bar(bar) {
  bar.setAttribute("aria-valuetext", rate_text(Number(bar.value)));
  bar.style.setProperty("--share", `${(100 * Number(bar.value)) / Number(bar.max)}%`);
}

/**
 * @param {Model} model
 * @param {string} name
 * @param {HTMLInputElement} bar
 * @param {{move: (value: number) => void, hold: (holds: boolean) => void}} acts
 */
function listen_to_bar(model, name, bar, { move, hold }) {
  const training = () => ["compiling", "training"].includes(model.get("state"));
  // A range of any step is where the pointer is: to the nearest twentieth that is a rate.
  const stop = () => Math.min(nearest(Number(bar.value)), Number(bar.max));
  bar.addEventListener("input", () => {
    bar.value = String(stop());
    // While it trains each stop of a slider is a change of the schedule, and no place between.
    if (training()) {
      hold(true);
      show_bar(bar);
    } else {
      move(Number(bar.value));
    }
  });
  bar.addEventListener("change", () => move(stop()));
  // Of a pointer that is back where it began, or was taken away, no change is told.
  const let_go = () => requestAnimationFrame(() => hold(false));
  ["pointerup", "pointercancel", "blur"].forEach((event) => bar.addEventListener(event, let_go));
  bar.addEventListener("keydown", (event) => {
    const to = moved(Number(model.get(name)), event.key, Number(bar.max));
    if (to !== null && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      move(to);
    }
  });
}

/**
 * @param {number} value
 * @returns {number}
 */
function nearest(value) {
  return Number((Math.round(value / STEP) * STEP).toFixed(2));
}

/**
 * Where a key moves a rate: to the next twentieth, from wherever it is.
 *
 * @param {number} value
 * @param {string} key
 * @param {number} most
 * @returns {number | null}
 */
function moved(value, key, most) {
  const near = 1e-9;
  const up = (/** @type {number} */ by) => nearest(Math.floor(value / STEP + near) * STEP + by);
  const down = (/** @type {number} */ by) => nearest(Math.ceil(value / STEP - near) * STEP - by);
  /** @type {Record<string, number>} */
  const places = {
    ArrowRight: up(STEP), ArrowUp: up(STEP), ArrowLeft: down(STEP), ArrowDown: down(STEP),
    PageUp: up(2 * STEP), PageDown: down(2 * STEP), Home: 0, End: most,
  };
  const to = places[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), most);
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
