/** The lines that do the same elsewhere, each with a button that copies it. */

import { element, write } from "./element.js";

const SHOWN = 1500;
const KEYS = /mac|iphone|ipad/i.test(navigator.platform) ? "Cmd+C" : "Ctrl+C";

/**
 * A line with its button.
 *
 * @param {string} title
 * @param {string} text
 * @returns {{root: HTMLElement, show: (text: string) => void}}
 */
export function copiedLine(title, text) {
  const line = element("code", { class: "dropviz-lab-line" }, text);
  const button = element("button", { type: "button" });
  const say = (/** @type {string} */ word) => {
    write(button, word);
    button.setAttribute("aria-label", `${word}: ${title}`);
  };
  say("Copy");
  button.addEventListener("click", async () => {
    const done = await copy(line);
    say(done ? "Copied" : `Press ${KEYS}`);
    setTimeout(() => say("Copy"), SHOWN);
  });
  const root = element(
    "div", { class: "dropviz-lab-copied" },
    element("span", { class: "dropviz-lab-title" }, title), button, line,
  );
  return { root, show: (now) => write(line, now) };
}

/**
 * Copies the text of an element; where the page may not, selects it.
 *
 * @param {HTMLElement} line
 * @returns {Promise<boolean>}
 */
async function copy(line) {
  try {
    await navigator.clipboard.writeText(line.textContent ?? "");
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(line);
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    return false;
  }
}
