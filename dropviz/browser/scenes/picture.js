/**
 * What all pictures have: a heading, the stage, a card that tells more of what is pointed at, and
 * a legend. It is drawn again as often as `keep` is called, and when its place becomes wider.
 */

import { hinted, isPlain, moved, pointed, within } from "./pointing.js";
import { signs } from "./signs.js";
import { styleText } from "./style.js";
import { appearance, followAppearance, setColours } from "./theme.js";
import { fill, patch, tag } from "./tree.js";

/** @typedef {import("./scene_types.js").Scene} Scene */
/** @typedef {import("./scene_types.js").Palette} Palette */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./tree.js").Attributes} Attributes */
/** @typedef {import("./tree.js").Tree} Tree */

/** @typedef {{key: string, row: number, column: number}} Place What can be pointed at, and where. */
/** @typedef {{row: number, column: number}} Spot A square of its heatmap. */
/** @typedef {{arrow: string, column: number, mask: number | null}} Detail */

/**
 * @typedef {object} View
 * @property {number} width In units of the drawing.
 * @property {number} scale CSS pixels a unit.
 * @property {boolean} narrow
 * @property {Palette} palette
 * @property {(key: string, says: string, more?: Attributes) => Attributes} item Attributes of
 *   something that can be pointed at.
 */

/**
 * @template {Scene} S
 * @typedef {object} Painter
 * @property {{what: string, where: string}} hint What can be pointed at, and where it is told.
 * @property {number} lines Lines that the card has room for from the beginning.
 * @property {boolean} heat Whether its squares have the colours of heatmaps.
 * @property {(scene: S) => {title: string, lines: string[], legend: import("./scene_types.js").Sign[]}} words
 * @property {(scene: S) => Place[]} places
 * @property {(scene: S, view: View) => Child[]} stage
 * @property {(scene: S, key: string, spot: Spot | null, view: View) => Child[]} card
 * @property {(scene: S, key: string) => Detail} detail
 */

/**
 * @typedef {object} State
 * @property {Scene} scene
 * @property {Theme} theme
 * @property {Painter<any>} painter
 * @property {HTMLElement} root
 * @property {string} open Key of what is pointed at; empty if nothing is.
 * @property {Spot | null} spot
 * @property {View | null} view As it was drawn last.
 * @property {string} shown The appearance whose colours are set.
 * @property {Theme | null} coloured The theme that they are of.
 * @property {boolean} asked Whether it is drawn for somebody who points, and so read aloud.
 * @property {number} room The height of the card, which never shrinks: nothing jumps.
 * @property {() => void} end Ends what it listens to around it.
 */

/** @type {WeakMap<HTMLElement, State>} */
const states = new WeakMap();

const WIDE = 900;
const NARROW = 640;
const LARGEST = 1.5;

/**
 * Paints a scene, or paints another of the same kind in its place.
 *
 * @template {Scene} S
 * @param {HTMLElement} container
 * @param {S} scene
 * @param {Theme} theme
 * @param {Painter<S>} painter
 */
export function keep(container, scene, theme, painter) {
  const known = states.get(container);
  if (known && known.painter === painter && known.root.parentNode === container) {
    known.scene = scene;
    known.theme = theme;
    render(container, known);
    return;
  }
  known?.end();
  const root = document.createElement("div");
  container.replaceChildren(root);
  /** @type {State} */
  const state = {
    ...{ scene, theme, painter, root, end: () => {} },
    ...{ open: "", spot: null, view: null, shown: "", coloured: null, asked: false, room: 0 },
  };
  states.set(container, state);
  state.end = listen(container, state);
  render(container, state);
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @returns {() => void} Ends what is listened to around the picture.
 */
function listen(container, state) {
  const { root } = state;
  const again = () => {
    if (root.isConnected) {
      render(container, state);
    }
  };
  let width = container.clientWidth;
  const size = new ResizeObserver(() => {
    if (!container.contains(root)) {
      end();
    } else if (container.clientWidth !== width) {
      width = container.clientWidth;
      again();
    }
  });
  size.observe(container);
  const stop = followAppearance(root, again);
  const end = () => {
    size.disconnect();
    stop();
  };
  for (const kind of /** @type {const} */ (["pointerover", "pointermove", "focusin"])) {
    root.addEventListener(kind, (event) => point(container, state, event));
  }
  root.addEventListener("click", (event) => choose(container, state, event));
  root.addEventListener("keydown", (event) => press(container, state, event));
  return end;
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 */
function render(container, state) {
  const { scene, painter, root } = state;
  const around = container.clientWidth;
  if (!around) {
    return; // Hidden: drawn when it has a width.
  }
  const tone = appearance(container);
  if (tone !== state.shown || state.theme !== state.coloured) {
    setColours(root, state.theme[tone]);
    state.shown = tone;
    state.coloured = state.theme;
  }
  const places = painter.places(scene);
  if (!places.some((each) => each.key === state.open)) {
    state.open = "";
    state.spot = null;
  }
  const font = around < NARROW ? 14 : 15 * Math.min(Math.max(around / WIDE, 1), LARGEST);
  root.style.fontSize = `${font}px`;
  const attributes = { class: "dropviz-scene", role: "figure", "aria-label": scene.alt, "data-kind": scene.kind };
  for (const [name, value] of Object.entries(attributes)) {
    if (root.getAttribute(name) !== value) {
      root.setAttribute(name, value);
    }
  }
  const view = seen(state, places, around - 1.2 * font);
  state.view = view;
  const words = painter.words(scene);
  const focused = root.querySelector(":focus");
  patch(root, [
    tag("style", {}, styleText()),
    ...heading(words),
    tag("div", { class: "dropviz-stage" }, painter.stage(scene, view)),
    tag("div", { class: "dropviz-legend" }, signs(words.legend, painter.heat)),
    card(state, view),
  ]);
  // What comes elsewhere among its neighbours loses the focus.
  if (focused instanceof SVGElement && root.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
  settle(state);
}

/**
 * @param {State} state
 * @param {Place[]} places
 * @param {number} inside CSS pixels.
 * @returns {View}
 */
function seen(state, places, inside) {
  const scale = Math.min(Math.max(inside / WIDE, 1), LARGEST);
  const first = state.open || places[0]?.key;
  return {
    width: inside / scale,
    scale,
    narrow: inside < NARROW,
    palette: state.theme[state.shown === "dark" ? "dark" : "light"],
    item: (key, says, more = {}) => ({
      "data-key": key,
      class: "dropviz-item",
      role: "button",
      tabindex: key === first ? 0 : -1,
      "aria-label": says,
      "data-open": key === state.open,
      ...more,
    }),
  };
}

/**
 * @param {{title: string, lines: string[]}} words
 * @returns {Child[]}
 */
function heading({ title, lines }) {
  return [
    ...(title ? [tag("div", { class: "dropviz-title" }, title)] : []),
    ...lines.map((line) => tag("div", { class: "dropviz-muted" }, line)),
  ];
}

/**
 * @param {State} state
 * @param {View} view
 * @returns {Tree}
 */
function card(state, view) {
  const { painter, scene, open, spot, asked } = state;
  const inside = open
    ? painter.card(scene, open, spot, view)
    : [tag("p", { class: "dropviz-muted" }, hinted(painter.hint))];
  const style = `min-height:${state.room ? `${state.room}px` : `${painter.lines * 1.4 + 1}em`}`;
  return tag(
    "div",
    { class: "dropviz-card", "aria-live": asked ? "polite" : "off", "data-empty": !open, style },
    inside,
  );
}

/** @param {State} state */
function settle(state) {
  const drawn = state.root.lastElementChild;
  if (drawn instanceof HTMLElement && state.open) {
    state.room = Math.max(state.room, drawn.offsetHeight);
  }
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {Event} event
 */
function point(container, state, event) {
  const found = pointed(state.root, event);
  if (!found) {
    return;
  }
  const spot = event instanceof PointerEvent ? within(found.element, event) : null;
  const other = found.key !== state.open;
  const moves = spot && !(spot.row === state.spot?.row && spot.column === state.spot.column);
  if (other || moves) {
    Object.assign(state, { open: found.key, spot, asked: true });
    const drawn = state.root.lastElementChild;
    if (other || !drawn || !state.view) {
      render(container, state);
    } else {
      // Nothing else tells of a square.
      fill(drawn, card(state, state.view));
      settle(state);
    }
    state.asked = false;
  }
  if (other) {
    tell(container, state, "dropviz-point");
  }
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {"dropviz-point" | "dropviz-choose"} name
 */
function tell(container, state, name) {
  const detail = { kind: state.scene.kind, ...state.painter.detail(state.scene, state.open) };
  container.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {Event} event
 */
function choose(container, state, event) {
  const found = pointed(state.root, event);
  if (found) {
    point(container, state, event);
    tell(container, state, "dropviz-choose");
  }
}

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {KeyboardEvent} event
 */
function press(container, state, event) {
  const found = pointed(state.root, event);
  if (!found || !isPlain(event)) {
    return;
  }
  if (event.key === "Enter" || event.key === " ") {
    choose(container, state, event);
  } else {
    const next = moved(state.painter.places(state.scene), found.key, event.key);
    if (!next) {
      return;
    }
    /** @type {HTMLElement | null} */
    const element = state.root.querySelector(`[data-key="${CSS.escape(next)}"]`);
    element?.focus();
  }
  // Notebooks have shortcuts of their own, and pages scroll.
  event.preventDefault();
  event.stopPropagation();
}
