/** Keys that act in the panel and not on the notebook around it. */

/**
 * Keeps keys that act here from acting on the notebook too; those with Ctrl or Cmd are its own.
 *
 * @param {HTMLElement} root
 * @returns {() => void}
 */
export function keep_keys(root) {
  const decide = (/** @type {KeyboardEvent} */ event) => {
    if (event.target instanceof Element && root.contains(event.target)) {
      // What JupyterLab and Notebook 7 ask before they take a key as a shortcut; of what has the
      // focus itself, for their selectors match that first.
      const ours = !event.ctrlKey && !event.metaKey;
      event.target.toggleAttribute("data-lm-suppress-shortcuts", ours);
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
