// Masks: what multiplies at one site, and how it is drawn.

/** @typedef {import("./matrix.js").Numbers} Numbers */
/** @typedef {import("./matrix.js").Precision} Precision */
/** @typedef {import("./random.js").Random} Random */

/**
 * The masks of one site in one call, as the recorder keeps them: shape (steps, gates, samples,
 * units), 1 where one serves all; at the site "recurrent_kernel" units counts the entries of one
 * gate's matrix, row by row. 0 where dropped, the scale where kept.
 *
 * @typedef {object} Mask
 * @property {number} steps
 * @property {number} gates
 * @property {number} samples
 * @property {number} units
 * @property {Numbers} values
 */

/** @typedef {Record<string, Mask>} Masks by site */

/**
 * What a method does at one site; a row of the table with its rate filled in.
 *
 * @typedef {object} Rule
 * @property {string} site
 * @property {string} argument
 * @property {string} [own] the site's own argument, where another stands in for it
 * @property {"step" | "sequence"} life
 * @property {"tied" | "untied" | ""} tying
 * @property {"inverted" | "test-time" | "expectation" | "none"} scaling
 * @property {boolean} by_sample
 * @property {number} rate
 */

/**
 * What a table says of a site.
 *
 * @typedef {object} Site
 * @property {boolean} gated whether there is a mask for each gate, or one for all
 * @property {boolean} matrix whether the entries are those of a matrix
 */

/**
 * Where the mask of one step and gate lies: that of (sample, unit) at offset + sample * bySample +
 * unit * byUnit.
 *
 * @typedef {object} View
 * @property {Numbers} values
 * @property {number} offset
 * @property {number} bySample
 * @property {number} byUnit
 */

/** @type {View} multiplies with 1 */
const ONE = { values: Float64Array.of(1), offset: 0, bySample: 0, byUnit: 0 };

/**
 * @param {Mask | undefined} mask
 * @param {number} step
 * @param {number} [gate]
 * @returns {View}
 */
export function viewOf(mask, step, gate = 0) {
  if (!mask) return ONE;
  const { steps, gates, samples, units, values } = mask;
  const row = Math.min(step, steps - 1) * gates + Math.min(gate, gates - 1);
  return {
    values,
    offset: row * samples * units,
    bySample: samples > 1 ? units : 0,
    byUnit: units > 1 ? 1 : 0,
  };
}

/**
 * Draws the masks of one site for one call. As in Keras, an entry is kept where a uniform number
 * reaches the rate.
 *
 * @param {Rule} rule
 * @param {Site} site
 * @param {{samples: number, steps: number, features: number, units: number}} sizes
 * @param {Random} random
 * @param {Precision} precision
 * @returns {Mask}
 */
export function draw(rule, site, sizes, random, precision) {
  const entries = rule.site === "input" ? sizes.features : sizes.units;
  const shape = {
    steps: rule.life === "step" ? sizes.steps : 1,
    gates: site.gated && rule.tying === "untied" ? 4 : 1,
    samples: rule.by_sample ? sizes.samples : 1,
    units: site.matrix ? sizes.units * sizes.units : entries,
  };
  const kept = rule.scaling === "inverted" ? 1 / (1 - rule.rate) : 1;
  const values = new precision(shape.steps * shape.gates * shape.samples * shape.units);
  for (let at = 0; at < values.length; at++) values[at] = random.uniform() >= rule.rate ? kept : 0;
  return { ...shape, values };
}

/**
 * The masks of a call in training, of every site that has a rate.
 *
 * @param {Rule[]} rules
 * @param {Record<string, Site>} sites
 * @param {{samples: number, steps: number, features: number, units: number}} sizes
 * @param {Random} random
 * @param {Precision} precision
 * @returns {Masks}
 */
export function drawAll(rules, sites, sizes, random, precision) {
  const rated = rules.filter((rule) => rule.rate > 0);
  return Object.fromEntries(
    rated.map((rule) => [rule.site, draw(rule, sites[rule.site], sizes, random, precision)]),
  );
}

/**
 * What every entry is multiplied with at inference: 1 - rate at sites that scale then.
 *
 * @param {Rule[]} rules
 * @returns {Masks}
 */
export function atInference(rules) {
  const scaled = rules.filter((rule) => rule.scaling === "test-time" || rule.scaling === "expectation");
  return Object.fromEntries(
    scaled.map((rule) => [
      rule.site,
      { steps: 1, gates: 1, samples: 1, units: 1, values: Float64Array.of(1 - rule.rate) },
    ]),
  );
}

/**
 * Whether all along one axis share one mask.
 *
 * @param {Mask} mask
 * @param {"steps" | "gates" | "samples"} axis
 */
export function isShared(mask, axis) {
  if (mask[axis] === 1) return true;
  const { gates, samples, units, values } = mask;
  const inside = { steps: gates * samples * units, gates: samples * units, samples: units }[axis];
  for (let at = 0; at < values.length; at++) {
    const along = Math.floor(at / inside) % mask[axis];
    if (values[at] !== values[at - along * inside]) return false;
  }
  return true;
}

/**
 * The share of dropped entries, 0 to 1.
 *
 * @param {Mask} mask
 */
export function dropped({ values }) {
  let count = 0;
  for (let at = 0; at < values.length; at++) count += values[at] === 0 ? 1 : 0;
  return count / values.length;
}
