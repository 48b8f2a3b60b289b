/** The LSTM unrolled through time, with the masks on its arrows. */

import { as_formula, in_html, in_svg } from "./mathematics.js";
import { mask_squares, mask_table } from "./mask_squares.js";
import { keep } from "./picture.js";
import { colour_of } from "./theme.js";
import { tag } from "./tree.js";
import { course, ENTRIES, laid_out, ROWS, squares_at } from "./unrolled_layout.js";

/** @typedef {import("./scene_types.js").Arrow} Arrow */
/** @typedef {import("./scene_types.js").Mask} Mask */
/** @typedef {import("./scene_types.js").Unrolled} Unrolled */
/** @typedef {import("./scene_types.js").Theme} Theme */
/** @typedef {import("./picture.js").View} View */
/** @typedef {import("./picture.js").Place} Place */
/** @typedef {import("./tree.js").Child} Child */
/** @typedef {import("./unrolled_layout.js").Layout} Layout */

const KEYS = ["up", "c", "cell", "g", "h", "x"]; // from above

/**
 * Paints the unrolled picture.
 *
 * @param {HTMLElement} container
 * @param {Unrolled} scene
 * @param {Theme} theme
 */
export function paint(container, scene, theme) {
  keep(container, scene, theme, PAINTER);
}

/** @type {import("./picture.js").Painter<Unrolled>} */
const PAINTER = {
  hint: "Point at an arrow, or move with Tab and the arrow keys: its mask stands here in numbers.",
  lines: 2,
  heat: false,
  words: ({ title, lines, legend }) => ({ title, lines, legend }),
  places,
  stage,
  card,
  detail: (scene, key) => {
    const found = arrow_of(scene, key);
    const [name = "", column = "0"] = key.split(":");
    return { arrow: name, column: Number(column), mask: found?.mask ?? null };
  },
};

/**
 * @param {Unrolled} scene
 * @returns {Place[]}
 */
function places(scene) {
  const listed = scene.arrows.map(({ arrow, column }) => ({
    key: `${arrow}:${column}`,
    row: KEYS.indexOf(arrow),
    column: arrow === "h" || arrow === "c" ? column - 0.5 : column,
  }));
  const cells = scene.columns.map((_, column) => ({
    key: `cell:${column}`, row: KEYS.indexOf("cell"), column,
  }));
  return [...listed, ...cells].sort((one, other) => one.column - other.column || one.row - other.row);
}

/**
 * @param {Unrolled} scene
 * @param {string} key
 * @returns {Arrow | undefined}
 */
function arrow_of(scene, key) {
  return scene.arrows.find((each) => `${each.arrow}:${each.column}` === key);
}

/**
 * @param {Unrolled} scene
 * @param {Arrow} arrow
 * @returns {Mask | null}
 */
function mask_of(scene, arrow) {
  return arrow.mask === null ? null : scene.masks[arrow.mask] ?? null;
}

// ---------------------------------------------------------------- the stage

/**
 * @param {Unrolled} scene
 * @param {View} view
 * @returns {Child[]}
 */
function stage(scene, view) {
  const layout = laid_out(scene, view.width);
  const drawing = tag(
    "svg",
    { viewBox: `0 0 ${layout.width} ${layout.height}`, "data-picture": "unrolled" },
    scene.columns.map((step, column) => nodes(scene, layout, view, step, column)),
    ordered(scene).map((arrow) => drawn(scene, layout, view, arrow)),
  );
  const note = scene.one_step
    ? tag("div", { class: "dropviz-muted" }, "one time step: ", in_html(scene.one_step))
    : null;
  /** @type {Child[]} */
  const all = layout.roomy ? [drawing] : [names(scene, view), drawing];
  return note ? [...all, note] : all;
}

/**
 * Plain arrows first, so that masks lie on them.
 *
 * @param {Unrolled} scene
 * @returns {Arrow[]}
 */
function ordered(scene) {
  const bare = scene.arrows.filter((each) => each.mask === null);
  return [...bare, ...scene.arrows.filter((each) => each.mask !== null)];
}

/**
 * The names of the arguments, where there is no room for them beside the arrows.
 *
 * @param {Unrolled} scene
 * @param {View} view
 * @returns {Child}
 */
function names(scene, view) {
  /** @type {Map<string, Mask>} */
  const first = new Map();
  for (const arrow of scene.arrows) {
    const mask = mask_of(scene, arrow);
    if (mask && !first.has(mask.label)) {
      first.set(mask.label, mask);
    }
  }
  return tag(
    "div",
    { class: "dropviz-key" },
    [...first.values()].map((mask) => {
      const colour = colour_of(mask.colour, view.palette);
      return tag(
        "span",
        { class: "dropviz-code", style: `color:${colour}`, "data-label": mask.label },
        `\u25cf ${mask.label}${mask.matrix ? " (masks the weights U)" : ""}`,
      );
    }),
  );
}

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {View} view
 * @param {number} step
 * @param {number} column
 * @returns {Child}
 */
function nodes(scene, layout, view, step, column) {
  const { y, half } = layout;
  const x = layout.x(column);
  const size = layout.roomy ? 17 : scene.cell.length > 5 ? layout.small : 14;
  const shown = scene.cell.length > 12 ? `${scene.cell.slice(0, 11)}\u2026` : scene.cell;
  const where = layout.inside ? y.top + 18 : (y.top + y.bottom) / 2 + 0.35 * size;
  const fit = 0.6 * size * shown.length > 2 * half - 6 ? 2 * half - 6 : null;
  return tag(
    "g",
    {},
    circle(layout, x, y.h, `h_${step + 1}`),
    circle(layout, x, y.x, `x_${step + 1}`),
    tag(
      "g",
      view.item(`cell:${column}`, `${scene.cell} at step ${step + 1}`, { "data-cell": column }),
      tag("rect", { x: x - half, y: y.top, width: 2 * half, height: y.bottom - y.top, rx: 8,
        style: "fill:var(--dropviz-paper);stroke:var(--dropviz-ink)", "stroke-width": 1.6 }),
      halo(x - half, y.top, 2 * half, y.bottom - y.top),
      tag("text", { x, y: where, "text-anchor": "middle", "font-size": size, textLength: fit,
        lengthAdjust: fit ? "spacingAndGlyphs" : null }, shown),
    ),
  );
}

/**
 * @param {Layout} layout
 * @param {number} x
 * @param {number} y
 * @param {string} value
 * @returns {Child}
 */
function circle(layout, x, y, value) {
  return tag(
    "g",
    { "data-node": value },
    tag("circle", { cx: x, cy: y, r: layout.node,
      style: "fill:var(--dropviz-ground);stroke:var(--dropviz-ink)", "stroke-width": 1.6 }),
    tag("text", { x, y: y + layout.letter * 0.28, "text-anchor": "middle", "font-size": layout.letter },
      in_svg(as_formula(value), layout.letter, layout.small)),
  );
}

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {View} view
 * @param {Arrow} arrow
 * @returns {Child}
 */
function drawn(scene, layout, view, arrow) {
  const mask = mask_of(scene, arrow);
  const { from, to, badge, skips } = course(scene, layout, arrow);
  const colour = mask ? colour_of(mask.colour, view.palette) : "var(--dropviz-faint)";
  const carried = mask
    ? `mask ${mask.letter} of ${mask.label} on ${arrow.value}`
    : `no mask on ${arrow.value}`;
  const level = from[1] === to[1];
  const squares = mask ? squares_at(scene, layout, arrow, mask) : null;
  return tag(
    "g",
    view.item(`${arrow.arrow}:${arrow.column}`, carried, {
      "data-arrow": arrow.arrow,
      "data-column": arrow.column,
      "data-mask": arrow.mask,
      "data-letter": mask?.letter,
      "data-argument": mask?.colour.argument,
      "data-shade": mask?.colour.shade,
    }),
    level
      ? halo(from[0], from[1] - 25, to[0] - from[0], 39)
      : halo(from[0] - 14, to[1], 28, from[1] - to[1]),
    skips ? dots(layout, from) : null,
    line(from, to, colour, Boolean(mask)),
    value(layout, arrow, from, to, skips, mask ? colour : "var(--dropviz-muted)", mask !== null),
    mask ? letter(layout, badge, mask, colour) : null,
    mask && squares ? small_mask(scene, layout, arrow, mask, squares, colour) : null,
    mask && layout.roomy && is_first(scene, arrow, mask)
      ? argument(scene, layout, arrow, mask, squares, colour)
      : null,
  );
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @returns {Child}
 */
function halo(x, y, width, height) {
  return tag("rect", { class: "dropviz-halo", x, y, width: Math.max(width, 1), height });
}

/**
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {string} colour
 * @param {boolean} masked
 * @returns {Child[]}
 */
function line(from, to, colour, masked) {
  const [head, wide] = masked ? [14, 7] : [10, 4.5];
  const flat = from[1] === to[1];
  const along = flat ? Math.sign(to[0] - from[0]) : Math.sign(to[1] - from[1]);
  const [x, y] = to;
  const tip = flat
    ? `M${x} ${y}L${x - along * head} ${y - wide}V${y + wide}Z`
    : `M${x} ${y}L${x - wide} ${y - along * head}H${x + wide}Z`;
  const end = flat ? `H${x - along * (head - 1)}` : `V${y - along * (head - 1)}`;
  return [
    tag("path", { d: `M${from[0]} ${from[1]}${end}`, style: `fill:none;stroke:${colour}`,
      "stroke-width": masked ? 4.4 : 1.9, "stroke-dasharray": masked ? null : "6 4" }),
    tag("path", { d: tip, style: `fill:${colour}` }),
  ];
}

/**
 * @param {Layout} layout
 * @param {[number, number]} from
 * @returns {Child}
 */
function dots(layout, from) {
  const apart = layout.roomy ? 9 : 4;
  const r = layout.roomy ? 2.4 : 1.4;
  return tag("g", { "data-skips": "" }, [1, 2, 3].map((number) =>
    tag("circle", { cx: from[0] - (number - 0.2) * apart, cy: from[1], r })));
}

/**
 * The name of what a horizontal arrow carries; the circles name the others.
 *
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {boolean} skips
 * @param {string} colour
 * @param {boolean} masked
 * @returns {Child | null}
 */
function value(layout, arrow, from, to, skips, colour, masked) {
  if (arrow.arrow === "g") {
    const words = { "text-anchor": "middle", "font-size": layout.letter };
    return tag("g", {},
      tag("text", { x: from[0], y: from[1] + 15, ...words, style: `fill:${colour}` },
        in_svg("$g$", layout.letter, layout.small)),
      tag("text", { x: to[0], y: to[1] - 5, ...words }, in_svg("$c$", layout.letter, layout.small)));
  }
  if (arrow.arrow !== "h" && arrow.arrow !== "c") {
    return null;
  }
  const centred = arrow.arrow === "c" && !masked;
  const middle = (from[0] + to[0]) / 2 - (layout.roomy ? 0 : skips ? 10 : 4);
  return tag(
    "text",
    {
      x: centred ? middle : from[0] + (layout.roomy ? 4 : skips ? -12 : 1),
      y: from[1] - 8,
      "text-anchor": centred ? "middle" : "start",
      "font-size": layout.letter,
      style: `fill:${colour}`,
    },
    in_svg(as_formula(arrow.value), layout.letter, layout.small),
  );
}

/**
 * @param {Layout} layout
 * @param {[number, number]} at
 * @param {Mask} mask
 * @param {string} colour
 * @returns {Child}
 */
function letter({ badge, small }, [x, y], mask, colour) {
  const half = Math.max(badge, 0.36 * small * mask.letter.length + 5);
  return tag(
    "g",
    { "data-badge": mask.letter },
    tag("rect", { x: x - half, y: y - badge, width: 2 * half, height: 2 * badge, rx: badge,
      style: `fill:${colour};stroke:var(--dropviz-ground)`, "stroke-width": 2 }),
    tag("text", { x, y: y + 0.36 * small, "text-anchor": "middle", "font-size": small,
      "font-weight": 700, style: "fill:var(--dropviz-letter)" }, mask.letter),
  );
}

/**
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number}} at
 * @param {string} colour
 * @returns {Child}
 */
function small_mask(scene, layout, arrow, mask, at, colour) {
  const named = is_first(scene, arrow, mask);
  return tag(
    "g",
    { "data-glyph": mask.letter },
    mask.matrix
      ? blocks(layout, mask, at, colour)
      : mask_squares(mask.kept, ROWS, at.x, at.y, layout.pitch, colour),
    named && mask.gates.length ? gate_names(layout, mask, at) : null,
  );
}

/**
 * A mask of weights: a block for each gate, two above and two below.
 *
 * @param {Layout} layout
 * @param {Mask} mask
 * @param {{x: number, y: number}} at
 * @param {string} colour
 * @returns {Child[]}
 */
function blocks(layout, mask, at, colour) {
  const side = ENTRIES * layout.entry;
  return mask.kept.flatMap((flat, gate) => {
    const units = Math.round(Math.sqrt(flat.length));
    const shown = Math.min(units, ENTRIES);
    const columns = Array.from({ length: shown }, (_, to) =>
      Array.from({ length: shown }, (_, of) => flat[of * units + to] ?? null));
    const x = at.x + (gate % 2) * (side + 5);
    const y = at.y + Math.floor(gate / 2) * (side + 5);
    return mask_squares(columns, ENTRIES, x, y, layout.entry, colour);
  });
}

/**
 * @param {Layout} layout
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number}} at
 * @returns {Child[]}
 */
function gate_names(layout, mask, at) {
  const words = { "font-size": layout.small, style: "fill:var(--dropviz-muted)" };
  if (mask.kept.length === 1) {
    return mask.gates.length > 1
      ? [tag("text", { x: at.x, y: at.y - 5, ...words }, "all gates")]
      : [];
  }
  const side = ENTRIES * layout.entry;
  return mask.gates.map((gate, number) => {
    const middle = { "text-anchor": "middle", ...words };
    if (mask.matrix) {
      const below = number > 1;
      const x = at.x + (number % 2) * (side + 5) + side / 2;
      return tag("text", { x, y: below ? at.y + 2 * side + 5 + layout.small : at.y - 3, ...middle }, gate);
    }
    return tag("text", { x: at.x + (number + 0.42) * layout.pitch, y: at.y - 4, ...middle }, gate);
  });
}

/**
 * Whether an arrow is the first of its kind that a mask of its site lies on.
 *
 * @param {Unrolled} scene
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @returns {boolean}
 */
function is_first(scene, arrow, mask) {
  const alike = scene.arrows.filter(
    (each) => each.arrow === arrow.arrow && mask_of(scene, each)?.site === mask.site,
  );
  return arrow.column === Math.min(...alike.map((each) => each.column));
}

/**
 * The name of the argument that a mask came from.
 *
 * @param {Unrolled} scene
 * @param {Layout} layout
 * @param {Arrow} arrow
 * @param {Mask} mask
 * @param {{x: number, y: number, wide: number} | null} squares
 * @param {string} colour
 * @returns {Child | null}
 */
function argument(scene, layout, arrow, mask, squares, colour) {
  const { badge, middle } = course(scene, layout, arrow);
  const wide = 0.62 * 15 * mask.label.length;
  let [x, y, anchor] = [badge[0] - 18, badge[1] + 5, "end"];
  if (!squares || (arrow.arrow === "h" && !arrow.column)) {
    return null; // Its name stands where its squares are, or in the words beside a single step.
  }
  if (arrow.arrow === "h" || arrow.arrow === "c") {
    // Between two circles.
    x = Math.max(middle, layout.x(arrow.column - 1) + 26 + wide / 2);
    [y, anchor] = [arrow.arrow === "h" ? layout.y.x + 5 : squares.y - 8, "middle"];
  } else if (arrow.arrow === "g") {
    [x, y, anchor] = [squares.x + 2, layout.y.top - 10, "start"];
  } else if (arrow.arrow === "up") {
    const last = arrow.column === scene.columns.length - 1 && arrow.column > 0;
    [x, y] = [last ? badge[0] - layout.node - 8 : squares.x + squares.wide + 8, layout.y.h + 5];
    anchor = last ? "end" : "start";
  }
  const words = { class: "dropviz-code", "font-size": 15, style: `fill:${colour}` };
  return tag(
    "g",
    { "data-label": mask.label },
    arrow.arrow === "g"
      ? tag("path", { d: `M${squares.x + 5} ${squares.y - 3}V${y + 5}`, style: `stroke:${colour}` })
      : null,
    tag("text", { x, y, "text-anchor": anchor, ...words }, mask.label),
    mask.matrix
      ? tag("text", { x, y: y + 18, "text-anchor": anchor, "font-size": 14,
          style: "fill:var(--dropviz-muted)" }, in_svg("masks the weights $U$", 14, 14))
      : null,
  );
}

// ---------------------------------------------------------------- the card

/**
 * @param {Unrolled} scene
 * @param {string} key
 * @param {import("./picture.js").Spot | null} _
 * @param {View} view
 * @returns {Child[]}
 */
function card(scene, key, _, view) {
  const arrow = arrow_of(scene, key);
  if (!arrow) {
    return at_step(scene, Number(key.split(":")[1]), view);
  }
  const mask = mask_of(scene, arrow);
  if (!mask) {
    const carried = in_html(as_formula(arrow.value));
    return [tag("p", {}, "No mask on ", carried, ": all of it passes.")];
  }
  const where = scene.doubtful ? " was drawn for " : " multiplies ";
  const rest = mask.units - (mask.kept[0]?.length ?? 0);
  return [
    tag("p", {}, badge(mask, view), tag("span", { class: "dropviz-code" }, mask.label),
      scene.planned ? " will multiply " : where, in_html(as_formula(arrow.value)),
      rest > 0 ? `; ${rest} more ${mask.matrix ? "weights of each gate" : "units"} are not listed` : ""),
    scene.planned ? null : mask_table(mask, arrow),
    tag("p", {}, mask.says),
    mask.source ? tag("p", { class: "dropviz-code dropviz-muted" }, mask.source) : null,
  ].filter((each) => each !== null);
}

/**
 * @param {Mask} mask
 * @param {View} view
 * @returns {Child}
 */
function badge(mask, view) {
  const colour = colour_of(mask.colour, view.palette);
  return tag("span", { class: "dropviz-badge", style: `background:${colour}` }, mask.letter);
}

/**
 * What happens at one step.
 *
 * @param {Unrolled} scene
 * @param {number} column
 * @param {View} view
 * @returns {Child[]}
 */
function at_step(scene, column, view) {
  const here = scene.arrows.filter((each) => each.column === column);
  return [
    tag("p", {}, `${scene.cell} at step ${(scene.columns[column] ?? 0) + 1} of ${scene.time_steps}`),
    ...here.map((arrow) => {
      const mask = mask_of(scene, arrow);
      const carried = arrow.arrow === "up" ? `${arrow.value} on its way up` : arrow.value;
      const said = mask ? [badge(mask, view), `on ${carried}`] : [`no mask on ${carried}`];
      return tag("div", {}, said);
    }),
  ];
}
