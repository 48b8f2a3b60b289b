// Questions about the masks of the first two batches: predict first, then see what was used.

import { seeded } from "./random.js";
import { maskOf } from "./snapshot.js";
import { element as html } from "../lab/element.js";
import { filled } from "./words.js";

/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */

const MOST = 4; // questions
const KINDS = /** @type {const} */ (["step", "gate", "sample", "batch"]);

/**
 * Two places of one site: what was dropped at the first is shown, at the second asked.
 *
 * @typedef {object} Question
 * @property {string} text
 * @property {string} entry what each of them is, in the singular
 * @property {boolean[]} given by unit, whether it was dropped at the first place
 * @property {boolean[]} answer by unit, whether it was dropped at the second
 * @property {boolean} same whether both places share one mask
 * @property {string} why
 */

/**
 * @param {Tables} tables
 * @param {Snapshot} first
 * @param {Snapshot} next the batch after it
 * @returns {Question[]} each kind once, as far as there are kinds
 */
export function questionsAbout(tables, first, next) {
  const random = seeded(first.spec.seed);
  const able = first.sites.flatMap((masks) => kindsOf(tables, masks, first).map((kind) => ({ masks, kind })));
  const order = Int32Array.from({ length: able.length }, (_, at) => at);
  random.shuffle(order);
  const shuffled = Array.from(order, (at) => able[at]);
  const once = shuffled.filter(({ kind }, at) => shuffled.findIndex((each) => each.kind === kind) === at);
  const rest = shuffled.filter((each) => !once.includes(each));
  return [...once, ...rest].slice(0, MOST).map(({ masks, kind }) => {
    const then = next.sites.find(({ site }) => site === masks.site) ?? masks;
    return ask(tables, first, masks, then, kind, random);
  });
}

/**
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {Snapshot} snapshot
 */
function kindsOf(tables, masks, snapshot) {
  const { gated } = tables.sites[masks.site];
  const many = { step: snapshot.steps > 1, gate: gated, sample: snapshot.samples > 1, batch: true };
  return KINDS.filter((kind) => many[kind]);
}

/**
 * @param {Tables} tables
 * @param {Snapshot} first
 * @param {SiteMasks} masks
 * @param {SiteMasks} later the masks of the same site in the next batch
 * @param {typeof KINDS[number]} kind
 * @param {import("./random.js").Random} random
 * @returns {Question}
 */
function ask(tables, first, masks, later, kind, random) {
  const { words, next, shared, apart } = tables.words.quiz;
  // One step, gate or sample before the last leaves room for the next.
  const at = {
    step: random.below(Math.max(1, first.steps - 1)),
    gate: random.below(tables.gates.length - 1),
    sample: random.below(Math.max(1, masks.samples - 1)),
  };
  const then = { ...at, ...(kind === "batch" ? {} : { [kind]: at[kind] + 1 }) };
  const { gated, entries, entry } = tables.sites[masks.site];
  const letter = (/** @type {number} */ gate) => tables.gates[gate].letter;
  const text = filled(words.question, {
    ...{ site: masks.site, noun: entries, batch: first.batch + 1, sample: at.sample + 1, step: at.step + 1 },
    gate: gated ? filled(words.gate, { gate: letter(at.gate) }) : "",
    next: filled(next[kind], { step: then.step + 1, gate: letter(then.gate), sample: then.sample + 1 }),
  });
  const same = { step: masks.steps, gate: masks.gates, sample: masks.samples, batch: 0 }[kind] === 1;
  return {
    ...{ text, entry, same, given: bits(tables, masks, at) },
    answer: bits(tables, kind === "batch" ? later : masks, then),
    why: filled((same ? shared : apart)[kind], { steps: first.steps }),
  };
}

/**
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {{step: number, gate: number, sample: number}} at
 */
function bits(tables, masks, { step, gate, sample }) {
  const row = maskOf(masks, step, sample)[Math.min(gate, masks.gates - 1)];
  return Array.from(row.subarray(0, tables.words.quiz.units), (kept) => kept === 0);
}

/**
 * Scores a prediction, 0 to 1. A lucky guess of a mask that is drawn anew earns nothing; nor does
 * no prediction, unless nothing was dropped.
 *
 * @param {Tables} tables
 * @param {Question} question
 * @param {boolean[]} marks by unit, whether it was predicted to be dropped
 * @param {boolean} anew whether the mask was said to be drawn anew, so that nobody can know
 * @returns {{points: number, sentence: string}}
 */
export function score(tables, question, marks, anew) {
  const { words } = tables.words.quiz;
  if (isNone(question, marks, anew)) return { points: 0, sentence: `${words.nothing} ${question.why}` };
  const hits = marks.filter((mark, at) => mark === question.answer[at]).length;
  const of = question.answer.length;
  const right = filled(words.right, { hits, units: `${of} unit${of === 1 ? "" : "s"}` });
  const same = anew ? words["not anew"] : `${right}.`;
  const other = anew ? words.anew : `${right}${words["by luck"]}`;
  const said = question.same ? same : other;
  const points = question.same ? (anew ? 0 : hits / of) : Number(anew);
  return { points, sentence: `${said} ${question.why}` };
}

/**
 * Whether nothing was predicted.
 *
 * @param {Question} question
 * @param {boolean[]} marks
 * @param {boolean} anew
 */
function isNone({ answer }, marks, anew) {
  return !anew && !marks.includes(true) && answer.includes(true);
}

/**
 * Asks one question after the other in a container.
 *
 * @param {HTMLElement} container
 * @param {Tables} tables
 * @param {Question[]} questions
 * @param {(points: number) => void} onEnd
 */
export function askAll(container, tables, questions, onEnd) {
  let points = 0;
  const show = (/** @type {number} */ at) => {
    if (at === questions.length) {
      container.replaceChildren();
      onEnd(points);
      return;
    }
    const last = at + 1 === questions.length;
    const onScore = (/** @type {number} */ earned) => {
      points += earned;
      return `${Number(points.toFixed(2))} of ${at + 1} points.`;
    };
    const title = `Question ${at + 1} of ${questions.length}`;
    askOne(container, tables, questions[at], title, last, onScore, () => show(at + 1));
  };
  show(0);
}

/**
 * @param {HTMLElement} container
 * @param {Tables} tables
 * @param {Question} question
 * @param {string} heading
 * @param {boolean} last
 * @param {(earned: number) => string} onScore
 * @param {() => void} onNext
 */
function askOne(container, tables, question, heading, last, onScore, onNext) {
  const marks = question.given.map((_, unit) => {
    const mark = html("button", {
      type: "button",
      class: "unit",
      "aria-pressed": "false",
      "aria-label": `${named(question, unit, true)}?`,
    });
    mark.addEventListener("click", () => {
      const pressed = mark.getAttribute("aria-pressed") !== "true";
      mark.setAttribute("aria-pressed", String(pressed));
      mark.textContent = pressed ? "✕" : "";
    });
    return mark;
  });
  const anew = html("input", { type: "checkbox" });
  const said = html("p", { role: "status" });
  const button = html("button", { type: "button", class: "primary" }, "Reveal");
  button.addEventListener("click", () => {
    if (anew.disabled) return onNext();
    const marked = marks.map((mark) => mark.getAttribute("aria-pressed") === "true");
    const { points, sentence } = score(tables, question, marked, anew.checked);
    reveal(question, marks, marked, anew.checked);
    predicted.after(rowOf(question, "used", question.answer));
    anew.disabled = true;
    said.append(html("strong", {}, sentence), ` ${onScore(points)} (✕ dropped, ! not as predicted)`);
    button.textContent = last ? "Go on training" : "Next question";
  });
  const predicted = html(
    "div",
    { class: "row", role: "group", "aria-label": "your prediction" },
    html("span", { class: "name" }, "your prediction"),
    ...marks,
  );
  container.replaceChildren(
    html("h2", { tabindex: "-1" }, heading),
    html("p", {}, question.text),
    rowOf(question, "given", question.given),
    predicted,
    html("label", {}, anew, " Nobody can know: this mask is drawn anew"),
    button,
    said,
  );
  container.querySelector("h2")?.focus({ preventScroll: true });
  container.scrollIntoView({ block: "nearest" }); // on a telephone it opens below the controls
}

/**
 * @param {Question} question
 * @param {string} name
 * @param {boolean[]} dropped by unit
 */
function rowOf(question, name, dropped) {
  const units = dropped.map((each, unit) => {
    const told = { class: each ? "unit crossed" : "unit", role: "img", "aria-label": named(question, unit, each) };
    return html("span", told, each ? "✕" : "");
  });
  return html("div", { class: "row" }, html("span", { class: "name" }, name), ...units);
}

/**
 * What a screen reader says of a unit.
 *
 * @param {Question} question
 * @param {number} unit from 0
 * @param {boolean} dropped
 */
function named({ entry }, unit, dropped) {
  return `${entry} ${unit + 1}: ${dropped ? "dropped" : "kept"}`;
}

/**
 * Leaves the prediction as it was made, with a sign at each unit that came out otherwise.
 *
 * @param {Question} question
 * @param {HTMLButtonElement[]} marks
 * @param {boolean[]} marked
 * @param {boolean} anew
 */
function reveal(question, marks, marked, anew) {
  const none = anew || isNone(question, marked, anew);
  marks.forEach((mark, unit) => {
    const wrong = !none && marked[unit] !== question.answer[unit];
    mark.textContent = `${marked[unit] ? "✕" : ""}${wrong ? "!" : ""}`;
    const how = none
      ? "not predicted"
      : `predicted ${marked[unit] ? "dropped" : "kept"}, ${wrong ? "not " : ""}as used`;
    mark.setAttribute("aria-label", `${question.entry} ${unit + 1}: ${how}`);
    mark.disabled = true;
  });
}
