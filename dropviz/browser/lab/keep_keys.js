/** Keys that act in the panel and not on the notebook around it. */

import { keepFromNotebook } from "../scenes/notebook_keys.js";

/**
 * Keeps keys that act here from acting on the notebook too; those with Ctrl or Cmd are its own.
 *
 * @param {HTMLElement} root
 * @returns {() => void}
 */
export function keepKeys(root) {
  const decide = (/** @type {KeyboardEvent} */ event) => {
    if (event.target instanceof Element && root.contains(event.target)) {
      keepFromNotebook(event.target, !event.ctrlKey && !event.metaKey);
    }
  };
  addEventListener("keydown", decide, true);
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
  });
  return () => removeEventListener("keydown", decide, true);
}
