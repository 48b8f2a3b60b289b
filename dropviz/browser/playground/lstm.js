// One LSTM layer forward through time, with a mask at any site.
//
// Written from the equations, as dropviz/core/oracle.py is, against which tests hold it: c is the
// memory, g the candidate, and the gates come in Keras's order i f g o.

import { addProduct, block } from "./matrix.js";
import { viewOf } from "./masks.js";

/** @typedef {import("./initialise.js").Weights} Weights */
/** @typedef {import("./masks.js").Masks} Masks */
/** @typedef {import("./matrix.js").Block} Block */
/** @typedef {import("./matrix.js").Numbers} Numbers */
/** @typedef {import("./matrix.js").Precision} Precision */

/**
 * Sequences: shape (samples, steps, features).
 *
 * @typedef {object} Sequences
 * @property {number} samples
 * @property {number} steps
 * @property {number} features
 * @property {Numbers} values
 */

/**
 * A forward pass, opened up; every array has the shape (steps, samples, units).
 *
 * @typedef {object} Pass
 * @property {number} units
 * @property {Numbers} i
 * @property {Numbers} f
 * @property {Numbers} g
 * @property {Numbers} o
 * @property {Numbers} fresh c as the step makes it, before zoneout keeps some of the old
 * @property {Numbers} c the state c after each step
 * @property {Numbers} h the state h after each step
 * @property {Numbers} outputs what the layer gives out at each step
 * @property {Numbers} firstH h before the first step, shape (samples, units)
 * @property {Numbers} firstC c before the first step
 */

/** @typedef {{h?: Numbers, c?: Numbers}} States */

/** @param {Weights} weights */
export function sizesOf(weights) {
  const units = weights.bias.length / 4;
  return { units, features: weights.kernel.length / (4 * units) };
}

/**
 * Arrays of the kind that weights are.
 *
 * @param {Weights} weights
 */
export function precisionOf(weights) {
  return /** @type {Precision} */ (weights.kernel.constructor);
}

/**
 * Runs the layer.
 *
 * @param {Weights} weights
 * @param {Sequences} x
 * @param {Masks} masks by site what multiplies there; none where nothing does
 * @param {States} [states] before the first step, shape (samples, units); zero by default
 * @returns {Pass}
 */
export function forward(weights, x, masks, states = {}) {
  const precision = precisionOf(weights);
  const { units } = sizesOf(weights);
  const size = x.samples * units;
  const make = () => new precision(x.steps * size);
  /** @type {Pass} */
  const pass = {
    units,
    ...{ i: make(), f: make(), g: make(), o: make(), fresh: make(), c: make(), h: make() },
    outputs: make(),
    firstH: states.h ?? new precision(size),
    firstC: states.c ?? new precision(size),
  };
  const sums = new precision(4 * size);
  for (let step = 0; step < x.steps; step++) {
    for (let row = 0; row < x.samples; row++) sums.set(weights.bias, row * 4 * units);
    addMasked(sums, inputsAt(x, step), weights.kernel, masks.input, step, units);
    const recurrent = recurrentAt(weights, masks, step);
    addMasked(sums, hiddenBefore(pass, x.samples, step), recurrent, masks.recurrent, step, units);
    update(pass, sums, masks, step, x.samples);
  }
  return pass;
}

/**
 * What goes into a step.
 *
 * @param {Sequences} x
 * @param {number} step
 * @returns {Block}
 */
export function inputsAt({ values, samples, steps, features }, step) {
  return block(values, samples, features, steps * features, step * features);
}

/**
 * h as it comes into a step.
 *
 * @param {Pass} pass
 * @param {number} samples
 * @param {number} step
 * @returns {Block}
 */
export function hiddenBefore(pass, samples, step) {
  const { units } = pass;
  if (step === 0) return block(pass.firstH, samples, units);
  return block(pass.h, samples, units, units, (step - 1) * samples * units);
}

/**
 * The recurrent kernel of a step, with its mask on it: shape (units, 4 units).
 *
 * @param {Weights} weights
 * @param {Masks} masks
 * @param {number} step
 * @returns {Numbers}
 */
export function recurrentAt(weights, masks, step) {
  const mask = masks.recurrent_kernel;
  if (!mask) return weights.recurrent;
  const { units } = sizesOf(weights);
  const masked = weights.recurrent.slice();
  for (let gate = 0; gate < 4; gate++) {
    const view = viewOf(mask, step, gate);
    for (let row = 0; row < units; row++) {
      for (let unit = 0; unit < units; unit++) {
        const entry = view.offset + (row * units + unit) * view.byUnit;
        masked[row * 4 * units + gate * units + unit] *= view.values[entry];
      }
    }
  }
  return masked;
}

/**
 * Values with the mask of one gate on them, close together.
 *
 * @param {Block} from
 * @param {import("./masks.js").Mask} mask
 * @param {number} step
 * @param {number} gate
 * @returns {Block}
 */
export function masked(from, mask, step, gate) {
  const view = viewOf(mask, step, gate);
  const precision = /** @type {Precision} */ (from.values.constructor);
  const values = new precision(from.rows * from.columns);
  for (let row = 0; row < from.rows; row++) {
    const source = from.offset + row * from.stride;
    const factor = view.offset + row * view.bySample;
    for (let at = 0; at < from.columns; at++) {
      const product = from.values[source + at] * view.values[factor + at * view.byUnit];
      values[row * from.columns + at] = product;
    }
  }
  return block(values, from.rows, from.columns);
}

/**
 * Adds values times a kernel, gate by gate where each gate has a mask of its own.
 *
 * @param {Numbers} sums shape (samples, 4 units)
 * @param {Block} from shape (samples, entries)
 * @param {Numbers} kernel shape (entries, 4 units)
 * @param {import("./masks.js").Mask | undefined} mask
 * @param {number} step
 * @param {number} units
 */
function addMasked(sums, from, kernel, mask, step, units) {
  const width = 4 * units;
  const gates = mask ? mask.gates : 1;
  const columns = width / gates;
  for (let gate = 0; gate < gates; gate++) {
    const values = mask ? masked(from, mask, step, gate) : from;
    addProduct(
      block(sums, from.rows, columns, width, gate * columns),
      values,
      block(kernel, from.columns, columns, width, gate * columns),
    );
  }
}

/** @param {number} a */
function sigmoid(a) {
  return 1 / (1 + Math.exp(-a));
}

/**
 * Makes gates, c and h of one step out of what goes into its gates.
 *
 * @param {Pass} pass
 * @param {Numbers} sums shape (samples, 4 units)
 * @param {Masks} masks
 * @param {number} step
 * @param {number} samples
 */
function update(pass, sums, masks, step, samples) {
  const { units } = pass;
  const candidate = viewOf(masks.candidate, step);
  const cell = viewOf(masks.cell, step);
  const output = viewOf(masks.output, step);
  const newH = viewOf(masks.hidden_update, step);
  const newC = viewOf(masks.cell_update, step);
  const begin = step * samples * units;
  const [oldH, oldC, back] = step ? [pass.h, pass.c, samples * units] : [pass.firstH, pass.firstC, begin];
  for (let row = 0; row < samples; row++) {
    for (let unit = 0; unit < units; unit++) {
      const at = begin + row * units + unit;
      const into = row * 4 * units + unit;
      const i = sigmoid(sums[into]);
      const f = sigmoid(sums[into + units]);
      const g = Math.tanh(sums[into + 2 * units]);
      const o = sigmoid(sums[into + 3 * units]);
      const [h, c] = [oldH[at - back], oldC[at - back]];
      const update = g * candidate.values[candidate.offset + row * candidate.bySample + unit * candidate.byUnit];
      const fresh = (f * c + i * update) * cell.values[cell.offset + row * cell.bySample + unit * cell.byUnit];
      const zoneH = newH.values[newH.offset + row * newH.bySample + unit * newH.byUnit];
      const zoneC = newC.values[newC.offset + row * newC.bySample + unit * newC.byUnit];
      // Krueger et al. 2016: h is made of the new c, before c itself is zoned.
      const hidden = zoneH * (o * Math.tanh(fresh)) + (1 - zoneH) * h;
      pass.i[at] = i;
      pass.f[at] = f;
      pass.g[at] = g;
      pass.o[at] = o;
      pass.fresh[at] = fresh;
      pass.c[at] = zoneC * fresh + (1 - zoneC) * c;
      pass.h[at] = hidden;
      pass.outputs[at] = hidden * output.values[output.offset + row * output.bySample + unit * output.byUnit];
    }
  }
}
