/** A question, a prediction to be made, and what was used beside it. */

import { element, write } from "./element.js";

/** @typedef {import("./model_types.js").Model} Model */

/**
 * @typedef {object} Question
 * @property {number} number
 * @property {number} of
 * @property {string} text
 * @property {string} noun
 * @property {boolean[]} given
 * @property {boolean[]} [marks]
 * @property {boolean} [anew]
 * @property {boolean[]} [answer]
 * @property {string} [sentence]
 * @property {number} [points]
 */

/**
 * The place of the questions.
 *
 * @param {Model} model
 * @param {() => void} leave Takes the focus when the last question goes.
 * @returns {{root: HTMLElement, show: () => void}} With what shows the question that is open, if
 *   there is one.
 */
export function quizView(model, leave) {
  const asked = element("div", {});
  const button = element("button", { type: "button", class: "dropviz-lab-primary" });
  // A screen reader tells what changes in a status that is there, and nothing of a new one.
  const said = element("span", { role: "status" });
  const root = element(
    "section", { class: "dropviz-lab-quiz", "aria-label": "Predict first" },
    asked, element("div", { class: "dropviz-lab-row" }, button, said),
  );
  const show = () => {
    /** @type {Question} */
    const question = model.get("question");
    const focused = root.contains(document.activeElement);
    if (!question.number && focused) {
      leave();
    }
    root.hidden = !question.number;
    said.replaceChildren(...verdict(question));
    if (!question.number) {
      asked.replaceChildren();
      return;
    }
    const open = !question.answer;
    const marks = question.given.map((_, unit) => markButton(unit, question.noun));
    const anew = element("input", { type: "checkbox" });
    anew.checked = Boolean(question.anew);
    anew.disabled = !open;
    write(button, open ? "Reveal" : question.number < question.of ? "Next question" : "Go on training");
    button.onclick = () => {
      const marked = marks.map((each) => each.getAttribute("aria-pressed") === "true");
      model.send(open ? { kind: "reveal", marks: marked, anew: anew.checked } : { kind: "next" });
    };
    asked.replaceChildren(
      element(
        "p", {}, element("b", {}, `Question ${question.number} of ${question.of}. `), question.text,
      ),
      table(question, marks),
      element("label", { class: "dropviz-lab-tick" }, anew, "Nobody can know: this mask is drawn anew"),
    );
    if (focused || document.activeElement === document.body) {
      (open ? marks[0] : button)?.focus();
    }
  };
  return { root, show };
}

/**
 * @param {Question} question
 * @param {HTMLElement[]} marks
 * @returns {HTMLElement}
 */
function table(question, marks) {
  const { given, answer } = question;
  const line = (/** @type {string} */ name, /** @type {(string | Node)[]} */ cells) =>
    element(
      "tr", {}, element("th", { scope: "row" }, name), ...cells.map((each) => element("td", {}, each)),
    );
  const rows = [line("recorded", given.map(sign))];
  if (!answer) {
    rows.push(line("your prediction", marks));
  } else {
    const predicted = question.marks ?? [];
    rows.push(
      line("your prediction", question.anew ? given.map(() => "?") : predicted.map(sign)),
      line("used", answer.map(sign)),
      line("", question.anew ? given.map(() => "") : answer.map((used, unit) => told(used, predicted[unit]))),
    );
  }
  return element("table", { class: "dropviz-lab-quiz-table" }, ...rows);
}

/**
 * @param {boolean | undefined} dropped
 * @param {number} unit From 0.
 * @returns {Node} A sign, and what a screen reader says of it.
 */
function sign(dropped, unit) {
  const says = `number ${unit + 1}: ${dropped ? "dropped" : "kept"}`;
  return element("span", { role: "img", "aria-label": says }, dropped ? "✕" : "·");
}

/**
 * What became of a mark; of a unit that was neither marked nor dropped there is nothing to say.
 *
 * @param {boolean} used
 * @param {boolean | undefined} marked
 * @returns {Node | string}
 */
function told(used, marked) {
  if (!marked) {
    return used ? element("span", { class: "dropviz-lab-missed" }, "missed") : "";
  }
  return used
    ? element("span", { class: "dropviz-lab-right" }, "right")
    : element("span", { class: "dropviz-lab-missed" }, "kept");
}

/**
 * @param {Question} question
 * @returns {(Node | string)[]}
 */
function verdict({ answer, sentence, points, number }) {
  if (!answer) {
    return [];
  }
  const earned = Number((points ?? 0).toPrecision(2));
  return [element("b", {}, sentence ?? ""), ` ${earned} of ${number} points.`];
}

/**
 * @param {number} unit From 0.
 * @param {string} noun
 * @returns {HTMLButtonElement}
 */
function markButton(unit, noun) {
  const button = element("button", {
    type: "button", "aria-pressed": "false", class: "dropviz-lab-mark",
    "aria-label": `number ${unit + 1} of the ${noun}: mark it as dropped`,
  });
  const show = () => {
    const on = button.getAttribute("aria-pressed") === "true";
    write(button, on ? "✕" : "");
  };
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!on));
    show();
  });
  return button;
}
