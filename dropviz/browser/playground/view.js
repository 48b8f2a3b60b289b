// What is seen of the page's state: buttons, words and the picture of the open tab.

import { rulesOf } from "./methods.js";
import { paint } from "./pictures.js";
import { format } from "./scenario.js";
import { cellScene, curvesScene, gatesScene, heatmapsScene } from "./scenes.js";
import { columnsFor, planScene, unrolledScene } from "./scene_unrolled.js";
import { actingSpec, idleOf } from "./state.js";
import { html } from "./svg.js";
import { answer, figure, intentions, percent } from "./words.js";

/** @typedef {import("./controls.js").Controls} Controls */
/** @typedef {import("./replay.js").Recorded} Recorded */
/** @typedef {import("./scenario.js").PageSpec} PageSpec */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./tables.js").Tables} Tables */

const DRAWN = "drawn by this page, by the rules measured in Keras";
const USED = "used by Keras";
const SENTENCE = { page: `These masks are ${DRAWN}.`, keras: "These masks were used by Keras" };

export const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
export const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (element(id));

/**
 * Says a sentence about what was asked for; nothing where all is well.
 *
 * @param {string} words
 */
export function say(words) {
  element("said").textContent = words;
}

/**
 * The setting whose masks are shown.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Recorded} recorded
 * @returns {PageSpec}
 */
function shownSpec(tables, state, recorded) {
  return state.source === "keras" ? { ...state.spec, ...recorded.spec } : actingSpec(tables, state.spec);
}

/**
 * Buttons, controls and what is said about them.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Recorded} recorded
 * @param {Controls} controls
 * @param {boolean} trains whether this browser can train
 */
export function showControls(tables, state, recorded, controls, trains) {
  const keras = state.source === "keras";
  const spec = keras ? shownSpec(tables, state, recorded) : state.spec;
  const asking = state.predicting === "asking";
  controls.show(spec, keras ? {} : idleOf(tables, spec));
  controls.disable(keras);
  element("train").textContent = state.running ? "Pause" : keras ? "Replay" : "Train";
  const said = element("source-said");
  said.textContent = keras ? `${SENTENCE.keras} (${recorded.made}).` : SENTENCE.page;
  said.className = keras ? "used" : "";
  for (const name of ["train", "step", "reset"]) input(name).disabled = asking || !(trains || keras);
  input("predict").checked = state.quiz;
  input("predict").disabled = keras;
  input(`source-${state.source}`).checked = true;
  input(`speed-${state.speed}`).checked = true;
  for (const name of ["pages", "tabs"]) element(name).hidden = asking;
  const scenario = format({ spec: shownSpec(tables, state, recorded), quiz: false }, tables);
  element("code").textContent = `dropviz.run("${scenario}")`;
}

/**
 * The open tab.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Recorded} recorded
 */
export function draw(tables, state, recorded) {
  const { snapshot, tab, predicting } = state;
  element("status").textContent = statusOf(tables, state);
  if (predicting === "asking") return;
  const spec = shownSpec(tables, state, recorded);
  const rules = rulesOf(tables.methods, tables.options, spec);
  element("view").hidden = !snapshot || tab === "curves";
  const hidden = predicting === "waiting";
  element("words").hidden = hidden || tab === "masks" || tab === "curves";
  const sentences = snapshot
    ? snapshot.sites.map((masks) => answer(tables, masks, snapshot.steps))
    : intentions(tables, spec, rules);
  element("words").replaceChildren(...sentences.map((line) => html("li", {}, line)));
  for (const each of element("pages").querySelectorAll(".pictures")) /** @type {HTMLElement} */ (each).hidden = hidden;
  element("hidden").hidden = !hidden;
  if (hidden) return;
  if (tab === "where") drawWhere(tables, state, spec, rules, sentences);
  else if (tab === "inside") drawInside(tables, state, spec, rules);
  else drawTrained(tables, state);
}

/**
 * @param {Tables} tables
 * @param {State} state
 * @param {PageSpec} spec
 * @param {import("./masks.js").Rule[]} rules
 * @param {string[]} sentences
 */
function drawWhere(tables, { snapshot, sample, source }, spec, rules, sentences) {
  const picture = element("picture-where");
  const columns = columnsFor(picture.clientWidth);
  const scene = snapshot
    ? unrolledScene(tables, snapshot, { sample, columns, source: source === "keras" ? USED : DRAWN })
    : planScene(tables, spec, rules, { columns, sentences });
  element("title").textContent = scene.title;
  element("under").textContent = scene.said.join(" ");
  paint(picture, scene);
}

/**
 * The tabs that show nothing before a batch was trained.
 *
 * @param {Tables} tables
 * @param {State} state
 */
function drawTrained(tables, { snapshot, tab, sample }) {
  const picture = element(`picture-${tab}`);
  if (!snapshot) {
    picture.replaceChildren(html("p", { class: "caption" }, "Nothing has been trained yet: press Train."));
  } else {
    paint(picture, tab === "masks" ? heatmapsScene(tables, snapshot, { sample }) : curvesScene(tables, snapshot));
  }
}

/**
 * @param {Tables} tables
 * @param {State} state
 * @param {PageSpec} spec
 * @param {import("./masks.js").Rule[]} rules
 */
function drawInside(tables, { snapshot, sample, step, source }, spec, rules) {
  paint(element("cell"), cellScene(tables, spec, rules));
  const scene = snapshot && gatesScene(tables, snapshot, { sample, step });
  element("step-row").hidden = !scene;
  if (scene) {
    input("at-step").max = String(scene.steps);
    element("at-step-said").textContent = `step ${scene.step + 1} of ${scene.steps}`;
    paint(element("gates"), scene);
    return;
  }
  const why =
    source === "keras"
      ? "The recorded run holds its masks and losses, not the inside of each pass."
      : "Press Train to see gates and states.";
  element("gates").replaceChildren(html("p", { class: "caption" }, why));
}

/**
 * @param {Tables} tables
 * @param {State} state
 */
function statusOf(tables, state) {
  const { snapshot, predicting, running } = state;
  if (predicting === "asking") return "predict first";
  if (!snapshot || predicting === "waiting") return "ready";
  const { batch, perEpoch, losses, curves } = snapshot;
  const accuracy = curves.val_accuracy[curves.val_accuracy.length - 1];
  const parts = [
    running ? "" : "paused",
    `epoch ${Math.floor(batch / perEpoch) + 1}, batch ${(batch % perEpoch) + 1} of ${perEpoch}`,
    losses ? `loss ${figure(losses.loss)}` : "",
    accuracy === undefined ? "" : `${percent(accuracy)} of validation right`,
    running || state.source === "keras" ? "" : pending(tables, state, snapshot),
  ];
  return parts.filter(Boolean).join(" · ");
}

/**
 * What was changed since the batch that is shown.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Snapshot} snapshot
 */
function pending(tables, state, { spec }) {
  const now = actingSpec(tables, state.spec);
  const names = /** @type {("dropout" | "recurrent_dropout")[]} */ (tables.rates);
  const moved = names.filter((name) => spec[name] !== now[name]).map((name) => `${name} ${now[name]}`);
  return moved.length ? `from the next batch: ${moved.join(", ")}` : "";
}
