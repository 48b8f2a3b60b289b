// The page's end of the worker: asks for batches, and passes on what comes of the training asked for.

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./training.js").Spec} Spec */

/**
 * @typedef {object} Trainer
 * @property {(spec: Spec) => void} begin another training
 * @property {() => void} leave the training: what is still on its way is no news
 * @property {(spec: Spec) => void} rates from the next batch on
 * @property {(speed: "full" | "slow") => void} go
 * @property {() => void} step one batch
 * @property {() => void} pause
 * @property {(sample: number) => void} look at the inside of another sample
 */

/**
 * @param {string} script of the worker
 * @param {Tables} tables
 * @param {import("./tasks.js").PackedDigits} digits
 * @param {(snapshot: Snapshot) => void} onSnapshot
 * @param {(why: string, started: boolean) => void} onFailure started: whether the worker ever answered
 * @returns {Trainer}
 */
export function createTrainer(script, tables, digits, onSnapshot, onFailure) {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address);
  let [training, started] = [0, false];
  worker.onmessage = ({ data }) => {
    started = true;
    if (data.training !== training) return;
    if (data.snapshot) onSnapshot(data.snapshot);
    if (data.failed) onFailure(data.failed, true);
  };
  worker.onerror = ({ message }) => onFailure(message || "The worker could not start.", started);
  const ask = (/** @type {import("./worker.js").Request} */ request) => worker.postMessage(request);
  ask({ kind: "data", tables, digits });
  return {
    begin: (spec) => ask({ kind: "begin", spec, training: ++training }),
    leave: () => {
      ask({ kind: "pause" });
      training += 1;
    },
    rates: (spec) => ask({ kind: "rates", spec }),
    go: (speed) => ask({ kind: "go", speed }),
    step: () => ask({ kind: "step" }),
    pause: () => ask({ kind: "pause" }),
    look: (sample) => ask({ kind: "sample", sample }),
  };
}
