"""The whole panel on a bare page, with its style: what fits, what is said, what is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dropviz.browser.read_scripts import read_script
from dropviz.figures.scene import plain_data
from tests.figures.scenes_made import SCENES

from .bare_page import offer
from .test_lab_views import PANEL

pytestmark = pytest.mark.browser

STATUS = ".dropviz-lab-status"
# As JupyterLab has it for all code in an output.
AROUND = ".jp-a code, .jp-a.jp-b code { font-size: 13px }"


@pytest.fixture
def opened(page: Any) -> Any:
    """The panel of a paused training, as wide as the page."""
    page.clock.install(time=0)
    offer(page, "lab/lab.js", "renderLab")
    page.add_style_tag(content=f"{read_script('lab/lab.css')}\n{AROUND}")
    page.evaluate(PANEL)
    page.evaluate("document.body.className = 'jp-a jp-b'")
    return page


def show(page: Any, **traits: Any) -> None:
    page.evaluate(
        "(traits) => Object.entries(traits).forEach(([name, value]) => model.set(name, value))",
        traits,
    )


# ---------------------------------------------------------------- what fits


@pytest.mark.parametrize("width", [320, 360, 390, 480, 600, 911, 1366])
def test_every_control_can_be_reached_however_narrow_the_page_is(opened: Any, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 768})
    opened.click(".dropviz-lab-unfold")

    outside = opened.locator(".dropviz-lab :is(button, input, select):visible").evaluate_all(
        """all => all.filter((each) => {
             const [box, place] = [each, each.closest(".dropviz-lab")]
               .map((one) => one.getBoundingClientRect());
             return box.left < place.left - 1 || box.right > place.right + 1;
           }).map((each) => each.ariaLabel ?? each.textContent)"""
    )

    assert outside == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1366, 1920])
def test_names_of_sliders_are_large_enough_whatever_is_said_of_code(
    opened: Any, width: int
) -> None:
    opened.set_viewport_size({"width": width, "height": 768})

    size = "(each) => parseFloat(getComputedStyle(each).fontSize)"
    assert opened.locator(".dropviz-lab-slider code").first.evaluate(size) >= 14


@pytest.mark.parametrize("width", [360, 911, 1000, 1366])
def test_the_first_words_of_a_long_status_are_seen(opened: Any, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 768})
    show(opened, status="A long sentence about what went wrong. " * 12)

    above = opened.evaluate(
        """(status) => {
          const place = document.querySelector(status);
          const words = document.createRange();
          words.selectNodeContents(place);
          return words.getBoundingClientRect().top - place.getBoundingClientRect().top;
        }""",
        STATUS,
    )

    assert above >= -1


def test_letters_inside_a_cell_are_large_enough_beside_its_numbers(opened: Any) -> None:
    opened.set_viewport_size({"width": 1366, "height": 768})
    opened.evaluate("document.body.style.width = '930px'")  # JupyterLab with its file browser
    rows = [{"name": "i", "says": "in", "low": 0, "high": 1, "values": [[0.5] * 9]}]
    picture = {"kind": "picture", "number": 1, "tab": "Inside", "steps": 1, "values": rows}
    cell = plain_data(SCENES["cell"])
    cell["panels"] = cell["panels"][:1]
    text = json.dumps(picture | {"pictures": [cell]})
    opened.evaluate("(text) => window.come({ kind: 'picture', text })", text)
    opened.clock.run_for(100)

    letters = opened.locator(".dropviz-stage text").evaluate_all(
        """all => all.map((each) => parseFloat(getComputedStyle(each).fontSize)
             * each.ownerSVGElement.getScreenCTM().a)"""
    )

    assert min(letters) >= 13.99


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("state", "alert", "live"),
    [
        ("training", False, "off"),  # four times a second
        ("compiling", False, "polite"),
        ("paused", False, "polite"),
        ("ready", False, "polite"),
        ("training", True, "assertive"),
    ],
)
def test_a_screen_reader_is_told_what_changes_and_not_each_quarter_of_a_second(
    opened: Any, state: str, live: str, *, alert: bool
) -> None:
    show(opened, state=state, alert=alert, status="something new")

    assert opened.get_attribute(STATUS, "aria-live") == live


@pytest.mark.parametrize(
    ("trait", "typed", "again"),
    [("dropout, as a number", "7", "0.3"), ("units", "-3", "12"), ("seed", "x", "8")],
)
def test_a_complaint_goes_when_somebody_types_again(
    opened: Any, trait: str, typed: str, again: str
) -> None:
    opened.click(".dropviz-lab-unfold")
    field = opened.locator(f'input[aria-label="{trait}"]')
    field.fill(typed)
    field.press("Enter")
    said = opened.locator(".dropviz-lab-wrong:not(:empty)")
    assert said.count() == 1

    field.press_sequentially(again)

    assert said.count() == 0


@pytest.mark.parametrize("typed", ["0x10", "1e2", "7.0", "0b11", "1,000"])
def test_a_whole_number_is_taken_in_digits_alone(opened: Any, typed: str) -> None:
    opened.click(".dropviz-lab-unfold")
    field = opened.locator('input[aria-label="units"]')
    field.fill(typed)
    field.press("Enter")

    assert "whole number" in opened.inner_text(".dropviz-lab-wrong:not(:empty)")
    assert opened.evaluate("model.get('units')") == 4


def test_a_line_that_there_is_not_is_left_out_with_its_button(opened: Any) -> None:
    opened.click(".dropviz-lab-unfold")
    lines = opened.locator(".dropviz-lab-copies .dropviz-lab-copied:visible")
    copies = {"magic": "%lstm_dropout", "scenario": "lstm", "link": "playground.html#lstm"}

    show(opened, copies=copies)
    assert lines.count() == 3
    del copies["link"]
    show(opened, copies=copies)
    assert lines.count() == 2
    show(opened, copies=copies | {"link": "playground.html#lstm:u4"})
    assert "u4" in lines.last.inner_text()


def test_signs_of_a_question_are_told_as_words(opened: Any) -> None:
    show(
        opened, question={"number": 1, "of": 1, "text": "", "noun": "units", "given": [True, False]}
    )

    signs = opened.locator(".dropviz-lab-quiz-table [role=img]").evaluate_all(
        "all => all.map((each) => each.ariaLabel)"
    )
    assert signs == ["number 1: dropped", "number 2: kept"]


# ---------------------------------------------------------------- what is asked for


ANSWER = json.dumps({"kind": "picture", "number": 1, "tab": "Curves", "words": []})
COMES = f"window.come({{ kind: 'picture', text: {ANSWER!r} }})"


@pytest.mark.parametrize(
    "act",
    [
        "document.querySelector('[data-press=pause]').click()",
        """() => {
          const field = document.querySelector("select[data-trait=method]");
          field.dispatchEvent(new Event("change"));
        }""",
        """() => {
          const field = document.querySelector("input[data-trait=units]");
          field.value = "7";
          field.dispatchEvent(new Event("change"));
        }""",
    ],
    ids=["a button", "a menu", "a number"],
)
@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("", True),
        (f"window.come({{ kind: 'picture', text: {ANSWER!r} }})", False),
        ("model.set('copies', { magic: '%lstm_dropout' })", False),
        ("die()", False),
    ],
    ids=["nothing comes", "a picture comes", "a trait comes", "the kernel is gone"],
)
def test_a_control_that_nobody_hears_says_what_to_do(
    opened: Any, act: str, then: str, *, told: bool
) -> None:
    opened.evaluate(COMES)
    opened.clock.pause_at(3600)
    opened.clock.run_for(1000)
    opened.evaluate(act)
    opened.evaluate(f"() => {{ {then} }}")
    opened.clock.run_for(14_000)
    assert "reload the page" not in opened.inner_text(STATUS)

    opened.clock.run_for(2_000)

    assert ("reload the page" in opened.inner_text(STATUS)) == told
    if told:  # it was late
        show(opened, status="paused: at batch 3")
        assert opened.inner_text(STATUS) == "paused: at batch 3"
