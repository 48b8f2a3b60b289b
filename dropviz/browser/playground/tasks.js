// The data of the tasks that the page has.

/** @typedef {import("./lstm.js").Sequences} Sequences */
/** @typedef {import("./random.js").Random} Random */

/**
 * Sequences with the right class of each.
 *
 * @typedef {{x: Sequences, y: Int32Array}} Labelled
 */

/** @typedef {{training: Labelled, validation: Labelled}} Task */

/**
 * The digits of scikit-learn, divided as the task of Python divides them.
 *
 * @typedef {object} PackedDigits
 * @property {string} pixels 0 to 16, a byte each, deflated (zlib), in base64
 * @property {string} answers a character each
 * @property {number} training how many of them are to train on
 */

const SIDE = 8;
const WHITE = 16;
// Where each of the two marks may begin to lie, and what its bit counts.
const MARKS = [
  [0, 2],
  [10, 1],
];

/**
 * @param {PackedDigits} packed
 * @returns {Promise<Task>}
 */
export async function digits({ pixels, answers, training }) {
  const bytes = await inflated(pixels);
  const y = Int32Array.from(answers, Number);
  const x = Float32Array.from(bytes, (pixel) => pixel / WHITE);
  const part = (/** @type {number} */ from, /** @type {number} */ to) => ({
    x: {
      ...{ samples: to - from, steps: SIDE, features: SIDE },
      values: x.subarray(from * SIDE * SIDE, to * SIDE * SIDE),
    },
    y: y.subarray(from, to),
  });
  return { training: part(0, training), validation: part(training, y.length) };
}

/**
 * @param {string} text base64 of what zlib made
 * @returns {Promise<Uint8Array>}
 */
export async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Temporal order in the form of Semeniuta et al. 2016: 30 random bits, one marked among the first
 * 11 and one among the next 11; the class is twice the first marked bit and the second.
 *
 * @param {{samples: number, steps: number, features: number}} sizes
 * @param {Random} random
 * @returns {Labelled}
 */
export function temporalOrder({ samples, steps, features }, random) {
  const values = new Float32Array(samples * steps * features);
  const y = new Int32Array(samples);
  for (let row = 0; row < samples; row++) {
    const begin = row * steps * features;
    for (let step = 0; step < steps; step++) values[begin + step * features] = random.below(2);
    for (const [low, weight] of MARKS) {
      const at = begin + (low + random.below(11)) * features;
      values[at + 1] = 1;
      y[row] += weight * values[at];
    }
  }
  return { x: { samples, steps, features, values }, y };
}

/**
 * Some of the sequences, in an order.
 *
 * @param {Labelled} all
 * @param {Int32Array} which
 * @returns {Labelled}
 */
export function taken({ x, y }, which) {
  const size = x.steps * x.features;
  const values = new Float32Array(which.length * size);
  which.forEach((row, at) => values.set(x.values.subarray(row * size, (row + 1) * size), at * size));
  return { x: { ...x, samples: which.length, values }, y: Int32Array.from(which, (row) => y[row]) };
}
