/** Keys that act on what is shown, inside of a notebook that has shortcuts of its own. */

/**
 * Tells a notebook whether the next key is a shortcut of its own.
 *
 * @param {Element} focused What has the focus itself: the notebook's selectors match that first.
 * @param {boolean} ours Whether the key acts here.
 */
export function keepFromNotebook(focused, ours) {
  // What JupyterLab and Notebook 7 ask before they take a key as a shortcut.
  focused.toggleAttribute("data-lm-suppress-shortcuts", ours);
}
