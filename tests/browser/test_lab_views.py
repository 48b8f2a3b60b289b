"""Parts of the lab's script on a bare page, with a model that is no kernel's."""

from __future__ import annotations

from typing import Any

import pytest

from dropviz.browser.read_scripts import joined

pytestmark = pytest.mark.browser

MODEL = """
const traits = { state: "ready", dropout: 0, seed: 7 };
window.sent = [];
window.model = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = value; },
  save_changes: () => {},
  send: (content) => window.sent.push(content),
};
"""


def offer(page: Any, path: str, *names: str) -> None:
    """Opens a bare page that has what a script exports."""
    page.set_content("<!doctype html><body></body>")
    given = "".join(f"window.{name} = {name};\n" for name in names)
    page.add_script_tag(type="module", content=f"{joined(path)}\n{MODEL}{given}")
    page.wait_for_function(f"window.{names[-1]} !== undefined")


@pytest.mark.parametrize("start", [0.96, 0.97, 0.99, 0.999])
def test_a_slider_asks_for_no_rate_of_one(page: Any, start: float) -> None:
    offer(page, "lab/slider.js", "rate_slider")
    page.evaluate(
        """(start) => {
          model.set("dropout", start);
          const { root, show } = rate_slider(model, "dropout", "");
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


@pytest.mark.parametrize("typed", ["5000000000", "-1", "1.5"])
def test_a_number_out_of_its_range_is_told_the_whole_range(page: Any, typed: str) -> None:
    offer(page, "lab/settings_view.js", "whole_number")
    page.evaluate(
        """() => document.body.append(
          whole_number(model, "seed", { low: 0, high: 4294967295, empty: "" }, "").root)"""
    )
    page.locator("input").fill(typed)
    page.locator("input").press("Enter")

    said = page.inner_text("[role=alert]")
    assert said == "seed must be a whole number from 0 to 4294967295."
    assert page.evaluate("model.get('seed')") == 7


def test_a_button_that_rests_keeps_the_focus_and_sends_nothing(page: Any) -> None:
    offer(page, "lab/settings_view.js", "press_button")
    page.evaluate(
        """() => {
          window.train = press_button(model, "train", "Train", "");
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
SHOW = """(step) => show_sequence(document.body,
  { ...%s, values: Array.from({ length: 90 }, (_, at) => [at %% 2, 1]) }, step,
  (chosen) => { window.chosen = chosen; })"""


def test_a_long_sequence_stays_scrolled_and_its_steps_are_chosen(page: Any) -> None:
    offer(page, "lab/sequence_view.js", "show_sequence")
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
    offer(page, "lab/sequence_view.js", "show_sequence")
    given = str(LONG).replace("True", "true")
    for features, found in ((8, "canvas"), (2, "table"), (8, "canvas")):
        page.evaluate(
            f"""(features) => show_sequence(document.body, {{ ...{given},
              values: Array(5).fill(Array(features).fill(1)) }}, 2, () => {{}})""",
            features,
        )
        assert page.locator("canvas, table").evaluate_all(
            "all => all.map((each) => each.localName)"
        ) == [found]
    assert page.locator("canvas").get_attribute("aria-label") == (
        "The sequence as a picture; row 3 of 5 is read."
    )


def test_many_units_stay_scrolled_at_another_step(page: Any) -> None:
    offer(page, "lab/values_view.js", "show_values")
    page.add_style_tag(
        content=".dropviz-lab-scroll { overflow-x: auto; width: 300px } td { min-width: 40px }"
    )
    show = """(step) => show_values(document.body, [{ name: "i", says: "in", low: 0, high: 1,
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
    offer(page, "lab/copy_lines.js", "copied_line")
    page.evaluate("document.body.append(copied_line('a line', 'text').root)")

    page.locator("button").click()

    page.locator(f'button:text-is("Press {keys}")').wait_for()
    assert page.evaluate("String(getSelection())") == "text"


def test_marks_are_named_by_what_they_are_of(page: Any) -> None:
    offer(page, "lab/quiz_view.js", "show_quiz")
    page.evaluate(
        """() => {
          const given = [true, false];
          model.set("question", { number: 1, of: 2, text: "", noun: "weights", given });
          document.body.append(document.createElement("div"));
          show_quiz(model, document.body.firstChild);
        }"""
    )

    assert page.locator(".dropviz-lab-mark").evaluate_all("all => all.map((e) => e.ariaLabel)") == [
        f"number {each} of the weights: mark it as dropped" for each in (1, 2)
    ]
