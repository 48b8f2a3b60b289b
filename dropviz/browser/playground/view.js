// What is seen of the page's state: buttons, words and the picture of the open tab.

import { element as html, write } from "../lab/element.js";
import { showSequence } from "../lab/sequence_view.js";
import { showValues } from "../lab/values_view.js";
import { paint } from "../scenes/paint.js";
import { rulesOf } from "./methods.js";
import { format } from "./scenario.js";
import { cellScene } from "./scene_cell.js";
import { planScene, unrolledScene } from "./scene_unrolled.js";
import { atlasScene, curvesScene, gatesScene, sequenceOf, valuesOf } from "./scenes.js";
import { actingSpec, idleOf } from "./state.js";
import { answer, figure, intentions, percent } from "./words.js";

/** @typedef {import("./controls.js").Controls} Controls */
/** @typedef {import("../scenes/scene_types.js").Theme} Theme */
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
  return state.source === "keras" ? recorded.spec : actingSpec(tables, state.spec);
}

/**
 * Buttons, controls and what is said about them.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Recorded} recorded
 * @param {Controls} controls
 */
export function showControls(tables, state, recorded, controls) {
  const keras = state.source === "keras";
  const spec = keras ? shownSpec(tables, state, recorded) : state.spec;
  const asking = state.predicting === "asking";
  const trains = keras || state.untrainable === "";
  controls.show(spec, keras ? {} : idleOf(tables, spec));
  controls.disable(keras);
  controls.conceal(asking || state.predicting === "waiting");
  element("train").textContent = state.running ? "Pause" : keras ? "Replay" : "Train";
  const said = element("source-said");
  said.textContent = keras ? `${SENTENCE.keras} (${recorded.made}).` : SENTENCE.page;
  said.className = keras ? "used" : "";
  for (const name of ["train", "step", "reset"]) input(name).disabled = asking || !trains;
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
 * @param {import("./state.js").Data} data
 * @param {State} state
 */
export function draw({ tables, recorded, theme }, state) {
  const { snapshot, tab, predicting } = state;
  const told = element("status");
  // Of each batch a screen reader would not come to an end.
  told.setAttribute("aria-live", state.running ? "off" : "polite");
  write(told, statusOf(tables, state, recorded));
  if (predicting === "asking") return;
  // A picture of a batch is of the setting that it was trained with.
  const spec = snapshot && state.source === "page" ? snapshot.spec : shownSpec(tables, state, recorded);
  const rules = rulesOf(tables.methods, tables.options, spec);
  element("view").hidden = !snapshot || tab === "curves";
  input("sample").value = String(state.sample + 1);
  element("sample-said").textContent = `sequence ${state.sample + 1}`;
  const hidden = predicting === "waiting";
  element("words").hidden = hidden || tab === "masks" || tab === "curves";
  const sentences = hidden
    ? []
    : snapshot
      ? snapshot.sites.map((masks) => answer(tables, masks, snapshot.steps))
      : intentions(tables, spec, rules);
  element("words").replaceChildren(...sentences.map((line) => html("li", {}, line)));
  for (const each of element("pages").querySelectorAll(".pictures")) {
    /** @type {HTMLElement} */ (each).hidden = hidden;
  }
  element("hidden").hidden = !hidden;
  if (hidden) return;
  const source = state.source === "keras" ? USED : DRAWN;
  if (tab === "where") {
    const view = { sample: state.sample, source, recorded: state.source === "keras" };
    paint(
      element("picture-where"),
      snapshot ? unrolledScene(tables, snapshot, view) : planScene(tables, spec, rules),
      theme,
    );
  } else if (tab === "inside") {
    paint(element("cell"), cellScene(tables, spec, rules), theme);
    drawGates(tables, state, theme);
  } else {
    drawTrained(tables, state, source, theme);
  }
}

/**
 * The tabs that show nothing before a batch was trained.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {string} words where the masks come from
 * @param {Theme} theme
 */
function drawTrained(tables, state, words, theme) {
  const { snapshot, tab, sample, source, untrainable } = state;
  const picture = element(`picture-${tab}`);
  if (!snapshot) {
    picture.replaceChildren(
      html("p", { class: "caption" }, untrainable || "Nothing has been trained yet: press Train."),
    );
  } else {
    const masks = tab === "masks";
    const recorded = source === "keras";
    paint(
      picture,
      masks
        ? atlasScene(tables, snapshot, { sample, source: words })
        : curvesScene(tables, snapshot, { recorded }),
      theme,
    );
  }
}

/**
 * What the network reads, and what that made of its gates and states.
 *
 * @param {Tables} tables
 * @param {State} state
 * @param {Theme} theme
 */
function drawGates(tables, { snapshot, sample, step, source, untrainable }, theme) {
  const scene = snapshot && gatesScene(tables, snapshot, { sample });
  const sequence = snapshot && sequenceOf(snapshot, sample);
  element("reads").hidden = !scene;
  element("step-row").hidden = !scene;
  element("values").hidden = !scene;
  if (snapshot && scene && sequence) {
    const at = Math.min(step, snapshot.steps - 1);
    input("at-step").max = String(snapshot.steps);
    input("at-step").value = String(at + 1);
    element("at-step-said").textContent = `step ${at + 1} of ${snapshot.steps}`;
    showSequence(element("reads"), sequence, at, () => {}, theme);
    showValues(element("values"), valuesOf(scene), at);
    paint(element("gates"), scene, theme);
    return;
  }
  const why =
    source === "keras"
      ? "The recorded run holds its masks and losses, not the inside of each pass."
      : untrainable || "Press Train to see gates and states.";
  element("gates").replaceChildren(html("p", { class: "caption" }, why));
}

/**
 * @param {Tables} tables
 * @param {State} state
 * @param {Recorded} recorded
 */
function statusOf(tables, state, recorded) {
  const { snapshot, predicting, running, source } = state;
  if (predicting === "asking") return "predict first";
  if (!snapshot || predicting === "waiting") return untrained(state);
  const ended = source === "keras" && state.replayAt + 1 >= recorded.batches;
  const { batch, perEpoch, losses, curves } = snapshot;
  const accuracy = curves.val_accuracy[curves.val_accuracy.length - 1];
  const parts = [
    running ? "" : ended ? "the end of the recorded run" : "paused",
    `epoch ${Math.floor(batch / perEpoch) + 1}, batch ${(batch % perEpoch) + 1} of ${perEpoch}`,
    losses ? `loss ${figure(losses.loss)}` : "",
    accuracy === undefined ? "" : `${percent(accuracy)} of the validation sequences right`,
    running || source === "keras" ? "" : pending(tables, state, snapshot),
  ];
  return parts.filter(Boolean).join(" · ");
}

/**
 * What there is to say where no batch is shown.
 *
 * @param {State} state
 */
function untrained({ running, stepping, source, untrainable }) {
  if (source === "page" && untrainable) return "cannot train";
  return running || stepping ? "the first batch is on its way ..." : "ready";
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
