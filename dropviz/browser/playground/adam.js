// Adam as Keras has it (keras/src/optimizers/adam.py; Kingma & Ba 2015).

/** @typedef {import("./matrix.js").Numbers} Numbers */

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7; // Keras's; the paper has 1e-8

/**
 * What Adam remembers of each array of weights.
 *
 * @typedef {object} Adam
 * @property {number} rate the learning rate
 * @property {number} steps taken so far
 * @property {Numbers[]} means of the gradients
 * @property {Numbers[]} squares mean squares of the gradients
 */

/**
 * @param {Numbers[]} weights
 * @param {number} rate
 * @returns {Adam}
 */
export function adam(weights, rate) {
  const zeros = () => weights.map((each) => each.slice().fill(0));
  return { rate, steps: 0, means: zeros(), squares: zeros() };
}

/**
 * Moves the weights by one step, in place.
 *
 * @param {Adam} state
 * @param {Numbers[]} weights
 * @param {Numbers[]} gradients
 */
export function step(state, weights, gradients) {
  state.steps += 1;
  const unbiased = Math.sqrt(1 - BETA_2 ** state.steps) / (1 - BETA_1 ** state.steps);
  const rate = state.rate * unbiased;
  weights.forEach((values, which) => {
    const gradient = gradients[which];
    const mean = state.means[which];
    const square = state.squares[which];
    for (let at = 0; at < values.length; at++) {
      mean[at] += (gradient[at] - mean[at]) * (1 - BETA_1);
      square[at] += (gradient[at] * gradient[at] - square[at]) * (1 - BETA_2);
      values[at] -= (rate * mean[at]) / (Math.sqrt(square[at]) + EPSILON);
    }
  });
}
