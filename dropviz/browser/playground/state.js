// What the page knows, and what follows from it.

import { entryOf } from "./methods.js";
import { filled } from "./words.js";

/** @typedef {import("./replay.js").Recorded} Recorded */
/** @typedef {import("./scenario.js").PageSpec} PageSpec */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */

/**
 * What came with the page.
 *
 * @typedef {object} Data
 * @property {Tables} tables
 * @property {import("./tasks.js").PackedDigits} digits
 * @property {Recorded} recorded
 * @property {import("../scenes/scene_types.js").Theme} theme
 */

/**
 * @typedef {object} State
 * @property {PageSpec} spec as the controls have it
 * @property {boolean} quiz whether to predict first
 * @property {string} tab
 * @property {"page" | "keras"} source whose masks are shown
 * @property {"full" | "slow"} speed
 * @property {boolean} running
 * @property {boolean} stepping whether one batch was asked for and is on its way
 * @property {boolean} begun whether the worker has the training of this setting
 * @property {Snapshot | null} snapshot
 * @property {Snapshot[]} asked the batches that will be asked about
 * @property {"" | "waiting" | "asking" | "done"} predicting
 * @property {number} sample in view
 * @property {number} step in view
 * @property {number} replayAt the batch of the recorded run that is shown
 * @property {string} untrainable why the page cannot train, in a sentence; "" where it can
 */

/**
 * @param {Tables} tables
 * @returns {State}
 */
export function firstState(tables) {
  return {
    spec: { ...tables.defaults, dropout: 0.2, recurrent_dropout: 0.5 },
    ...{ quiz: false, tab: "where", source: "page", speed: "full", running: false },
    ...{ stepping: false, begun: false, snapshot: null, asked: [], predicting: "" },
    ...{ sample: 0, step: 0, replayAt: -1, untrainable: "" },
  };
}

/**
 * By argument, why it has nothing to act on.
 *
 * @param {Tables} tables
 * @param {PageSpec} spec
 * @returns {Record<string, string>}
 */
export function idleOf(tables, spec) {
  const { refused } = entryOf(tables.methods, tables.options, {
    ...spec,
    recurrent_dropout: spec.recurrent_dropout || 0.5,
  });
  if (!refused) return {};
  const rests = `${spec.method} has nothing for recurrent_dropout to act on.`;
  return {
    recurrent_dropout: spec.recurrent_dropout
      ? filled(refused, { recurrent_dropout: spec.recurrent_dropout })
      : rests,
  };
}

/**
 * What is trained: rates that have nothing to act on are 0, and stay where they were for another
 * method.
 *
 * @param {Tables} tables
 * @param {PageSpec} spec
 * @returns {PageSpec}
 */
export function actingSpec(tables, spec) {
  return idleOf(tables, spec).recurrent_dropout ? { ...spec, recurrent_dropout: 0 } : spec;
}
