/** Whether somebody can see an element. */

/**
 * Tells whether an element can be seen, at first and whenever that changes.
 *
 * @param {HTMLElement} root
 * @param {(seen: boolean) => void} tell
 * @returns {() => void} Ends that.
 */
export function watchSeen(root, tell) {
  let there = true;
  /** @type {boolean | null} */
  let told = null;
  const now = () => {
    const seen = there && document.visibilityState === "visible";
    if (seen !== told) {
      told = seen;
      tell(seen);
    }
  };
  const watch = new IntersectionObserver((entries) => {
    there = entries.some((each) => each.isIntersecting);
    now();
  });
  watch.observe(root);
  document.addEventListener("visibilitychange", now);
  return () => {
    watch.disconnect();
    document.removeEventListener("visibilitychange", now);
    if (told) {
      tell(false);
    }
  };
}
