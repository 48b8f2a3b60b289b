/** The wait for what Python was asked for: a picture, or that a control acts. */

/** @typedef {import("./model_types.js").Model} Model */

const PATIENCE = 15_000; // milliseconds; a kernel that imports TensorFlow takes some of them
// What Python sets and no control does: whichever comes, it has heard.
const ANSWERS = ["status", "state", "progress", "alert", "able", "copies", "note", "question"];
// A page may lose the way to its panel: then neither of the two hears of it.
const NOTHING_CAME =
  "The kernel does not answer. It may be busy with a cell; if none is running, this page has lost " +
  "its panel: reload the page.";

/**
 * A wait, which says so where it takes too long.
 *
 * @param {(said: string) => void} say
 * @returns {{begin: () => void, end: () => void}}
 */
export function waiting(say) {
  let timer = 0;
  const end = () => clearTimeout(timer);
  const begin = () => {
    end();
    timer = window.setTimeout(() => say(NOTHING_CAME), PATIENCE);
  };
  return { begin, end };
}

/**
 * A model whose controls are answered, or a word of it: a kernel that was shut down tells nobody.
 *
 * @param {Model} model
 * @param {(said: string) => void} say
 * @returns {{model: Model, begin: () => void, end: () => void}} The model for controls; what says
 *   that a button was pressed; and the end of it.
 */
export function answered(model, say) {
  const wait = waiting(say);
  const events = ["msg:custom", ...ANSWERS.map((name) => `change:${name}`)];
  events.forEach((event) => model.on(event, wait.end));
  const save_changes = () => {
    wait.begin();
    model.save_changes();
  };
  const end = () => {
    wait.end();
    events.forEach((event) => model.off(event, wait.end));
  };
  return { model: Object.assign(Object.create(model), { save_changes }), begin: wait.begin, end };
}
