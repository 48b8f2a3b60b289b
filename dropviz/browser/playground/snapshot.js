// What a picture needs of one batch: of a training of the page, or of a recorded run of Keras.

import { dropped, isShared } from "./masks.js";

/** @typedef {import("./masks.js").Mask} Mask */
/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./training.js").Batch} Batch */
/** @typedef {import("./training.js").Curves} Curves */
/** @typedef {import("./training.js").Spec} Spec */
/** @typedef {import("./training.js").Training} Training */

export const SAMPLES = 16; // of a batch that are shown, at the most

/**
 * The masks of one site in one batch.
 *
 * @typedef {object} SiteMasks
 * @property {string} site
 * @property {Rule} rule
 * @property {number} steps
 * @property {number} gates
 * @property {number} samples at most SAMPLES
 * @property {number} units
 * @property {Uint8Array} kept 1 where kept, shape (steps, gates, samples, units)
 * @property {number} scale what kept entries were multiplied with
 * @property {number} dropped the share of dropped entries, of all samples
 * @property {Record<string, boolean | null>} shared by axis; null where nobody can say
 */

/**
 * Gates and states of one sequence, shape (steps, units) each.
 *
 * @typedef {Record<"i" | "f" | "g" | "o" | "c" | "h", Float32Array>} Trace
 */

/**
 * @typedef {object} Snapshot
 * @property {number} batch from 0 over the whole training
 * @property {number} perEpoch
 * @property {Spec} spec the setting that the batch was trained with
 * @property {number} steps
 * @property {number} samples in the batch
 * @property {SiteMasks[]} sites
 * @property {{loss: number, so_far: number} | null} losses of the batch, and of the epoch so far;
 *   null where they were not recorded
 * @property {Curves} curves
 * @property {number} measured training sequences that they are measured on; 0 for all
 * @property {{sample: number, trace: Trace, x: Float32Array, answer: number, shares: Float32Array} | null} inside
 */

/**
 * @param {Training} training
 * @param {Batch} batch
 * @param {number} sample whose inside is looked at
 * @returns {Snapshot}
 */
export function snapshotOf(training, batch, sample) {
  const { x } = batch.data;
  const losses = training.losses;
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / (losses.length || 1);
  return {
    batch: batch.number,
    perEpoch: training.perEpoch,
    spec: batch.spec,
    steps: x.steps,
    samples: x.samples,
    sites: batch.rules.filter((rule) => rule.site in batch.masks).map((rule) => siteMasks(rule, batch, training)),
    losses: { loss: batch.prediction.loss, so_far: losses.length ? mean : batch.prediction.loss },
    curves: training.curves,
    measured: training.measured,
    inside: insideOf(batch, Math.min(sample, x.samples - 1)),
  };
}

/**
 * @param {Rule} rule
 * @param {Batch} batch
 * @param {Training} training
 * @returns {SiteMasks}
 */
function siteMasks(rule, { masks, data }, { tables }) {
  const mask = masks[rule.site];
  const { gated } = tables.sites[rule.site];
  return {
    ...{ site: rule.site, rule, steps: mask.steps, gates: mask.gates, units: mask.units },
    ...firstSamples(mask),
    scale: mask.values.find((value) => value > 0) ?? 0,
    dropped: dropped(mask),
    shared: {
      steps: data.x.steps > 1 ? isShared(mask, "steps") : null,
      gates: gated ? isShared(mask, "gates") : null,
      samples: data.x.samples > 1 ? isShared(mask, "samples") : null,
    },
  };
}

/**
 * @param {Mask} mask
 * @returns {{samples: number, kept: Uint8Array}}
 */
function firstSamples({ steps, gates, samples, units, values }) {
  const few = Math.min(samples, SAMPLES);
  const kept = new Uint8Array(steps * gates * few * units);
  for (let row = 0; row < steps * gates; row++) {
    for (let at = 0; at < few * units; at++) {
      kept[row * few * units + at] = values[row * samples * units + at] > 0 ? 1 : 0;
    }
  }
  return { samples: few, kept };
}

/**
 * @param {Batch} batch
 * @param {number} sample
 */
function insideOf({ data, prediction }, sample) {
  const { pass, shares } = prediction;
  const { steps, samples, features, values } = data.x;
  const { units } = pass;
  const classes = shares.length / samples;
  const one = (/** @type {import("./matrix.js").Numbers} */ all) => {
    const taken = new Float32Array(steps * units);
    for (let step = 0; step < steps; step++) {
      const from = (step * samples + sample) * units;
      taken.set(all.subarray(from, from + units), step * units);
    }
    return taken;
  };
  return {
    sample,
    trace: { i: one(pass.i), f: one(pass.f), g: one(pass.g), o: one(pass.o), c: one(pass.c), h: one(pass.h) },
    x: Float32Array.from(values.subarray(sample * steps * features, (sample + 1) * steps * features)),
    answer: data.y[sample],
    shares: Float32Array.from(shares.subarray(sample * classes, (sample + 1) * classes)),
  };
}

/**
 * The mask of one sample at one step: for each gate its entries, 1 where kept.
 *
 * @param {SiteMasks} masks
 * @param {number} step
 * @param {number} sample
 * @returns {Uint8Array[]}
 */
export function maskOf({ steps, gates, samples, units, kept }, step, sample) {
  return Array.from({ length: gates }, (_, gate) => {
    const row = Math.min(step, steps - 1) * gates + gate;
    const from = (row * samples + Math.min(sample, samples - 1)) * units;
    return kept.subarray(from, from + units);
  });
}
