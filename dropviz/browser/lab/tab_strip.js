/** The tabs: four of them, and more in a menu. */

import { element } from "./element.js";

/** @typedef {import("./model_types.js").Model} Model */

const SHOWN = 4;

/**
 * Tabs that a person turns by click or by key.
 *
 * @param {Model} model
 * @param {HTMLElement} page What they turn; it gets an id, if it has none.
 * @returns {{root: HTMLElement, show: () => void}}
 */
export function tabStrip(model, page) {
  page.id ||= `dropviz-page-${Math.random().toString(36).slice(2)}`;
  /** @type {string[]} */
  const names = model.get("offers").tabs;
  const turn = (/** @type {string} */ name) => {
    model.set("tab", name);
    model.save_changes();
    show();
  };
  const tabs = names.slice(0, SHOWN).map((name) => {
    const tab = element(
      "button", { type: "button", role: "tab", "data-tab": name, "aria-controls": page.id }, name,
    );
    tab.addEventListener("click", () => turn(name));
    return tab;
  });
  const list = element("div", { role: "tablist", class: "dropviz-lab-tabs" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((each) => each === event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined && at >= 0) {
      event.preventDefault();
      const next = tabs.at(to % tabs.length);
      next?.focus();
      turn(next?.dataset.tab ?? "");
    }
  });
  const more = element("select", { "aria-label": "More views", "data-trait": "tab" });
  more.append(element("option", { value: "" }, "More"));
  for (const name of names.slice(SHOWN)) {
    more.append(element("option", { value: name }, name));
  }
  more.addEventListener("change", () => turn(more.value || (names[0] ?? "")));
  const show = () => {
    const open = model.get("tab");
    tabs.forEach((each, number) => {
      const isOpen = each.dataset.tab === open;
      each.setAttribute("aria-selected", String(isOpen));
      each.tabIndex = isOpen || (number === 0 && names.indexOf(open) >= SHOWN) ? 0 : -1;
    });
    more.value = names.indexOf(open) >= SHOWN ? open : "";
    more.toggleAttribute("data-open", more.value !== "");
  };
  return { root: element("div", { class: "dropviz-lab-strip" }, list, more), show };
}
