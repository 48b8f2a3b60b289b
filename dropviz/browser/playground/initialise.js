// The weights that Keras's LSTM and Dense begin with.

/** @typedef {import("./matrix.js").Numbers} Numbers */
/** @typedef {import("./matrix.js").Precision} Precision */
/** @typedef {import("./random.js").Random} Random */

/**
 * Weights in Keras's layout, row by row: kernel (features, 4 units), recurrent (units, 4 units) and
 * bias (4 units) with the gates i f g o side by side; head (units, classes) and headBias (classes).
 *
 * @typedef {object} Weights
 * @property {Numbers} kernel
 * @property {Numbers} recurrent
 * @property {Numbers} bias
 * @property {Numbers} head
 * @property {Numbers} headBias
 */

/**
 * @param {{features: number, units: number, classes: number}} sizes
 * @param {Random} random
 * @param {Precision} precision
 * @returns {Weights}
 */
export function initialise({ features, units, classes }, random, precision) {
  const width = 4 * units;
  const bias = new precision(width);
  bias.fill(1, units, 2 * units); // unit_forget_bias
  return {
    kernel: glorotUniform(features, width, random, precision),
    recurrent: orthogonal(units, width, random, precision),
    bias,
    head: glorotUniform(units, classes, random, precision),
    headBias: new precision(classes),
  };
}

/**
 * Glorot & Bengio 2010: uniform within the root of 6 / (rows + columns).
 *
 * @param {number} rows
 * @param {number} columns
 * @param {Random} random
 * @param {Precision} precision
 */
export function glorotUniform(rows, columns, random, precision) {
  const limit = Math.sqrt(6 / (rows + columns));
  return new precision(rows * columns).map(() => limit * (2 * random.uniform() - 1));
}

/**
 * Saxe et al. 2014: rows of length 1, each at a right angle to the others. There are fewer rows
 * than columns.
 *
 * @param {number} rows
 * @param {number} columns
 * @param {Random} random
 * @param {Precision} precision
 */
export function orthogonal(rows, columns, random, precision) {
  const values = new Float64Array(rows * columns).map(() => random.normal());
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    // Gram and Schmidt, twice: once leaves rounding of the size of the angle.
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < row; before++) {
        const other = values.subarray(before * columns, (before + 1) * columns);
        const along = dot(own, other);
        for (let at = 0; at < columns; at++) own[at] -= along * other[at];
      }
    }
    const length = Math.sqrt(dot(own, own));
    for (let at = 0; at < columns; at++) own[at] /= length;
  }
  return new precision(values);
}

/**
 * @param {Float64Array} one
 * @param {Float64Array} other
 */
function dot(one, other) {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at] * other[at];
  return sum;
}
