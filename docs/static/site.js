// @ts-check
/** What pictures, and the page without Python, cannot know of the site around them. */

/** @type {Array<(scheme: "light" | "dark") => void>} Called when a reader chooses light or dark. */
const listeners = [];

// Pictures are painted anew where the body's classes change; the theme says it elsewhere.
listeners.push((scheme) => document.body.classList.toggle("dropviz-dark", scheme === "dark"));

for (const frame of /** @type {NodeListOf<HTMLIFrameElement>} */ (
  document.querySelectorAll("iframe.dropviz-page")
)) {
  frame.addEventListener("load", () => adopt(frame));
  if (frame.contentDocument?.readyState === "complete") {
    adopt(frame);
  }
}

/**
 * Makes a page of ours part of this one. From a disk no page may look into another: it follows
 * the system's light or dark then, and scrolls by itself.
 *
 * @param {HTMLIFrameElement} frame
 */
function adopt(frame) {
  const inside = frame.contentDocument;
  if (!inside?.body.childElementCount) {
    return;
  }
  new ResizeObserver(() => {
    frame.style.height = `${Math.ceil(inside.documentElement.getBoundingClientRect().height) + 2}px`;
  }).observe(inside.documentElement);

  const rules = [...inside.styleSheets]
    .flatMap((sheet) => /** @type {any[]} */ ([...sheet.cssRules]))
    .filter((rule) => rule.media?.mediaText.includes("prefers-color-scheme: dark"));
  listeners.push((scheme) => {
    for (const rule of rules) {
      rule.media.mediaText = scheme === "dark" ? "screen" : "not all";
    }
    inside.documentElement.style.colorScheme = scheme;
    inside.body.classList.toggle("dropviz-dark", scheme === "dark");
  });
  tell();
}

function tell() {
  const scheme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  listeners.forEach((listener) => listener(scheme));
}

new MutationObserver(tell).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme"],
});
tell();
