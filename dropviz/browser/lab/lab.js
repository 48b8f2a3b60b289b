/** The lab: one widget, drawn from its model's traits and from the pictures that Python sends. */

import { appearance, followAppearance, setColours } from "../scenes/theme.js";
import { pictureAnswers } from "./answer_pictures.js";
import { contentView } from "./content_view.js";
import { copiedLine } from "./copy_lines.js";
import { element, write } from "./element.js";
import { keepKeys } from "./keep_keys.js";
import { gateMenu, sampleField } from "./mask_choosers.js";
import { quizView } from "./quiz_view.js";
import { menu, pressButton, tick, wholeNumber } from "./settings_view.js";
import { rateSlider } from "./slider.js";
import { tabStrip } from "./tab_strip.js";
import { answered } from "./waiting.js";
import { watchSeen } from "./watch_seen.js";

/** @typedef {import("./model_types.js").Model} Model */
/** @typedef {import("./model_types.js").Content} Content */
/** @typedef {import("./settings_view.js").Control} Control */

const GONE =
  "The kernel of this panel is gone, and what stands here is the last of it. Run its cell again.";

/**
 * Draws the lab for anywidget.
 *
 * @param {{model: Model, el: HTMLElement}} given
 * @param {any} theme Colours, as painters take them.
 * @returns {() => void} Ends the view.
 */
export function renderLab({ model, el }, theme) {
  const status = element("div", { class: "dropviz-lab-status" });
  const asked = answered(model, (said) => {
    status.setAttribute("role", "alert");
    write(status, said);
  });
  const controls = everyControl(asked.model);
  const viewName = String(Math.random()); // a model may have several views, in several pages
  const choosers = [sampleField(model), gateMenu(model)];
  const view = contentView(model, theme, choosers.map((each) => each.root));
  const progress = element("progress", { max: 1, value: 0, "aria-label": "progress" });
  const note = element("div", { class: "dropviz-lab-note" });
  const quiz = quizView(model, () => controls.pause?.root.focus());
  const tabs = tabStrip(model, view.root);
  const root = element("div", { class: "dropviz-lab", "data-state": model.get("state") });
  const lines = copies(model);
  // While this panel lives in a page, the page hides the panel's static copy.
  const hides = element("style", {}, `.${model.get("mark")}{display:none}`);
  root.append(hides, ...arranged(controls, { status, progress, note, quiz, tabs, view, lines }));
  root.addEventListener("dropviz-press", asked.begin);
  el.append(root);
  const colour = () => {
    const tone = appearance(el);
    root.dataset.tone = tone;
    setColours(root, theme[tone]);
  };
  colour();

  let dead = false;
  const show = () => {
    if (dead) {
      return;
    }
    root.dataset.state = model.get("state");
    write(status, model.get("status"));
    status.title = model.get("status");
    const alert = model.get("alert");
    status.setAttribute("role", alert ? "alert" : "status");
    // Of each quarter of a second of a training a screen reader would not come to an end.
    const calm = model.get("state") === "training" ? "off" : "polite";
    status.setAttribute("aria-live", alert ? "assertive" : calm);
    progress.value = model.get("progress");
    write(note, model.get("note"));
    showControls(model, controls);
    choosers.forEach((each) => each.show());
    tabs.show();
    lines.show();
  };
  const ask = () => {
    if (!dead) {
      quiz.show();
      show();
    }
  };
  const die = () => {
    dead = true;
    asked.end();
    view.expect(false);
    gone(model, root, status);
  };
  const answers = pictureAnswers(model);
  const ends = [
    listening(model, "change", show),
    listening(model, "change:question", ask),
    listening(model, "change:time", view.again),
    listening(model, "msg:custom", newest(view.show, answers.painted)),
    answers.end,
    asked.end,
    listening(model, "comm_live_update", die),
    watchSeen(root, (seen) => {
      model.send({ kind: "seen", view: viewName, seen });
      view.expect(seen && !dead);
    }),
    // Asked again then: anywidget puts it into the page later.
    followAppearance(root, colour),
    keepKeys(root),
  ];
  ask();
  return () => {
    ends.forEach((end) => end());
    root.remove();
  };
}

/**
 * @param {Model} model
 * @returns {Record<string, Control>}
 */
function everyControl(model) {
  const { tips, methods, tasks, speeds, limits } = model.get("offers");
  const pairs = (/** @type {string[]} */ names) => names.map((each) => [each, each]);
  const whole = (/** @type {string} */ name, empty = "") =>
    wholeNumber(model, name, { low: limits[name][0], high: limits[name][1], empty }, tips[name]);
  return {
    dropout: rateSlider(model, "dropout", tips.dropout),
    recurrent_dropout: rateSlider(model, "recurrent_dropout", tips.recurrent_dropout),
    method: menu(model, "method", pairs(methods), tips.method),
    train: pressButton(model, "train", "Train", tips.train),
    pause: pressButton(model, "pause", "Pause", tips.pause),
    step: pressButton(model, "step", "Step", tips.step),
    stop: pressButton(model, "stop", "Stop", tips.stop),
    speed: menu(model, "speed", pairs(speeds), tips.speed),
    task: menu(model, "task", tasks, tips.task),
    units: whole("units"),
    epochs: whole("epochs", "until stopped"),
    seed: whole("seed"),
    freeze: tick(model, "freeze", "freeze masks", tips.freeze),
    quiz: tick(model, "quiz", "predict first", tips.quiz),
    reset: pressButton(model, "reset", "Reset", tips.reset),
    cost: pressButton(
      model,
      "cost",
      "Measure",
      "Time training batches with these rates and without dropout, in turn.",
    ),
    verdict: pressButton(
      model,
      "verdict",
      "Experiment",
      "Find out from outside where this layer drops. Takes seconds.",
    ),
  };
}

/**
 * @param {Record<string, Control>} controls
 * @param {any} parts
 * @returns {Node[]}
 */
function arranged(controls, { status, progress, note, quiz, tabs, view, lines }) {
  const root = (/** @type {string} */ name) => controls[name]?.root ?? null;
  const row = (/** @type {string} */ kind, /** @type {(Node | null)[]} */ ...parts) =>
    element("div", { class: kind }, ...parts);
  const folded = row(
    "dropviz-lab-fold",
    row(
      "dropviz-lab-row", ...["task", "units", "seed", "epochs", "freeze", "quiz", "reset"].map(root),
    ),
    note, lines.root,
  );
  tabs.root.append(foldButton("Settings", folded));
  const below = element("div", { class: "dropviz-lab-measures" }, root("cost"), root("verdict"));
  return [
    row("dropviz-lab-rates", root("dropout"), root("recurrent_dropout")),
    row(
      "dropviz-lab-run", root("method"),
      row("dropviz-lab-buttons", ...["train", "pause", "step", "stop", "speed"].map(root)),
      row("dropviz-lab-said", status, progress),
    ),
    tabs.root, folded, quiz.root, view.root, below,
  ];
}

/**
 * A button that unfolds a part.
 *
 * @param {string} label
 * @param {HTMLElement} part
 * @returns {HTMLElement}
 */
function foldButton(label, part) {
  const button = element("button", { type: "button", class: "dropviz-lab-unfold" }, label);
  const fold = (/** @type {boolean} */ folded) => {
    part.hidden = folded;
    button.setAttribute("aria-expanded", String(!folded));
  };
  button.addEventListener("click", () => fold(!part.hidden));
  fold(true);
  return button;
}

/**
 * @param {Model} model
 * @param {Record<string, Control>} controls
 */
function showControls(model, controls) {
  const [able, hidden] = [model.get("able"), model.get("hidden")];
  for (const [name, control] of Object.entries(controls)) {
    control.show();
    control.allow(able[name] !== false);
    control.root.hidden = hidden.includes(name);
  }
  const paused = model.get("state") === "paused";
  const pause = controls.pause?.root;
  if (pause) {
    write(pause, paused ? "Resume" : "Pause");
  }
  const tab = model.get("tab");
  for (const [name, at] of [["cost", "Cost"], ["verdict", "Verdict"]]) {
    const control = controls[name ?? ""];
    if (control) {
      control.root.hidden = tab !== at;
    }
  }
}

/**
 * @param {Model} model
 * @returns {{root: HTMLElement, show: () => void}}
 */
function copies(model) {
  const titles = { magic: "the same without the panel", scenario: "as a scenario", link: "page without Python" };
  const made = Object.entries(titles).map(([name, title]) => ({ name, ...copiedLine(title, "") }));
  const cut = element("div", { class: "dropviz-lab-cut" });
  return {
    root: element("div", { class: "dropviz-lab-copies" }, ...made.map((each) => each.root), cut),
    show: () => {
      write(cut, model.get("copies").cut ?? "");
      for (const each of made) {
        const line = model.get("copies")[each.name] ?? "";
        each.show(line);
        each.root.hidden = !line;
      }
    },
  };
}

/**
 * Paints a picture as it comes; of several before the page is next drawn the first and the newest.
 *
 * @param {(content: Content) => void} show
 * @param {(number: number, together: number) => void} painted Told after each.
 * @returns {(message: {kind: string, text: string}) => void}
 */
function newest(show, painted) {
  let [waiting, drawing] = ["", false];
  const paint = () => {
    drawing = waiting !== "";
    if (!drawing) {
      return;
    }
    requestAnimationFrame(paint);
    /** @type {Content} */
    const content = JSON.parse(waiting);
    waiting = "";
    try {
      show(content);
    } finally {
      painted(content.number, content.together);
    }
  };
  return (message) => {
    if (message.kind !== "picture") {
      return;
    }
    waiting = message.text;
    if (!drawing) {
      paint();
    }
  };
}

/**
 * @param {Model} model
 * @param {string} event
 * @param {(...given: any[]) => void} listener
 * @returns {() => void}
 */
function listening(model, event, listener) {
  model.on(event, listener);
  return () => model.off(event, listener);
}

/**
 * @param {Model} model
 * @param {HTMLElement} root
 * @param {HTMLElement} status
 */
function gone(model, root, status) {
  root.dataset.state = "gone";
  status.setAttribute("role", "alert");
  write(status, GONE);
  root.querySelectorAll("button, input, select").forEach((each) => each.setAttribute("disabled", ""));
}
