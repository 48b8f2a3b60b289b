"""How often a page answers the pictures that it painted."""

from __future__ import annotations

from typing import Any

import pytest

from dropviz.jupyter.lab.picture_sender import TOGETHER

from .bare_page import offer

pytestmark = pytest.mark.browser


@pytest.fixture
def page(page: Any) -> Any:
    """A page with answers, and a clock that a test moves."""
    page.clock.install(time=0)
    offer(page, "lab/answer_pictures.js", "pictureAnswers")
    page.evaluate("() => { window.answers = pictureAnswers(model); }")
    # An hour on, and still from then: a slow machine is not to move it between two lines of a test.
    page.clock.pause_at(3600)
    return page


def paint(page: Any, *numbers: int, state: str = "training", together: int = 5) -> None:
    page.evaluate(
        """([numbers, state, together]) => {
          model.set("state", state);
          numbers.forEach((number) => answers.painted(number, together));
        }""",
        [list(numbers), state, together],
    )


def answered(page: Any) -> list[int]:
    sent = page.evaluate("window.sent")
    assert {each["kind"] for each in sent} <= {"painted"}
    return [each["number"] for each in sent]


@pytest.mark.parametrize("state", ["ready", "paused", "compiling"])
def test_each_picture_is_answered_at_once_where_nothing_trains(page: Any, state: str) -> None:
    for number in (1, 2, 3):
        paint(page, number, state=state)
        assert answered(page) == [*range(1, number + 1)]
    page.clock.run_for(2_000)

    assert answered(page) == [1, 2, 3]


@pytest.mark.parametrize("together", [5, TOGETHER])
@pytest.mark.parametrize("first", [1, 40])
def test_of_a_training_as_many_have_one_answer_as_python_says(
    page: Any, first: int, together: int
) -> None:
    paint(page, first - 1, state="ready")
    for number in range(first, first + 2 * together + 2):
        paint(page, number, together=together)

    last = first - 1
    assert answered(page) == [last, last + together, last + 2 * together]


def test_what_was_left_out_by_a_slow_page_counts_too(page: Any) -> None:
    paint(page, 3, 9, 10, 17)

    assert answered(page) == [9, 17]


@pytest.mark.parametrize("painted", [[1], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]])
def test_the_last_of_a_training_is_answered_though_none_follows(
    page: Any, painted: list[int]
) -> None:
    paint(page, *painted)
    page.clock.run_for(850)
    assert answered(page) == painted[4:5]

    page.clock.run_for(100)

    assert answered(page) == [*painted[4:5], painted[-1]]
    page.clock.run_for(5_000)
    assert len(answered(page)) == len(painted[4:5]) + 1


def test_a_view_that_is_gone_answers_no_more(page: Any) -> None:
    paint(page, 1, 2)
    page.evaluate("() => answers.end()")
    page.clock.run_for(5_000)

    assert answered(page) == []
