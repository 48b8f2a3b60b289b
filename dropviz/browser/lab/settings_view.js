/** Method, buttons, and the settings that fold away. */

import { element, write } from "./element.js";

/** @typedef {import("./model_types.js").Model} Model */
/** @typedef {{root: HTMLElement, show: () => void, allow: (able: boolean) => void}} Control */

/**
 * A menu for a trait.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string[][]} choices Values with what is shown of them.
 * @param {string} tip
 * @returns {Control}
 */
export function menu(model, name, choices, tip) {
  const field = element("select", { "aria-label": name, title: tip, "data-trait": name });
  for (const [value = "", text = value] of choices) {
    field.append(element("option", { value }, text));
  }
  field.addEventListener("change", () => {
    model.set(name, field.value);
    model.save_changes();
  });
  return {
    root: labelled(name, field),
    show: () => {
      field.value = String(model.get(name));
    },
    allow: (able) => {
      field.disabled = !able;
    },
  };
}

/**
 * A whole number for a trait; empty is none, where that may be.
 *
 * @param {Model} model
 * @param {string} name
 * @param {{low: number, high: number, empty: string}} range What an empty field means; "" if it
 *   may not be empty.
 * @param {string} tip
 * @returns {Control}
 */
export function wholeNumber(model, name, range, tip) {
  const field = element("input", {
    type: "text", inputmode: "numeric", "aria-label": name, title: tip, "data-trait": name,
    placeholder: range.empty, class: "dropviz-lab-number", autocomplete: "off",
  });
  const said = element("span", { class: "dropviz-lab-wrong", role: "alert" });
  const show = () => {
    const value = model.get(name);
    if (document.activeElement !== field) {
      field.value = value === null ? "" : String(value);
    }
  };
  field.addEventListener("blur", show);
  field.addEventListener("input", () => write(said, ""));
  field.addEventListener("change", () => {
    const text = field.value.trim();
    const value = Number(text);
    // In digits alone: of 0x10 a script makes 16.
    const fits = /^\d+$/.test(text) && value >= range.low && value <= range.high;
    if (text === "" ? !range.empty : !fits) {
      write(said, `${name} must be a whole number from ${range.low} to ${range.high}.`);
      return;
    }
    write(said, "");
    model.set(name, text === "" ? null : value);
    model.save_changes();
  });
  return {
    root: element("span", {}, labelled(name, field), said),
    show,
    allow: (able) => {
      field.disabled = !able;
    },
  };
}

/**
 * A box to tick for a trait.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string} label
 * @param {string} tip
 * @returns {Control}
 */
export function tick(model, name, label, tip) {
  const field = element("input", { type: "checkbox", "data-trait": name, title: tip });
  field.addEventListener("change", () => {
    model.set(name, field.checked);
    model.save_changes();
  });
  return {
    root: element("label", { class: "dropviz-lab-tick", title: tip }, field, label),
    show: () => {
      field.checked = Boolean(model.get(name));
    },
    allow: (able) => {
      field.disabled = !able;
    },
  };
}

/**
 * A button that Python acts on.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string} label
 * @param {string} tip
 * @returns {Control}
 */
export function pressButton(model, name, label, tip) {
  const root = element("button", { type: "button", title: tip, "data-press": name }, label);
  let able = true;
  // Whoever pressed it keeps the focus, which a disabled button would lose.
  const settle = () => {
    const held = !able && root.matches(":focus");
    root.disabled = !able && !held;
    root.setAttribute("aria-disabled", String(!able));
  };
  root.addEventListener("blur", () => setTimeout(settle));
  root.addEventListener("click", () => {
    if (able) {
      model.send({ kind: "press", name });
      root.dispatchEvent(new CustomEvent("dropviz-press", { bubbles: true }));
    }
  });
  return {
    root,
    show: () => {},
    allow: (now) => {
      able = now;
      settle();
    },
  };
}

/**
 * @param {string} name
 * @param {HTMLElement} field
 * @returns {HTMLElement}
 */
function labelled(name, field) {
  return element("label", { class: "dropviz-lab-field" }, element("span", {}, name), field);
}
