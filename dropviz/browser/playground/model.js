// An LSTM whose last output goes through a dense layer and a softmax: loss and gradients.

import { addProduct, addProductTransposed, addTransposedProduct, block } from "./matrix.js";
import { backward } from "./backward.js";
import { forward, precisionOf } from "./lstm.js";

/** @typedef {import("./initialise.js").Weights} Weights */
/** @typedef {import("./lstm.js").Pass} Pass */
/** @typedef {import("./lstm.js").Sequences} Sequences */
/** @typedef {import("./masks.js").Masks} Masks */
/** @typedef {import("./matrix.js").Numbers} Numbers */

/**
 * What a model makes of sequences.
 *
 * @typedef {object} Prediction
 * @property {Pass} pass
 * @property {Numbers} shares of each class, shape (samples, classes)
 * @property {number} loss the mean cross-entropy
 * @property {number} accuracy the share whose likeliest class is the right one
 */

/**
 * The arrays of a model in one order, for the optimizer.
 *
 * @param {Weights} weights
 * @returns {Numbers[]}
 */
export function listed({ kernel, recurrent, bias, head, headBias }) {
  return [kernel, recurrent, bias, head, headBias];
}

/**
 * @param {Weights} weights
 * @param {Sequences} x
 * @param {Int32Array} y the right class of each sequence
 * @param {Masks} masks
 * @returns {Prediction}
 */
export function predict(weights, x, y, masks) {
  const pass = forward(weights, x, masks);
  const classes = weights.headBias.length;
  const shares = new (precisionOf(weights))(x.samples * classes);
  for (let row = 0; row < x.samples; row++) shares.set(weights.headBias, row * classes);
  const out = block(shares, x.samples, classes);
  addProduct(out, lastOutputs(pass, x), block(weights.head, pass.units, classes));
  let [loss, right] = [0, 0];
  for (let row = 0; row < x.samples; row++) {
    const own = shares.subarray(row * classes, (row + 1) * classes);
    loss -= toShares(own, y[row]);
    right += own.every((share) => share <= own[y[row]]) ? 1 : 0;
  }
  return { pass, shares, loss: loss / x.samples, accuracy: right / x.samples };
}

/**
 * @param {Pass} pass
 * @param {Sequences} x
 */
function lastOutputs({ outputs, units }, { samples, steps }) {
  return block(outputs, samples, units, units, (steps - 1) * samples * units);
}

/**
 * Softmax in place.
 *
 * @param {Numbers} values
 * @param {number} asked
 * @returns {number} the logarithm of the share that is asked for
 */
function toShares(values, asked) {
  const most = Math.max(...values);
  const above = values[asked] - most;
  let total = 0;
  for (let at = 0; at < values.length; at++) total += Math.exp(values[at] - most);
  for (let at = 0; at < values.length; at++) values[at] = Math.exp(values[at] - most) / total;
  return above - Math.log(total);
}

/**
 * The gradients of the loss of a prediction by all weights, in the order of `listed`.
 *
 * @param {Weights} weights
 * @param {Sequences} x
 * @param {Int32Array} y
 * @param {Masks} masks
 * @param {Prediction} prediction
 * @returns {Numbers[]}
 */
export function gradients(weights, x, y, masks, { pass, shares }) {
  const precision = precisionOf(weights);
  const classes = weights.headBias.length;
  const errors = shares.slice();
  for (let row = 0; row < x.samples; row++) errors[row * classes + y[row]] -= 1;
  for (let at = 0; at < errors.length; at++) errors[at] /= x.samples;
  const rows = block(errors, x.samples, classes);
  const head = new precision(weights.head.length);
  addTransposedProduct(block(head, pass.units, classes), lastOutputs(pass, x), rows);
  const headBias = new precision(classes);
  for (let at = 0; at < errors.length; at++) headBias[at % classes] += errors[at];
  const outputs = new precision(x.samples * pass.units);
  addProductTransposed(block(outputs, x.samples, pass.units), rows, block(weights.head, pass.units, classes));
  const { kernel, recurrent, bias } = backward(weights, x, masks, pass, outputs);
  return [kernel, recurrent, bias, head, headBias];
}
