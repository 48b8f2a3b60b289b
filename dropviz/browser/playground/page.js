// The page: what a person asks for goes to the worker, what comes back is drawn.

import { createControls } from "./controls.js";
import { askAll, questionsAbout } from "./quiz.js";
import { replayed } from "./replay.js";
import { checkFields, format, parse, ScenarioError, visible } from "./scenario.js";
import { stepsDrawn } from "./scene_unrolled.js";
import { actingSpec, firstState } from "./state.js";
import { createTabs } from "./tabs.js";
import { createTrainer } from "./trainer.js";
import { draw as drawState, element, input, say, showControls } from "./view.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./trainer.js").Trainer} Trainer */

const CALM = 1000; // milliseconds between pictures for those who asked for less motion
const REPLAY = { full: 80, slow: 500 }; // milliseconds a batch

/** @type {import("./state.js").Data} */
const data = JSON.parse(element("data").textContent ?? "");
const { tables, digits, recorded } = data;
const state = firstState(tables);
/** @type {{timer: ReturnType<typeof setInterval> | undefined, drawn: number, waits: boolean}} */
const clock = { timer: undefined, drawn: 0, waits: false };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const snapshotAt = replayed(recorded);
const trainer = createTrainerHere();
const controls = createControls(element("rates"), element("method"), element("folded"), tables, change);

/** @returns {Trainer | null} */
function createTrainerHere() {
  try {
    return createTrainer(element("worker").textContent ?? "", tables, digits, receive, fail);
  } catch {
    state.untrainable = untrainable("This browser has no workers.");
    return null;
  }
}

/** @param {string} why */
function untrainable(why) {
  return `The page shows what settings will do, and the recorded run, but cannot train: ${why}`;
}

// ---------------------------------------------------------------- what a person asks for

/**
 * @param {string} name
 * @param {string | number | null} value
 */
function change(name, value) {
  const spec = { ...state.spec, [name]: value };
  // Options are those of one method.
  if (name === "method") {
    for (const option of Object.keys(tables.options)) Object.assign(spec, { [option]: null });
  }
  try {
    checkFields(spec, tables);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    refresh();
    say(error.message);
    return;
  }
  say(state.untrainable);
  state.spec = spec;
  if (tables.rates.includes(name) && state.begun) trainer?.rates(actingSpec(tables, spec));
  else restart();
  refresh();
}

/** Begins anew, and goes on where it was going. */
function restart() {
  const going = state.running && !state.quiz;
  pause();
  trainer?.leave();
  Object.assign(state, { begun: false, snapshot: null, asked: [], replayAt: -1 });
  state.predicting = state.quiz ? "waiting" : "";
  element("quiz").replaceChildren();
  if (going) go();
}

function go() {
  state.running = true;
  if (state.source === "keras") {
    if (state.replayAt + 1 >= recorded.batches) state.replayAt = -1;
    clock.timer = setInterval(replayStep, REPLAY[state.speed]);
  } else if (begin() && state.predicting === "waiting") {
    trainer?.step();
    trainer?.step();
  } else {
    trainer?.go(state.speed);
  }
  refresh();
}

/** Has the worker begin this training, unless it has. */
function begin() {
  if (!state.begun) {
    trainer?.begin(actingSpec(tables, state.spec));
    trainer?.look(state.sample);
    state.begun = true;
  }
  return state.begun;
}

function pause() {
  state.running = state.stepping = false;
  clearInterval(clock.timer);
  trainer?.pause();
}

function oneStep() {
  pause();
  if (state.source === "keras") replayStep();
  else if (state.predicting === "waiting") go();
  else if (begin()) {
    state.stepping = true;
    trainer?.step();
  }
  refresh();
}

function replayStep() {
  if (state.replayAt + 1 >= recorded.batches) {
    pause();
    refresh();
    return;
  }
  state.replayAt += 1;
  receive(snapshotAt(state.replayAt));
}

/** @param {"page" | "keras"} source */
function choose(source) {
  pause();
  state.source = source;
  if (source === "keras") state.quiz = false;
  restart();
  if (source === "keras") replayStep();
  refresh();
}

// ---------------------------------------------------------------- what comes back

/** @param {Snapshot} snapshot */
function receive(snapshot) {
  if (state.predicting === "waiting") {
    state.asked.push(snapshot);
    if (state.asked.length === 2) ask();
    return;
  }
  Object.assign(state, { snapshot, stepping: false });
  if (clock.waits) return;
  clock.waits = true;
  const rest = calm.matches && state.running ? CALM - (performance.now() - clock.drawn) : 0;
  setTimeout(() => requestAnimationFrame(drawNow), Math.max(0, rest));
}

function drawNow() {
  clock.waits = false;
  clock.drawn = performance.now();
  draw();
}

/**
 * @param {string} why
 * @param {boolean} started whether the worker ever answered
 */
function fail(why, started) {
  pause();
  if (!started) state.untrainable = untrainable(why);
  // Of a training that never began there is nothing to go on with.
  if (!state.snapshot) state.begun = false;
  refresh();
  say(state.untrainable || why);
}

function ask() {
  pause();
  state.predicting = "asking";
  const questions = questionsAbout(tables, state.asked[0], state.asked[1]);
  refresh();
  askAll(element("quiz"), tables, questions, (points) => {
    state.predicting = "done";
    const earned = `Predicted: ${Number(points.toFixed(2))} of ${questions.length} points.`;
    say(questions.length ? earned : "Nothing is dropped, so that there is nothing to predict.");
    state.snapshot = state.asked[1];
    go();
    element("train").focus();
  });
}

// ---------------------------------------------------------------- what is seen

function draw() {
  drawState(data, state);
}

function refresh() {
  showControls(tables, state, recorded, controls);
  draw();
  if (state.source === "page") writeAddress();
}

function writeAddress() {
  const address = `#${format({ spec: actingSpec(tables, state.spec), quiz: state.quiz }, tables)}`;
  if (location.hash === address) return;
  try {
    history.replaceState(null, "", address);
  } catch {
    // Browsers refuse more than so many changes in a time; the next one writes the address whole.
  }
}

/** @returns {boolean} whether there is another setting now */
function readAddress() {
  let text = location.hash.slice(1);
  if (!text) return false;
  try {
    text = decodeURIComponent(text);
    const { spec, quiz } = parse(text, tables);
    Object.assign(state, { spec, quiz, source: "page" });
    say(state.untrainable);
    return true;
  } catch (error) {
    const why = error instanceof ScenarioError ? error.message : `${visible(text)} cannot be read.`;
    say(`The setting in the address was left out: ${why}`);
    return false;
  }
}

// ---------------------------------------------------------------- the beginning

/**
 * @param {string} name of a group of radio buttons
 * @param {(value: string) => void} onChoice
 */
function onRadio(name, onChoice) {
  for (const each of document.querySelectorAll(`[name=${name}]`)) {
    each.addEventListener("change", () => onChoice(/** @type {HTMLInputElement} */ (each).value));
  }
}

function listen() {
  element("train").addEventListener("click", () => {
    if (!state.running) return go();
    pause();
    refresh();
  });
  element("step").addEventListener("click", oneStep);
  element("reset").addEventListener("click", () => choose(state.source));
  element("predict").addEventListener("change", () => {
    state.quiz = input("predict").checked;
    restart();
    refresh();
  });
  onRadio("speed", (value) => {
    state.speed = value === "slow" ? "slow" : "full";
    if (!state.running) return;
    pause();
    go();
  });
  onRadio("source", (value) => choose(value === "keras" ? "keras" : "page"));
  element("sample").addEventListener("input", () => {
    state.sample = Number(input("sample").value) - 1;
    trainer?.look(state.sample);
    draw();
  });
  element("picture-where").addEventListener("dropviz-choose", (event) => {
    const { kind, arrow, column } = event instanceof CustomEvent ? event.detail : {};
    if (kind !== "unrolled" || arrow !== "cell" || !state.snapshot) return;
    state.step = stepsDrawn(state.snapshot.steps)[column] ?? 0;
    element("tab-inside").click();
    input("at-step").focus();
  });
  element("at-step").addEventListener("input", () => {
    state.step = Number(input("at-step").value) - 1;
    draw();
  });
  window.addEventListener("hashchange", () => {
    // A training goes on where nothing else was asked for.
    if (readAddress()) restart();
    refresh();
  });
}

/** Makes room for pictures where there is little: folds what comes after the buttons away. */
function fitWhereNarrow() {
  const narrow = matchMedia("(max-width: 900px)");
  const fold = () => element("more").toggleAttribute("open", !narrow.matches);
  narrow.addEventListener("change", fold);
  fold();
  // What is scrolled to stops below the sliders, however long the note beside them is.
  const height = () => `${element("rates").offsetHeight}px`;
  const tell = () => document.documentElement.style.setProperty("--rates-height", height());
  new ResizeObserver(tell).observe(element("rates"));
}

if (!document.createElement("canvas").getContext("2d")) {
  element("lacks").textContent =
    "This browser has no canvas: heatmaps of masks and gates are missing; arrows, curves and numbers are here.";
}
if (calm.matches) state.speed = "slow";
fitWhereNarrow();
readAddress();
listen();
restart();
createTabs(element("tabs"), (name) => {
  state.tab = name;
  draw();
})("where");
refresh();
if (state.untrainable) say(state.untrainable);
element("main").inert = false;
