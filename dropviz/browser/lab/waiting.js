/** The wait for a picture that Python was asked for. */

const PATIENCE = 15_000; // milliseconds; a kernel that imports TensorFlow takes some of them
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
