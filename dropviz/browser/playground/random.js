// Random numbers from a seed: the same seed gives the same training on every machine.

/**
 * @typedef {object} Random
 * @property {() => number} uniform at least 0 and below 1
 * @property {() => number} normal of mean 0 and variance 1
 * @property {(count: number) => number} below a whole number from 0
 * @property {(values: Int32Array) => void} shuffle in place (Fisher and Yates)
 */

/**
 * The generator sfc32 (C. Doty-Humphrey, PractRand), its state filled by splitmix32.
 *
 * @param {number} seed 0 to 2**32 - 1
 * @returns {Random}
 */
export function seeded(seed) {
  let mixed = seed >>> 0;
  const mix = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, counter] = [mix(), mix(), mix(), 1];
  const bits = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) bits();
  const uniform = () => bits() / 2 ** 32;
  const below = (/** @type {number} */ count) => Math.floor(uniform() * count);
  return {
    uniform,
    // Box and Muller 1958; 1 - u is above 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below,
    shuffle: (values) => {
      for (let at = values.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [values[at], values[other]] = [values[other], values[at]];
      }
    },
  };
}
