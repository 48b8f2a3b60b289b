// Tabs by the pattern of WAI-ARIA: arrow keys turn pages, Tab goes into the page.

/**
 * @param {HTMLElement} list an element with the role tablist, its buttons with the role tab
 * @param {(name: string) => void} onOpen
 * @returns {(name: string) => void} opens a page
 */
export function createTabs(list, onOpen) {
  const tabs = /** @type {HTMLElement[]} */ (Array.from(list.querySelectorAll("[role=tab]")));
  const open = (/** @type {string} */ name) => {
    for (const tab of tabs) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const page = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (page) page.hidden = !chosen;
    }
    onOpen(name);
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => open(tab.dataset.tab ?? ""));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      next.focus();
      open(next.dataset.tab ?? "");
    });
  });
  return open;
}
