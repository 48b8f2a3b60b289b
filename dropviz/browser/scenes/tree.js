/**
 * A description of elements, and what brings a page to it with as few changes as may be: elements
 * that are wanted again stay, with the focus that they have.
 *
 * Texts become text nodes and attribute values; nothing is ever read as HTML.
 */

/**
 * @typedef {object} Tree
 * @property {string} name
 * @property {Record<string, string | number | null>} attributes
 * @property {Child[]} children
 * @property {((canvas: HTMLCanvasElement) => void) | null} draw
 */
/** @typedef {Tree | string} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

const SVG = "http://www.w3.org/2000/svg";
/** @type {WeakMap<Element, string>} The style that was written last; to read it back costs more. */
const styles = new WeakMap();

/**
 * Describes an element.
 *
 * @param {string} name
 * @param {Attributes} attributes Null, undefined and false leave one out.
 * @param {...(Child | null | undefined | false | Child[])} children
 * @returns {Tree}
 */
export function tag(name, attributes = {}, ...children) {
  /** @type {Record<string, string | number | null>} */
  const given = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      given[key] = value === true ? "" : value;
    }
  }
  /** @type {Child[]} */
  const inside = [];
  for (const child of children.flat()) {
    if (child) {
      inside.push(child);
    }
  }
  return { name, attributes: given, children: inside, draw: null };
}

/**
 * Describes a canvas.
 *
 * @param {Attributes} attributes
 * @param {(canvas: HTMLCanvasElement) => void} draw Draws on it, each time.
 * @returns {Tree}
 */
export function canvas(attributes, draw) {
  return { ...tag("canvas", attributes), draw };
}

/**
 * Brings the inside of an element to what is wanted.
 *
 * @param {Element | ShadowRoot} parent
 * @param {Child[]} wanted
 */
export function patch(parent, wanted) {
  /** @type {Map<string, Element>} */
  const named = new Map();
  for (const child of parent.children) {
    const key = child.getAttribute("data-key");
    if (key !== null) {
      named.set(key, child);
    }
  }
  let place = parent.firstChild;
  for (const each of wanted) {
    const node = found(place, named, each) ?? made(parent, each);
    if (node === place) {
      place = place.nextSibling;
    } else {
      parent.insertBefore(node, place);
    }
    if (typeof each === "string") {
      if (node.nodeValue !== each) {
        node.nodeValue = each;
      }
    } else {
      fill(/** @type {Element} */ (node), each);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/**
 * @param {ChildNode | null} place
 * @param {Map<string, Element>} named
 * @param {Child} each
 * @returns {ChildNode | null}
 */
function found(place, named, each) {
  if (typeof each === "string") {
    return place?.nodeType === Node.TEXT_NODE ? place : null;
  }
  const key = each.attributes["data-key"];
  const candidate = key === undefined ? place : named.get(String(key)) ?? null;
  if (!(candidate instanceof Element) || candidate.localName !== each.name) {
    return null;
  }
  // One with a key of its own is kept for whoever asks for it.
  return key === undefined && candidate.hasAttribute("data-key") ? null : candidate;
}

/**
 * @param {Element | ShadowRoot} parent
 * @param {Child} each
 * @returns {ChildNode}
 */
function made(parent, each) {
  if (typeof each === "string") {
    return document.createTextNode(each);
  }
  const inside = parent instanceof Element && parent.namespaceURI === SVG;
  return inside || each.name === "svg"
    ? document.createElementNS(SVG, each.name)
    : document.createElement(each.name);
}

/**
 * Brings an element to what is wanted of it.
 *
 * @param {Element} element
 * @param {Tree} tree Of an element of its name.
 */
export function fill(element, tree) {
  for (const { name } of [...element.attributes]) {
    if (!(name in tree.attributes)) {
      element.removeAttribute(name);
      styles.delete(element);
    }
  }
  for (const [name, value] of Object.entries(tree.attributes)) {
    if (name === "style") {
      if (styles.get(element) !== value) {
        styles.set(element, String(value));
        // As a property: a page may forbid the attribute.
        /** @type {HTMLElement} */ (element).style.cssText = String(value);
      }
    } else if (element.getAttribute(name) !== String(value)) {
      element.setAttribute(name, String(value));
    }
  }
  if (tree.draw && element instanceof HTMLCanvasElement) {
    tree.draw(element);
  } else {
    patch(element, tree.children);
  }
}
