/** What the open tab shows: its scenes, and what stands below them. */

import { paint } from "../scenes/paint.js";
import { element, write } from "./element.js";
import { copiedLine } from "./copy_lines.js";
import { showSequence, timeBar } from "./sequence_view.js";
import { showValues } from "./values_view.js";
import { waiting } from "./waiting.js";

/** @typedef {import("./model_types.js").Model} Model */
/** @typedef {import("./model_types.js").Content} Content */

const INSIDE = "Inside"; // the tab

/**
 * The place where tabs are shown.
 *
 * @param {Model} model
 * @param {any} theme Colours, as painters take them.
 * @param {HTMLElement[]} choosers Of the Masks tab.
 * @returns {{
 *   root: HTMLElement, show: (content: Content) => void, again: () => void,
 *   expect: (picture: boolean) => void,
 * }} With what says that a first picture is expected, or none any more.
 */
export function contentView(model, theme, choosers) {
  const places = {
    choosers: element("div", { class: "dropviz-lab-row" }, ...choosers),
    pictures: element("div", { class: "dropviz-lab-pictures" }),
    coming: element("div", { class: "dropviz-lab-coming", role: "status" }),
    time: element("div", { class: "dropviz-lab-when" }),
    sequence: element("div", { class: "dropviz-lab-sequence" }),
    values: element("div", { class: "dropviz-lab-states" }),
    more: element("div", { class: "dropviz-lab-more" }),
    words: element("ul", { class: "dropviz-lab-words" }),
  };
  const choose = (/** @type {number} */ step) => {
    model.set("time", step); // the panel hears of it, and shows it
    model.save_changes();
  };
  const time = timeBar(choose);
  places.time.append(time.root);
  const root = element(
    "div", { class: "dropviz-lab-content", role: "tabpanel", "data-painted": 0 },
    ...Object.values(places),
  );
  /** @type {Content | null} */
  let shown = null;
  let below = ""; // what is written below the pictures
  let opened = false; // whether a cell was, whose inside is on its way
  const wait = waiting((said) => write(places.coming, said));
  const stepsShown = (/** @type {Content} */ content) => {
    const step = Math.min(model.get("time"), (content.steps ?? 1) - 1);
    const { sequence, values } = content;
    places.time.hidden = !sequence;
    places.sequence.hidden = !sequence;
    places.values.hidden = !values;
    time.show(step, content.steps ?? 1);
    if (sequence) {
      showSequence(places.sequence, sequence, step, choose, theme);
    }
    if (values) {
      showValues(places.values, values, step);
    }
  };
  const again = () => {
    if (shown) {
      stepsShown(shown);
    }
  };
  const expect = (/** @type {boolean} */ picture) => (picture && !shown ? wait.begin() : wait.end());
  /** @param {Content} content */
  const show = (content) => {
    wait.end();
    const turned = shown?.tab !== content.tab;
    shown = content;
    root.dataset.tab = content.tab;
    root.setAttribute("aria-label", content.tab);
    places.choosers.hidden = content.tab !== "Masks" || !content.samples;
    write(places.coming, content.coming ?? "");
    paintAll(places.pictures, content.pictures ?? [], theme);
    stepsShown(content);
    if (opened && content.tab === INSIDE) {
      opened = false;
      time.focus();
    }
    const { tab, rows, codes, image, title } = content;
    const wanted = JSON.stringify([tab, rows, codes, image, title]);
    // The same again would take a button away from who presses it.
    if ((turned || rows || codes || image || content.concealed) && wanted !== below) {
      below = wanted;
      places.more.replaceChildren(...more(content));
    }
    list(places.words, content.words ?? []);
    root.dataset.painted = String(Number(root.dataset.painted) + 1);
  };
  root.addEventListener("dropviz-choose", (event) => {
    // The picture that has the focus goes: what takes its place is at the step that was chosen.
    opened = openCell(model, shown, event) && root.contains(document.activeElement);
  });
  return { root, show, again, expect };
}

/**
 * Opens the inside of a cell that was chosen, at its step.
 *
 * @param {Model} model
 * @param {Content | null} content
 * @param {Event} event
 * @returns {boolean} Whether a cell was chosen.
 */
function openCell(model, content, event) {
  const detail = event instanceof CustomEvent ? event.detail : {};
  const chosen = detail.kind === "unrolled" && detail.arrow === "cell";
  if (chosen) {
    model.set("time", content?.pictures?.[0]?.columns?.[detail.column] ?? 0);
    model.set("tab", INSIDE);
    model.save_changes();
  }
  return chosen;
}

/**
 * @param {HTMLElement} place
 * @param {any[]} scenes
 * @param {any} theme
 */
function paintAll(place, scenes, theme) {
  while (place.children.length > scenes.length) {
    place.lastElementChild?.remove();
  }
  scenes.forEach((scene, number) => {
    let container = place.children[number];
    if (!(container instanceof HTMLElement) || container.dataset.kind !== scene.kind) {
      const made = element("div", { "data-kind": scene.kind, class: "dropviz-lab-picture" });
      container ? container.replaceWith(made) : place.append(made);
      container = made;
    }
    paint(/** @type {HTMLElement} */ (container), scene, theme);
  });
}

/**
 * @param {HTMLElement} place
 * @param {string[]} lines
 */
function list(place, lines) {
  const same = place.children.length === lines.length;
  if (!same) {
    place.replaceChildren(...lines.map(() => element("li", {})));
  }
  lines.forEach((line, number) => {
    const item = place.children[number];
    if (item) {
      write(item, line);
    }
  });
}

/**
 * Rows, lines of code, and a picture that matplotlib painted.
 *
 * @param {Content} content
 * @returns {Node[]}
 */
function more({ rows, codes, image, title }) {
  /** @type {Node[]} */
  const made = [];
  if (image) {
    made.push(element("img", { src: `data:image/png;base64,${image.png}`, alt: image.alt }));
  }
  if (rows) {
    const lines = rows.map(([name = "", ...cells]) =>
      element(
        "tr", {}, element("th", { scope: "row" }, name), ...cells.map((each) => element("td", {}, each)),
      ),
    );
    made.push(
      element("table", { class: "dropviz-lab-table" }, element("caption", {}, title ?? ""), ...lines),
    );
  }
  for (const [name = "", text = ""] of codes ?? []) {
    made.push(copiedLine(name, text).root);
  }
  return made;
}
