/** Answers pictures that were painted, by which Python knows how fast somebody looks. */

/** @typedef {import("./model_types.js").Model} Model */

// For each answer the kernel says that it is busy and that it is idle, and a notebook shows both,
// which costs it as much as a picture. So several pictures of a training have one: as many as
// Python says with each.
const LATEST = 900; // milliseconds after a picture that has none yet

/**
 * @param {Model} model
 * @returns {{painted: (number: number, together: number) => void, end: () => void}}
 */
export function pictureAnswers(model) {
  let [answered, newest, timer] = [0, 0, 0];
  const end = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const answer = () => {
    end();
    answered = newest;
    model.send({ kind: "painted", number: newest });
  };
  const painted = (/** @type {number} */ number, /** @type {number} */ together) => {
    newest = number;
    if (model.get("state") !== "training" || newest - answered >= together) {
      answer();
    } else {
      timer ||= window.setTimeout(answer, LATEST);
    }
  };
  return { painted, end };
}
