"""Parts of the lab's script on a bare page, with a model that is no kernel's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .bare_page import offer

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("start", [0.96, 0.97, 0.99, 0.999])
def test_a_slider_asks_for_no_rate_of_one(page: Any, start: float) -> None:
    offer(page, "lab/slider.js", "rateSlider")
    page.evaluate(
        """(start) => {
          model.set("dropout", start);
          const { root, show } = rateSlider(model, "dropout", "");
          document.body.append(root);
          show();
        }""",
        start,
    )
    bar = page.locator("input[type=range]")

    asked = []
    for drag in ("input", "change"):
        bar.evaluate(
            """(bar, kind) => { bar.value = bar.max; bar.dispatchEvent(new Event(kind)); }""", drag
        )
        asked.append(page.evaluate("model.get('dropout')"))
    for key in ("ArrowRight", "PageUp", "End"):
        bar.press(key)
        asked.append(page.evaluate("model.get('dropout')"))

    assert all(0.95 <= each < 1 for each in asked)


HELD = """() => {
  model.set("state", "training");
  model.set("dropout", 0.33);
  window.slider = rateSlider(model, "dropout", "");
  document.body.append(slider.root);
  slider.show();
  window.bar = document.querySelector("input[type=range]");
  bar.value = 0.6;
  bar.dispatchEvent(new Event("input"));
  slider.show();  // as when the panel says what it trains
}"""


def test_a_slider_that_is_held_while_it_trains_stays_with_the_pointer(page: Any) -> None:
    offer(page, "lab/slider.js", "rateSlider")
    page.evaluate(HELD)

    assert page.evaluate("[bar.value, bar.ariaValueText, model.get('dropout')]") == [
        *("0.6", "0.60", 0.33)
    ]
    page.evaluate("bar.dispatchEvent(new Event('change'))")
    assert page.evaluate("model.get('dropout')") == 0.6
    # It follows the panel again.
    page.evaluate("() => { model.set('dropout', 0.1); slider.show(); }")
    assert page.evaluate("bar.value") == "0.1"


@pytest.mark.parametrize("event", ["pointerup", "pointercancel", "blur"])
def test_a_slider_that_is_let_go_without_a_change_shows_the_rate_again(
    page: Any, event: str
) -> None:
    offer(page, "lab/slider.js", "rateSlider")
    page.evaluate(HELD)

    page.evaluate("(event) => bar.dispatchEvent(new Event(event))", event)

    page.wait_for_function("bar.value === '0.33'")
    assert page.evaluate("model.get('dropout')") == 0.33


@pytest.mark.parametrize("typed", ["5000000000", "-1", "1.5"])
def test_a_number_out_of_its_range_is_told_the_whole_range(page: Any, typed: str) -> None:
    offer(page, "lab/settings_view.js", "wholeNumber")
    page.evaluate(
        """() => document.body.append(
          wholeNumber(model, "seed", { low: 0, high: 4294967295, empty: "" }, "").root)"""
    )
    page.locator("input").fill(typed)
    page.locator("input").press("Enter")

    said = page.inner_text("[role=alert]")
    assert said == "seed must be a whole number from 0 to 4294967295."
    assert page.evaluate("model.get('seed')") == 7


def test_a_button_that_rests_keeps_the_focus_and_sends_nothing(page: Any) -> None:
    offer(page, "lab/settings_view.js", "pressButton")
    page.evaluate(
        """() => {
          window.train = pressButton(model, "train", "Train", "");
          document.body.append(train.root, document.createElement("input"));
        }"""
    )
    button = page.locator("button")
    button.focus()
    page.keyboard.press("Enter")

    page.evaluate("train.allow(false)")
    assert button.evaluate("(each) => each.matches(':focus')")
    assert button.get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    assert len(page.evaluate("sent")) == 1

    # Once it is left it is a button that cannot be reached.
    page.locator("input").focus()
    page.wait_for_function("train.root.disabled")
    page.evaluate("train.allow(true)")
    button.press("Enter")
    assert page.evaluate("sent") == [{"kind": "press", "name": "train"}] * 2


# ---------------------------------------------------------------- sequences and values

LONG = {"low": 0, "high": 1, "whole": True, "says": "what is read", "result": "what comes of it"}
SHOW = """(step) => showSequence(document.body,
  { ...%s, values: Array.from({ length: 90 }, (_, at) => [at %% 2, 1]) }, step,
  (chosen) => { window.chosen = chosen; }, THEME)"""


def test_a_long_sequence_stays_scrolled_and_its_steps_are_chosen(page: Any) -> None:
    offer(page, "lab/sequence_view.js", "showSequence")
    page.add_style_tag(content=".dropviz-lab-scroll { overflow-x: auto; width: 300px }")
    show = SHOW % str(LONG).replace("True", "true")
    page.evaluate(show, 0)
    scrolled = page.locator(".dropviz-lab-scroll")
    scrolled.evaluate("(each) => { each.scrollLeft = 400; }")

    page.evaluate(show, 70)

    assert scrolled.evaluate("(each) => each.scrollLeft") == 400
    assert page.locator("td[data-now]").evaluate_all(
        "all => all.map((each) => each.cellIndex)"
    ) == [
        70,
        70,
    ]
    page.locator("td").nth(33).click()
    assert page.evaluate("chosen") == 33
    assert "what comes of it" in page.inner_text("body")


def test_a_picture_and_numbers_take_each_other_s_place(page: Any) -> None:
    offer(page, "lab/sequence_view.js", "showSequence")
    given = str(LONG).replace("True", "true")
    for features, found in ((8, "canvas"), (2, "table"), (8, "canvas")):
        page.evaluate(
            f"""(features) => showSequence(document.body, {{ ...{given},
              values: Array(5).fill(Array(features).fill(1)) }}, 2, () => {{}}, THEME)""",
            features,
        )
        assert page.locator("canvas, table").evaluate_all(
            "all => all.map((each) => each.localName)"
        ) == [found]
    assert page.locator("canvas").get_attribute("aria-label") == (
        "The sequence as a picture; row 3 of 5 is read."
    )


def test_many_units_stay_scrolled_at_another_step(page: Any) -> None:
    offer(page, "lab/values_view.js", "showValues")
    page.add_style_tag(
        content=".dropviz-lab-scroll { overflow-x: auto; width: 300px } td { min-width: 40px }"
    )
    show = """(step) => showValues(document.body, [{ name: "i", says: "in", low: 0, high: 1,
      values: [0, 0.5, 1].map((each) => Array(40).fill(each)) }], step)"""
    page.evaluate(show, 0)
    scrolled = page.locator(".dropviz-lab-scroll")
    scrolled.evaluate("(each) => { each.scrollLeft = 250; }")

    page.evaluate(show, 1)

    assert scrolled.evaluate("(each) => each.scrollLeft") == 250
    assert set(page.locator("td").all_inner_texts()) == {"0.50"}
    assert (
        page.locator("td").first.evaluate("(each) => each.style.getPropertyValue('--to')") == "50%"
    )


@pytest.mark.parametrize(
    ("platform", "keys"), [("MacIntel", "Cmd+C"), ("Linux x86_64", "Ctrl+C"), ("Win32", "Ctrl+C")]
)
def test_who_may_not_copy_is_told_the_keys_of_the_machine(
    page: Any, platform: str, keys: str
) -> None:
    page.add_init_script(
        f"Object.defineProperty(navigator, 'platform', {{ get: () => '{platform}' }})"
    )
    page.goto("about:blank")
    offer(page, "lab/copy_lines.js", "copiedLine")
    page.evaluate("document.body.append(copiedLine('a line', 'text').root)")

    page.locator("button").click()

    page.locator(f'button:text-is("Press {keys}")').wait_for()
    assert page.evaluate("String(getSelection())") == "text"


def test_marks_are_named_by_what_they_are_of(page: Any) -> None:
    offer(page, "lab/quiz_view.js", "quizView")
    page.evaluate(
        """() => {
          const given = [true, false];
          model.set("question", { number: 1, of: 2, text: "", noun: "weights", given });
          const { root, show } = quizView(model, () => {});
          document.body.append(root);
          show();
        }"""
    )

    assert page.locator(".dropviz-lab-mark").evaluate_all("all => all.map((e) => e.ariaLabel)") == [
        f"number {each} of the weights: mark it as dropped" for each in (1, 2)
    ]


def test_the_last_question_that_goes_gives_the_focus_away(page: Any) -> None:
    offer(page, "lab/quiz_view.js", "quizView")
    page.evaluate(
        """() => {
          const pause = document.createElement("button");
          const quiz = quizView(model, () => pause.focus());
          document.body.append(quiz.root, pause);
          const show = (question) => {
            model.set("question", question);
            quiz.show();
          };
          const given = [true, false];
          show({ number: 2, of: 2, text: "", noun: "units", given, marks: given, answer: given });
          quiz.root.querySelector("button").focus();
          show({});
          window.focused = document.activeElement === pause;
          document.activeElement.blur();
          show({});
          window.taken = document.activeElement === pause;
        }"""
    )

    assert page.evaluate("[focused, taken]") == [True, False]


def test_what_a_prediction_earned_is_told_in_a_status_that_was_there(page: Any) -> None:
    offer(page, "lab/quiz_view.js", "quizView")
    page.evaluate(
        """() => {
          const quiz = quizView(model, () => {});
          document.body.append(quiz.root);
          window.show = (question) => {
            model.set("question", { of: 2, text: "", noun: "units", given: [true], ...question });
            quiz.show();
          };
          show({ number: 1 });
          window.told = document.querySelector("[role=status]");
        }"""
    )
    page.locator(".dropviz-lab-mark").first.focus()
    before = page.inner_text("[role=status]")

    revealed = {"marks": [True], "answer": [True], "anew": False}
    page.evaluate("show", {"number": 1, **revealed, "sentence": "Right.", "points": 1})
    told = page.inner_text("[role=status]")
    held = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.evaluate("show", {"number": 2})

    assert (before, told) == ("", "Right. 1 of 1 points.")
    assert page.inner_text("[role=status]") == ""
    assert (
        page.evaluate(
            "window.told.isConnected && document.querySelectorAll('[role=status]').length"
        )
        == 1
    )
    assert held == "Next question"
    assert page.evaluate("sent.at(-1)") == {"kind": "next"}
    assert page.evaluate("document.activeElement.className") == "dropviz-lab-mark"


CONTENT = """
window.content = (changes) => ({ tab: "Code", number: 1, codes: [["magic", "%lstm"]], ...changes });
window.view = contentView(model, THEME, []);
document.body.append(view.root);
"""


def test_lines_that_stay_the_same_stay_in_place(page: Any) -> None:
    offer(page, "lab/content_view.js", "contentView")
    page.evaluate(f"() => {{ {CONTENT} view.show(content()); }}")
    page.locator("button").focus()

    page.evaluate("() => { window.before = document.activeElement; view.show(content()); }")
    assert page.evaluate("document.activeElement === before && before.isConnected")

    page.evaluate('() => view.show(content({ codes: [["magic", "%other"]] }))')
    assert "%other" in page.inner_text(".dropviz-lab-more")
    page.evaluate("() => view.show(content({ codes: undefined, concealed: true }))")
    assert page.inner_text(".dropviz-lab-more") == ""
    page.evaluate("() => view.show(content())")
    assert "%lstm" in page.inner_text(".dropviz-lab-more")


COMING = ".dropviz-lab-coming"


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("", True),
        ("view.show(content());", False),
        ("view.expect(false);", False),  # nobody looks, or the kernel is gone
        ("view.expect(false); view.expect(true);", True),
        ("view.show(content()); view.expect(true);", False),
    ],
)
def test_a_page_that_is_sent_no_picture_says_what_to_do(
    page: Any, then: str, *, told: bool
) -> None:
    page.clock.install(time=0)
    offer(page, "lab/content_view.js", "contentView")
    page.clock.pause_at(3600)
    page.evaluate(f"() => {{ {CONTENT} view.expect(true); {then} }}")
    page.clock.run_for(14_000)
    assert page.inner_text(COMING) == ""

    page.clock.run_for(2_000)
    assert ("reload the page" in page.inner_text(COMING)) == told

    page.evaluate('() => view.show(content({ coming: "" }))')  # one that comes late, too
    assert page.inner_text(COMING) == ""


def test_a_cell_that_is_opened_by_key_gives_the_focus_to_the_time_bar(page: Any) -> None:
    offer(page, "lab/content_view.js", "contentView")
    page.evaluate(
        f"""() => {{
          {CONTENT}
          model.set("time", 0);
          view.show(content({{ tab: "Where" }}));
          const detail = {{ kind: "unrolled", arrow: "cell", column: 0 }};
          const button = view.root.querySelector("button");
          button.focus();
          button.dispatchEvent(new CustomEvent("dropviz-choose", {{ bubbles: true, detail }}));
          const numbers = {{ values: [[0], [1]], low: 0, high: 1, whole: true }};
          const sequence = {{ ...numbers, says: "", result: "" }};
          view.show(content({{ tab: "Inside", steps: 2, sequence }}));
        }}"""
    )

    assert page.evaluate("document.activeElement.ariaLabel") == "time step"
    assert page.evaluate("model.get('tab')") == "Inside"


@pytest.mark.parametrize(
    ("begin", "key", "tab"),
    [
        *(("Where", "ArrowRight", "Masks"), ("Inside", "ArrowRight", "Where")),
        *(("Where", "ArrowLeft", "Inside"), ("Masks", "ArrowLeft", "Where")),
        *(("Masks", "Home", "Where"), ("Masks", "End", "Inside")),
    ],
)
def test_tabs_are_turned_by_keys_and_name_what_they_turn(
    page: Any, begin: str, key: str, tab: str
) -> None:
    offer(page, "lab/tab_strip.js", "tabStrip")
    page.evaluate(
        """(begin) => {
          model.set("offers", { tabs: ["Where", "Masks", "Curves", "Inside", "Cost"] });
          model.set("tab", begin);
          const content = document.createElement("div");
          const strip = tabStrip(model, content);
          document.body.append(strip.root, content);
          strip.show();
          document.querySelector("[aria-selected=true]").focus();
        }""",
        begin,
    )

    page.keyboard.press(key)

    assert page.evaluate("[model.get('tab'), document.activeElement.dataset.tab]") == [tab, tab]
    pages = page.locator("[role=tab]").evaluate_all(
        "all => all.map((each) => document.getElementById(each.getAttribute('aria-controls')))"
    )
    assert None not in pages


def test_a_step_that_is_chosen_is_shown_as_the_panel_says_it(page: Any) -> None:
    offer(page, "lab/content_view.js", "contentView")
    page.evaluate(
        f"""() => {{
          {CONTENT}
          const numbers = {{ values: [[0], [1]], low: 0, high: 1, whole: true }};
          const sequence = {{ ...numbers, says: "", result: "" }};
          model.set("time", 0);
          view.show(content({{ tab: "Inside", steps: 2, sequence }}));
        }}"""
    )

    page.locator("td").nth(1).click()  # the model tells of it, and the view is drawn once
    before = page.locator("td[data-now]").evaluate("(each) => each.cellIndex")
    page.evaluate("view.again()")

    assert before == 0
    assert page.evaluate("model.get('time')") == 1
    assert page.locator("td[data-now]").evaluate("(each) => each.cellIndex") == 1


PANEL = """() => {
  const traits = {
    state: "paused", status: "paused", alert: false, progress: 0.5, note: "", question: {},
    copies: {}, mark: "m", able: {}, hidden: [], tab: "Where", time: 0, sample: 0, gate: "",
    dropout: 0.2, recurrent_dropout: 0, method: "keras", task: "digits", units: 4, epochs: 1,
    seed: 7, freeze: false, quiz: false, speed: "full",
    offers: {
      tips: {}, methods: ["keras"], tasks: [["digits", "digits"]], speeds: ["full"],
      tabs: ["Where", "Inside"], gates: ["i"],
      limits: { units: [1, 9], epochs: [1, 9], seed: [0, 9], sample: [1, 64] },
    },
  };
  const heard = {};
  const tell = (event) => (heard[event] ?? []).forEach((listener) => listener());
  window.model = {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; tell(`change:${name}`); tell("change"); },
    save_changes: () => {}, send: () => {}, off: () => {},
    on: (event, listener) => { (heard[event] ??= []).push(listener); },
  };
  window.die = () => tell("comm_live_update");
  window.come = (message) => heard["msg:custom"].forEach((listener) => listener(message));
  window.place = document.createElement("div");
  // As anywidget does: before it is in a page.
  window.end = renderLab({ model, el: place }, THEME);
  document.body.append(place);
}"""


def test_a_panel_that_comes_into_a_dark_page_is_dark_and_follows_it(page: Any) -> None:
    tone = "document.querySelector('.dropviz-lab').dataset.tone === {!r}".format
    offer(page, "lab/lab.js", "renderLab")
    page.add_style_tag(content="body { background: #111 } body.day { background: #fff }")
    page.evaluate(PANEL)

    page.wait_for_function(tone("dark"))
    page.evaluate("document.body.className = 'day'")
    page.wait_for_function(tone("light"))
    # One that was closed asks no more.
    page.evaluate("() => { window.root = place.firstChild; end(); document.body.className = ''; }")
    page.wait_for_timeout(100)
    assert page.evaluate("root.dataset.tone") == "light"


def test_keys_of_the_notebook_go_through_the_time_bar_and_plain_ones_do_not(page: Any) -> None:
    offer(page, "lab/lab.js", "renderLab")
    page.evaluate(PANEL)
    sequence = {"values": [[0], [1]], "low": 0, "high": 1, "whole": True, "says": "", "result": ""}
    picture = {"tab": "Where", "number": 1, "steps": 2, "sequence": sequence}
    page.evaluate("(text) => come({ kind: 'picture', text })", json.dumps(picture))
    page.evaluate(
        """() => { window.heard = [];
          document.addEventListener("keydown", (event) => heard.push(event.key)); }"""
    )
    page.locator("[aria-label='time step']").focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+s")

    assert page.evaluate("heard") == ["Control", "s"]


def test_a_panel_whose_kernel_is_gone_stays_gone(page: Any) -> None:
    offer(page, "lab/lab.js", "renderLab")
    page.evaluate(PANEL)
    assert page.locator(".dropviz-lab button:not([disabled])").count() > 5

    page.evaluate("die()")
    # What a click on a cell of the picture, or on a number of the sequence, does.
    page.evaluate("() => { model.set('time', 3); model.set('tab', 'Inside'); }")
    page.evaluate("() => model.set('question', { number: 1, of: 1, text: '', given: [] })")

    assert page.get_attribute(".dropviz-lab", "data-state") == "gone"
    assert "is gone" in page.inner_text(".dropviz-lab-status")
    assert page.locator("button:not([disabled]), input:not([disabled])").count() == 0
