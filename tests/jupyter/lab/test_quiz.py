from __future__ import annotations

from typing import Any

import pytest

from dropviz.core.quiz_questions import Question
from dropviz.jupyter.lab.quiz import Quiz

from .panels import text_of

KEPT, DROPPED = False, True
SHARED = Question(
    site="input",
    kind="gate",
    text="Which <units>?",
    given=(DROPPED, KEPT, KEPT),
    answer=(DROPPED, KEPT, KEPT),
    same=True,
    why="Tied.",
)
ANEW = Question(
    site="recurrent",
    kind="batch",
    text="And now?",
    given=(KEPT, DROPPED),
    answer=(DROPPED, DROPPED),
    same=False,
    why="Drawn anew.",
)


class Asked:
    """A quiz, and what a student does to it."""

    def __init__(self, *questions: Question) -> None:
        self.ends = 0
        self.quiz = Quiz(self._ended)
        self.quiz.begin(questions)

    def _ended(self) -> None:
        self.ends += 1

    @property
    def shown(self) -> bool:
        return bool(self.quiz.box.layout.display != "none")

    @property
    def text(self) -> str:
        return text_of(self.quiz._text.value)

    @property
    def said(self) -> str:
        return text_of(self.quiz._said.value)

    @property
    def button(self) -> Any:
        return self.quiz._button

    @property
    def marks(self) -> list[Any]:
        return self.quiz._marks

    @property
    def given(self) -> list[Any]:
        return list(self.quiz._given.children[1:])

    def mark(self, *units: int) -> None:
        for unit in units:
            self.marks[unit].value = True


def test_before_it_begins_there_is_nothing_to_see() -> None:
    asked = Asked()

    assert not asked.shown
    assert not asked.quiz.open
    assert asked.ends == 0


def test_a_question_is_shown_with_its_number_as_text() -> None:
    asked = Asked(SHARED, ANEW)

    assert asked.shown
    assert asked.quiz.open
    assert asked.text == "Question 1 of 2. Which <units>?"
    assert "<units>" not in asked.quiz._text.value


def test_what_is_given_is_crossed_and_cannot_be_moved() -> None:
    asked = Asked(SHARED)

    assert [each.value for each in asked.given] == list(SHARED.given)
    assert [each.description for each in asked.given] == ["✕", "", ""]
    assert all(each.disabled for each in asked.given)


def test_there_is_an_empty_mark_for_each_unit() -> None:
    asked = Asked(SHARED)

    assert [mark.value for mark in asked.marks] == [False] * 3
    assert not any(mark.disabled for mark in asked.marks)
    assert [mark.tooltip for mark in asked.marks] == [
        f"unit {unit}: mark it as dropped" for unit in (1, 2, 3)
    ]


def test_a_mark_crosses_its_unit_and_takes_the_cross_away_again() -> None:
    asked = Asked(SHARED)

    asked.mark(1)
    crossed = [mark.description for mark in asked.marks]
    asked.marks[1].value = False

    assert crossed == ["", "✕", ""]
    assert [mark.description for mark in asked.marks] == ["", "", ""]


def test_the_answer_is_not_shown_before_it_is_revealed() -> None:
    asked = Asked(ANEW)

    assert asked.said == ""
    assert asked.button.description == "Reveal"
    assert asked.quiz.scores == []


def test_revealing_fills_in_what_was_used_and_says_what_was_right() -> None:
    asked = Asked(SHARED)
    asked.mark(0, 2)

    asked.button.click()

    # Crossed or kept, and an exclamation mark where it was not predicted so.
    assert [mark.description.split() for mark in asked.marks] == [["✕"], ["·"], ["·", "!"]]
    assert all(mark.disabled for mark in asked.marks)
    assert asked.said.startswith("2 of 3 units right. Tied. 0.67 of 1 points.")


@pytest.mark.parametrize(("anew", "points"), [(True, 1.0), (False, 0.0)])
def test_the_checkbox_says_that_nobody_can_know(points: float, *, anew: bool) -> None:
    asked = Asked(ANEW)
    asked.mark(0, 1)
    asked.quiz._anew.value = anew

    asked.button.click()

    assert asked.quiz.scores == [points]
    assert asked.quiz._anew.disabled
    assert ("nobody can know" in asked.said) == anew


def test_a_question_is_scored_once() -> None:
    asked = Asked(SHARED, ANEW)

    asked.button.click()
    asked.button.click()

    assert asked.quiz.scores == [2 / 3]
    assert asked.text == "Question 2 of 2. And now?"


def test_the_next_question_begins_afresh() -> None:
    asked = Asked(SHARED, ANEW)
    asked.mark(0)
    asked.quiz._anew.value = True

    asked.button.click()
    said = asked.button.description
    asked.button.click()

    assert said == "Next question"
    assert [mark.value for mark in asked.marks] == [False, False]
    assert (asked.quiz._anew.value, asked.quiz._anew.disabled) == (False, False)
    assert asked.said == ""
    assert asked.button.description == "Reveal"


def test_leaving_the_last_question_ends_the_quiz_once() -> None:
    asked = Asked(SHARED, ANEW)

    for _ in range(3):
        asked.button.click()
    before, said = asked.ends, asked.button.description
    asked.button.click()
    asked.button.click()

    assert (before, asked.ends) == (0, 1)
    assert said == "Go on training"
    assert not asked.shown
    assert not asked.quiz.open


def test_the_points_add_up() -> None:
    asked = Asked(SHARED, ANEW)

    asked.mark(0)
    asked.button.click()
    asked.button.click()
    asked.quiz._anew.value = True
    asked.button.click()

    assert asked.quiz.scores == [1.0, 1.0]
    assert "2 of 2 points." in asked.said


def test_beginning_again_forgets_the_scores() -> None:
    asked = Asked(SHARED)
    asked.button.click()

    asked.quiz.begin([ANEW])

    assert asked.quiz.scores == []
    assert asked.text == "Question 1 of 1. And now?"


def test_closing_takes_the_question_away_without_an_end() -> None:
    asked = Asked(SHARED)

    asked.quiz.close()
    asked.button.click()

    assert not asked.shown
    assert asked.quiz.scores == []
    assert asked.ends == 0
