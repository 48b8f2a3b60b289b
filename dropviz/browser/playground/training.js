// One training: weights, an optimizer, and masks drawn anew for each batch.

import { adam, step as takeStep } from "./adam.js";
import { initialise } from "./initialise.js";
import { atInference, drawAll } from "./masks.js";
import { rulesOf } from "./methods.js";
import { gradients, listed, predict } from "./model.js";
import { seeded } from "./random.js";
import { taken } from "./tasks.js";

/** @typedef {import("./initialise.js").Weights} Weights */
/** @typedef {import("./masks.js").Masks} Masks */
/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./methods.js").Setting} Setting */
/** @typedef {import("./model.js").Prediction} Prediction */
/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./tasks.js").Labelled} Labelled */
/** @typedef {import("./tasks.js").Task} Task */

const MEASURED = 256; // training sequences at the end of an epoch, so that it takes little of it
const PRECISION = Float32Array; // as Keras, and quicker than double

/** @typedef {Setting & {task: string, units: number, seed: number}} Spec */

/**
 * What happened in one batch.
 *
 * @typedef {object} Batch
 * @property {number} number from 0 over the whole training
 * @property {Spec} spec that it was trained with
 * @property {Labelled} data
 * @property {Rule[]} rules
 * @property {Masks} masks that multiplied
 * @property {Prediction} prediction
 */

/**
 * Losses by epoch, named as Python's curves are.
 *
 * @typedef {Record<"loss" | "loss_dropout_on" | "loss_dropout_off" | "val_loss" | "val_accuracy", number[]>} Curves
 */

/**
 * @typedef {object} Training
 * @property {Tables} tables
 * @property {Task} task
 * @property {Spec} spec as it is now: rates may have been changed on the way
 * @property {Weights} weights
 * @property {import("./adam.js").Adam} optimizer
 * @property {Random} random
 * @property {Int32Array} order of the sequences in this epoch
 * @property {number} batches done
 * @property {number} perEpoch
 * @property {number[]} losses of the batches of this epoch so far
 * @property {Curves} curves
 * @property {number} measured training sequences that two of the curves are measured on
 */

/**
 * @param {Tables} tables
 * @param {Task} task
 * @param {Spec} spec
 * @returns {Training}
 */
export function begin(tables, task, spec) {
  const random = seeded(spec.seed);
  const { features, classes, learningRate } = tables.tasks[spec.task];
  const weights = initialise({ features, units: spec.units, classes }, random, PRECISION);
  const { samples } = task.training.x;
  return {
    ...{ tables, task, spec, weights, random },
    optimizer: adam(listed(weights), learningRate),
    order: Int32Array.from({ length: samples }, (_, at) => at),
    batches: 0,
    perEpoch: Math.ceil(samples / tables.batchSize),
    losses: [],
    measured: Math.min(MEASURED, samples),
    curves: { loss: [], loss_dropout_on: [], loss_dropout_off: [], val_loss: [], val_accuracy: [] },
  };
}

/**
 * Trains on one batch; at the end of an epoch measures the curves.
 *
 * @param {Training} training
 * @returns {Batch}
 */
export function trainBatch(training) {
  const { tables, task, spec, weights, random, order } = training;
  const within = training.batches % training.perEpoch;
  if (within === 0) random.shuffle(order);
  const from = within * tables.batchSize;
  const data = taken(task.training, order.subarray(from, from + tables.batchSize));
  const rules = rulesOf(tables.methods, tables.options, spec);
  const sizes = { ...data.x, units: spec.units };
  const masks = drawAll(rules, tables.sites, sizes, random, PRECISION);
  const prediction = predict(weights, data.x, data.y, masks);
  takeStep(training.optimizer, listed(weights), gradients(weights, data.x, data.y, masks, prediction));
  const batch = { number: training.batches, spec: { ...spec }, data, rules, masks, prediction };
  training.batches += 1;
  training.losses.push(prediction.loss);
  if (training.batches % training.perEpoch === 0) endEpoch(training);
  return batch;
}

/** @param {Training} training */
function endEpoch(training) {
  const { tables, task, spec, weights, curves, losses, batches } = training;
  const rules = rulesOf(tables.methods, tables.options, spec);
  const off = atInference(rules);
  const first = taken(task.training, Int32Array.from({ length: training.measured }, (_, at) => at));
  // A stream of its own: looking does not change the training that follows.
  const masks = drawAll(rules, tables.sites, { ...first.x, units: spec.units }, seeded(batches), PRECISION);
  const seen = predict(weights, task.validation.x, task.validation.y, off);
  curves.loss.push(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
  curves.loss_dropout_on.push(predict(weights, first.x, first.y, masks).loss);
  curves.loss_dropout_off.push(predict(weights, first.x, first.y, off).loss);
  curves.val_loss.push(seen.loss);
  curves.val_accuracy.push(seen.accuracy);
  training.losses = [];
}
