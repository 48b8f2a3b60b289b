// The gradients of one LSTM layer: backward through time, with the masks of the forward pass.

import { addProductTransposed, addTransposedProduct, block } from "./matrix.js";
import { hiddenBefore, inputsAt, masked, precisionOf, recurrentAt } from "./lstm.js";
import { viewOf } from "./masks.js";

/** @typedef {import("./initialise.js").Weights} Weights */
/** @typedef {import("./lstm.js").Pass} Pass */
/** @typedef {import("./lstm.js").Sequences} Sequences */
/** @typedef {import("./masks.js").Mask} Mask */
/** @typedef {import("./masks.js").Masks} Masks */
/** @typedef {import("./matrix.js").Block} Block */
/** @typedef {import("./matrix.js").Numbers} Numbers */

/**
 * @typedef {object} Gradients
 * @property {Numbers} kernel
 * @property {Numbers} recurrent
 * @property {Numbers} bias
 */

/**
 * What of a step's states the loss still depends on: shape (samples, units) each.
 *
 * @typedef {{h: Numbers, c: Numbers}} Flow
 */

/**
 * @param {Weights} weights
 * @param {Sequences} x
 * @param {Masks} masks
 * @param {Pass} pass the forward pass with these weights, inputs and masks
 * @param {Numbers} outputs of the loss by the outputs of the last step, shape (samples, units)
 * @returns {Gradients}
 */
export function backward(weights, x, masks, pass, outputs) {
  const precision = precisionOf(weights);
  const { units } = pass;
  const size = x.samples * units;
  const gradients = {
    kernel: new precision(weights.kernel.length),
    recurrent: new precision(weights.recurrent.length),
    bias: new precision(weights.bias.length),
  };
  const sums = new precision(4 * size);
  /** @type {Flow} */
  const flow = { h: outputs.slice(), c: new precision(size) };
  times(flow.h, masks.output, x.steps - 1, x.samples);
  for (let step = x.steps - 1; step >= 0; step--) {
    through(pass, masks, step, x.samples, flow, sums);
    const rows = block(sums, x.samples, 4 * units);
    addRows(gradients.bias, rows);
    addGradient(gradients.kernel, inputsAt(x, step), rows, masks.input, step);
    const before = hiddenBefore(pass, x.samples, step);
    addRecurrent(gradients.recurrent, before, rows, masks, step, units);
    if (step > 0) addHidden(flow.h, rows, recurrentAt(weights, masks, step), masks.recurrent, step);
  }
  return gradients;
}

/**
 * Takes the gradients of a step's states back to those before it, but for what goes through the
 * recurrent kernel, and works out those of what goes into its gates.
 *
 * @param {Pass} pass
 * @param {Masks} masks
 * @param {number} step
 * @param {number} samples
 * @param {Flow} flow
 * @param {Numbers} sums becomes those, shape (samples, 4 units)
 */
function through(pass, masks, step, samples, flow, sums) {
  const { units } = pass;
  const candidate = viewOf(masks.candidate, step);
  const cell = viewOf(masks.cell, step);
  const newH = viewOf(masks.hidden_update, step);
  const newC = viewOf(masks.cell_update, step);
  const begin = step * samples * units;
  const [oldC, back] = step ? [pass.c, samples * units] : [pass.firstC, begin];
  for (let row = 0; row < samples; row++) {
    for (let unit = 0; unit < units; unit++) {
      const own = row * units + unit;
      const at = begin + own;
      const [i, f, g, o] = [pass.i[at], pass.f[at], pass.g[at], pass.o[at]];
      const c = Math.tanh(pass.fresh[at]);
      const maskG = candidate.values[candidate.offset + row * candidate.bySample + unit * candidate.byUnit];
      const maskC = cell.values[cell.offset + row * cell.bySample + unit * cell.byUnit];
      const zoneH = newH.values[newH.offset + row * newH.bySample + unit * newH.byUnit];
      const zoneC = newC.values[newC.offset + row * newC.bySample + unit * newC.byUnit];
      const hidden = flow.h[own] * zoneH;
      const fresh = (flow.c[own] * zoneC + hidden * o * (1 - c * c)) * maskC;
      flow.h[own] *= 1 - zoneH;
      flow.c[own] = flow.c[own] * (1 - zoneC) + fresh * f;
      const into = row * 4 * units + unit;
      sums[into] = fresh * g * maskG * i * (1 - i);
      sums[into + units] = fresh * oldC[at - back] * f * (1 - f);
      sums[into + 2 * units] = fresh * i * maskG * (1 - g * g);
      sums[into + 3 * units] = hidden * c * o * (1 - o);
    }
  }
}

/**
 * @param {Numbers} values shape (samples, units)
 * @param {Mask | undefined} mask
 * @param {number} step
 * @param {number} samples
 */
function times(values, mask, step, samples) {
  if (mask) values.set(masked(block(values, samples, values.length / samples), mask, step, 0).values);
}

/**
 * @param {Numbers} sums
 * @param {Block} rows
 */
function addRows(sums, { values, rows, columns }) {
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < columns; at++) sums[at] += values[row * columns + at];
  }
}

/**
 * Adds the gradient of a kernel, gate by gate where each gate has a mask of its own.
 *
 * @param {Numbers} gradient shape (entries, 4 units)
 * @param {Block} from what the kernel was multiplied with, shape (samples, entries)
 * @param {Block} rows gradients of what goes into the gates
 * @param {Mask | undefined} mask
 * @param {number} step
 */
function addGradient(gradient, from, rows, mask, step) {
  const width = rows.columns;
  const gates = mask ? mask.gates : 1;
  const columns = width / gates;
  for (let gate = 0; gate < gates; gate++) {
    addTransposedProduct(
      block(gradient, from.columns, columns, width, gate * columns),
      mask ? masked(from, mask, step, gate) : from,
      block(rows.values, rows.rows, columns, width, gate * columns),
    );
  }
}

/**
 * Adds the gradient of the recurrent kernel; where its entries are masked, of those that were kept.
 *
 * @param {Numbers} gradient
 * @param {Block} before
 * @param {Block} rows
 * @param {Masks} masks
 * @param {number} step
 * @param {number} units
 */
function addRecurrent(gradient, before, rows, masks, step, units) {
  const mask = masks.recurrent_kernel;
  if (!mask) {
    addGradient(gradient, before, rows, masks.recurrent, step);
    return;
  }
  const whole = gradient.slice().fill(0);
  addGradient(whole, before, rows, masks.recurrent, step);
  for (let gate = 0; gate < 4; gate++) {
    const view = viewOf(mask, step, gate);
    for (let entry = 0; entry < units * units; entry++) {
      const at = Math.floor(entry / units) * 4 * units + gate * units + (entry % units);
      gradient[at] += whole[at] * view.values[view.offset + entry * view.byUnit];
    }
  }
}

/**
 * Adds what reaches the h before a step through the recurrent kernel.
 *
 * @param {Numbers} hidden shape (samples, units)
 * @param {Block} rows
 * @param {Numbers} recurrent
 * @param {Mask | undefined} mask
 * @param {number} step
 */
function addHidden(hidden, rows, recurrent, mask, step) {
  const width = rows.columns;
  const units = width / 4;
  const gates = mask ? mask.gates : 1;
  const columns = width / gates;
  for (let gate = 0; gate < gates; gate++) {
    const kernel = block(recurrent, units, columns, width, gate * columns);
    const part = block(rows.values, rows.rows, columns, width, gate * columns);
    if (!mask) {
      addProductTransposed(block(hidden, rows.rows, units), part, kernel);
      continue;
    }
    const whole = block(hidden.slice().fill(0), rows.rows, units);
    addProductTransposed(whole, part, kernel);
    const { values } = masked(whole, mask, step, gate);
    for (let at = 0; at < hidden.length; at++) hidden[at] += values[at];
  }
}
