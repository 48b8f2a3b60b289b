"""Predicting first, on the page."""

from __future__ import annotations

import re

import pytest

from .page_driver import Open, reached, status

pytestmark = pytest.mark.browser


NAMES = "all => all.map((each) => each.ariaLabel)"


def test_predict_first_hides_the_answer_asks_and_scores(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5:quiz")

    assert page.is_checked("#predict")
    assert not page.is_visible("#picture-where")
    assert not page.is_visible("#words")
    assert not page.is_visible("#method .note")  # the method's summary is the answer
    page.click("#train")
    page.locator('#quiz h2:has-text("Question 1 of 4")').wait_for()
    points = 0.0
    for number in range(1, 5):
        assert not page.is_visible("#pages")
        assert not page.is_visible("#method .note")
        assert "Which are dropped" in page.inner_text("#quiz")
        page.get_by_label("Nobody can know").check()
        labels = page.locator("#quiz .unit").evaluate_all(NAMES)
        half = len(labels) // 2
        assert all(re.fullmatch(r"(unit|input) \d: (dropped|kept)", each) for each in labels[:half])
        assert all(each.endswith(": dropped?") for each in labels[half:])
        page.click('#quiz button:text-is("Reveal")')
        labels = page.locator("#quiz button.unit").evaluate_all(NAMES)
        assert all(each.endswith(": not predicted") for each in labels)
        said = page.inner_text("#quiz [role=status]")
        points = float(re.findall(r"([\d.]+) of \d points", said)[0])
        last = number == 4
        page.click(f'#quiz button:text-is("{"Go on training" if last else "Next question"}")')
    page.locator('#said:has-text("Predicted:")').wait_for()

    # Of Keras's masks the steps share one; gates, sequences and batches do not.
    assert points == 3
    assert page.is_visible("#picture-where")
    assert page.is_visible("#method .note")
    reached(page, 2)


def test_a_prediction_stays_beside_what_was_used(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5:quiz")
    page.click("#train")
    page.locator("#quiz h2").wait_for()
    page.locator("#quiz button.unit").nth(1).click()
    page.locator("#quiz button.unit").nth(4).click()
    page.click('#quiz button:text-is("Reveal")')

    dropped = "all => all.map((each) => each.textContent.includes('✕'))"
    marked = page.locator("#quiz button.unit").evaluate_all(dropped)
    assert marked == [unit in (1, 4) for unit in range(8)]
    used = page.locator('#quiz .row:has(.name:text-is("used")) .unit').evaluate_all(NAMES)
    labels = page.locator("#quiz button.unit").evaluate_all(NAMES)
    for unit, (label, its) in enumerate(zip(labels, used, strict=True)):
        right = ("dropped" in its) == marked[unit]
        how = "dropped" if marked[unit] else "kept"
        assert label.endswith(f": predicted {how}, {'' if right else 'not '}as used")


def test_no_prediction_earns_nothing(opened: Open) -> None:
    page = opened("lstm:u8:m=gal-tied:d.1:r.1:quiz")
    page.click("#train")
    for number in range(1, 5):
        page.locator(f'#quiz h2:has-text("Question {number} of 4")').wait_for()
        crossed = page.locator("#quiz .crossed").count()
        page.click('#quiz button:text-is("Reveal")')
        used = page.locator('#quiz .row:has(.name:text-is("used")) .crossed').count()
        said = page.inner_text("#quiz [role=status]")
        assert "Nothing was predicted." in said or not used
        if crossed and used:
            assert "right" not in said
        page.locator("#quiz button.primary").click()


@pytest.mark.parametrize("tab", ["where", "masks", "curves", "inside"])
@pytest.mark.parametrize("batches", [0, 1])
def test_what_was_seen_before_is_hidden_from_whoever_is_to_predict(
    opened: Open, batches: int, tab: str
) -> None:
    page = opened("lstm:u8:d.2:r.5")
    for _ in range(batches):
        page.click("#step")
        status(page, "batch 1 of")
    page.click(f"#tab-{tab}")

    page.check("#predict")

    assert page.inner_text("#pages") == "Hidden until you have predicted: press Train."
    assert page.locator("#words li").count() == 0
