// The worker that trains, so that the page stays free.

import { seeded } from "./random.js";
import { snapshotOf } from "./snapshot.js";
import { digits, temporalOrder } from "./tasks.js";
import { begin, trainBatch } from "./training.js";

/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./tasks.js").PackedDigits} PackedDigits */
/** @typedef {import("./tasks.js").Task} Task */
/** @typedef {import("./training.js").Batch} Batch */
/** @typedef {import("./training.js").Spec} Spec */
/** @typedef {import("./training.js").Training} Training */

/**
 * What the page asks for.
 *
 * @typedef {(
 *   | {kind: "data", tables: Tables, digits: PackedDigits}
 *   | {kind: "begin", spec: Spec, training: number}
 *   | {kind: "rates", spec: Spec}
 *   | {kind: "go", speed: "full" | "slow"}
 *   | {kind: "step"}
 *   | {kind: "pause"}
 *   | {kind: "sample", sample: number}
 * )} Request
 */

/**
 * What it answers: a batch of the training that it was asked for, or why there is none.
 *
 * @typedef {{training: number, snapshot?: import("./snapshot.js").Snapshot, failed?: string}} Answer
 */

const SHOWN = 60; // milliseconds from one picture to the next, at full speed
const SLOW = 500; // milliseconds a batch
const VALIDATION = 512; // sequences of a task that is generated

const state = {
  /** @type {Tables | null} */ tables: null,
  /** @type {PackedDigits | null} */ packed: null,
  /** @type {Record<string, Promise<Task>>} */ tasks: {},
  /** @type {Training | null} */ training: null,
  /** @type {Batch | null} */ last: null,
  /** @type {"full" | "slow" | ""} */ speed: "",
  called: false, // whether a message to oneself is on its way
  number: 0,
  sample: 0,
  shown: 0,
  /** @type {ReturnType<typeof setTimeout> | undefined} */ timer: undefined,
};

// A message to oneself comes at once; a timer would wait for four milliseconds after each batch.
const again = new MessageChannel();
again.port1.onmessage = () => {
  state.called = false;
  run();
};

/** @type {Promise<void>} requests are answered in their order, also while data are unpacked */
let queue = Promise.resolve();
self.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data)).catch((error) => post({ failed: String(error) }));
};

/** @param {Request} request */
async function answer(request) {
  if (request.kind === "data") {
    state.tables = request.tables;
    state.packed = request.digits;
  } else if (request.kind === "begin") {
    await beginTraining(request.spec, request.training);
  } else if (request.kind === "rates") {
    if (state.training) state.training.spec = request.spec;
  } else if (request.kind === "go") {
    state.speed = request.speed;
    clearTimeout(state.timer);
    if (!state.called) run();
  } else if (request.kind === "step") {
    oneBatch(true);
  } else if (request.kind === "pause") {
    state.speed = "";
    clearTimeout(state.timer);
    show();
  } else if (request.kind === "sample") {
    state.sample = request.sample;
    if (!state.speed) show();
  }
}

/**
 * @param {Spec} spec
 * @param {number} number
 */
async function beginTraining(spec, number) {
  const { tables } = state;
  // Before anything can fail: the page hears of the training that it asked for.
  Object.assign(state, { number, training: null, last: null, speed: "" });
  clearTimeout(state.timer);
  if (!tables) return;
  state.training = begin(tables, await taskOf(spec.task, tables), spec);
}

/**
 * @param {string} name
 * @param {Tables} tables
 * @returns {Promise<Task>}
 */
async function taskOf(name, tables) {
  state.tasks[name] ??= load(name, tables);
  try {
    return await state.tasks[name];
  } catch (error) {
    delete state.tasks[name]; // so that it can be tried again
    throw error;
  }
}

/**
 * @param {string} name
 * @param {Tables} tables
 * @returns {Promise<Task>}
 */
async function load(name, tables) {
  if (name === "digits" && state.packed) return digits(state.packed);
  const sizes = tables.tasks[name];
  const random = seeded(0);
  const training = temporalOrder(sizes, random);
  return { training, validation: temporalOrder({ ...sizes, samples: VALIDATION }, random) };
}

function run() {
  if (!state.speed || !state.training) return;
  oneBatch(state.speed === "slow" || performance.now() - state.shown >= SHOWN);
  if (state.speed === "slow") state.timer = setTimeout(run, SLOW);
  else callAgain();
}

function callAgain() {
  state.called = true;
  again.port2.postMessage(null);
}

/** @param {boolean} shown */
function oneBatch(shown) {
  if (!state.training) return;
  state.last = trainBatch(state.training);
  if (!Number.isFinite(state.last.prediction.loss)) {
    state.speed = "";
    show();
    post({ failed: "The loss is not finite any more." });
  } else if (shown) {
    show();
  }
}

function show() {
  if (!state.training || !state.last) return;
  state.shown = performance.now();
  post({ snapshot: snapshotOf(state.training, state.last, state.sample) });
}

/** @param {Omit<Answer, "training">} message */
function post(message) {
  self.postMessage({ training: state.number, ...message });
}
