// A recorded run of Keras, batch by batch: the masks that Keras used.

/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./training.js").Curves} Curves */

/**
 * What Python wrote down (tests/browser/playground/keras_run.py).
 *
 * @typedef {object} Recorded
 * @property {import("./scenario.js").PageSpec} spec
 * @property {string} made with which versions
 * @property {number} batches
 * @property {number} perEpoch
 * @property {number} steps
 * @property {number[]} samples in each batch
 * @property {(Omit<SiteMasks, "kept" | "dropped"> & {dropped: number[]})[]} sites
 * @property {string} bits of all batches, site by site, 1 where kept, eight a byte, in base64
 * @property {Curves} curves
 */

/**
 * @param {Recorded} recorded
 * @returns {(batch: number) => Snapshot}
 */
export function replayed(recorded) {
  const bytes = Uint8Array.from(atob(recorded.bits), (letter) => letter.charCodeAt(0));
  const sizes = recorded.sites.map(({ steps, gates, samples, units }) => steps * gates * samples * units);
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  return (batch) => {
    let from = batch * whole;
    const sites = recorded.sites.map((site, which) => {
      const begin = from;
      from += sizes[which];
      const kept = Uint8Array.from({ length: sizes[which] }, (_, at) => bitOf(bytes, begin + at));
      return { ...site, dropped: site.dropped[batch], kept };
    });
    const epochs = Math.floor((batch + 1) / recorded.perEpoch);
    const curves = Object.entries(recorded.curves).map(([name, values]) => [name, values.slice(0, epochs)]);
    return {
      ...{ batch, sites, perEpoch: recorded.perEpoch, spec: recorded.spec, steps: recorded.steps },
      ...{ samples: recorded.samples[batch], losses: null, inside: null, measured: 0 },
      curves: /** @type {Curves} */ (Object.fromEntries(curves)),
    };
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function bitOf(bytes, at) {
  return (bytes[at >> 3] >> (7 - (at & 7))) & 1;
}
