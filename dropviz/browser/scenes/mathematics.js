/** Words with a little mathematics between dollars, as the tables of dropviz have it. */

import { tag } from "./tree.js";

/** @typedef {import("./tree.js").Child} Child */
/**
 * @typedef {object} Part
 * @property {string} text
 * @property {boolean} slanted
 * @property {-1 | 0 | 1} level Below the line, on it, above it.
 */

/** @type {Record<string, string>} */
const COMMANDS = {
  "\\circ": " \u2218 ",
  "\\sigma": "\u03c3",
  "\\,": "\u2009",
  "\\tilde": "",
};
/** @type {Record<string, string>} */
const PLAIN = { "'": "\u2032", "-": "\u2212" };
const TOKEN = /\\[a-z]+|\\.|[_^]|[{}]|[A-Za-z]|[^A-Za-z\\_^{}]/g;

/**
 * Takes words apart.
 *
 * @param {string} words
 * @returns {Part[]}
 */
export function parts(words) {
  /** @type {Part[]} */
  const listed = [];
  words.split("$").forEach((text, number) => {
    if (number % 2) {
      formula(text, listed);
    } else if (text) {
      listed.push({ text, slanted: false, level: 0 });
    }
  });
  return listed;
}

/**
 * @param {string} text
 * @param {Part[]} listed
 */
function formula(text, listed) {
  /** @type {-1 | 0 | 1} */
  let level = 0;
  let depth = 0;
  let hat = false;
  for (const token of text.match(TOKEN) ?? []) {
    if (token === "_" || token === "^") {
      level = token === "_" ? -1 : 1;
    } else if (token === "{") {
      depth += 1;
    } else if (token === "}") {
      depth -= 1;
      level = 0;
    } else if (token === "\\tilde") {
      hat = true;
    } else {
      const said = COMMANDS[token] ?? PLAIN[token] ?? token;
      const slanted = /^[A-Za-z\u03c3]$/.test(said);
      push(listed, { text: hat && slanted ? `${said}\u0303` : said, slanted, level });
      hat = hat && !slanted;
      if (!depth) {
        level = 0;
      }
    }
  }
}

/**
 * @param {Part[]} listed
 * @param {Part} part
 */
function push(listed, part) {
  const last = listed[listed.length - 1];
  if (last && last.slanted === part.slanted && last.level === part.level) {
    last.text += part.text;
  } else {
    listed.push(part);
  }
}

/**
 * Words with mathematics, for an element of HTML.
 *
 * @param {string} words
 * @returns {Child[]}
 */
export function inHtml(words) {
  return parts(words).map(({ text, slanted, level }) => {
    const said = slanted ? tag("i", { class: "dropviz-math" }, text) : text;
    if (!level) {
      return said;
    }
    return tag(level < 0 ? "sub" : "sup", {}, said);
  });
}

/**
 * Words with mathematics, for a `text` of SVG.
 *
 * @param {string} words
 * @param {number} size Of the letters, in units of the drawing.
 * @param {number} small Of those below and above the line.
 * @returns {Child[]}
 */
export function inSvg(words, size, small) {
  let height = 0;
  return parts(words).map(({ text, slanted, level }) => {
    const wanted = -level * 0.28 * size;
    const dy = wanted - height;
    height = wanted;
    return tag(
      "tspan",
      {
        class: slanted ? "dropviz-math" : null,
        dy: dy || null,
        "font-size": level ? small : null,
      },
      text,
    );
  });
}

/**
 * Words with mathematics as plain text, as in "h_t-1".
 *
 * @param {string} words
 * @returns {string}
 */
export function spoken(words) {
  let level = 0;
  const said = parts(words).map((part) => {
    const mark = part.level && part.level !== level ? (part.level < 0 ? "_" : "^") : "";
    level = part.level;
    return mark + part.text;
  });
  return said.join("");
}

/**
 * The name of a value as mathematics, as in "x_1".
 *
 * @param {string} value
 * @returns {string}
 */
export function asFormula(value) {
  const [name = "", below = ""] = value.replaceAll("$", "").split("_");
  return below ? `$${name}_{${below}}$` : `$${name}$`;
}
