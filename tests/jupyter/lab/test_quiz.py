from __future__ import annotations

from typing import Any

import pytest

from dropviz.core.quiz_questions import Question
from dropviz.jupyter.lab.quiz import Predict

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
    why="MaskPlan anew.",
)


class Quiz:
    """A quiz, and what a student does to it."""

    def __init__(self, *questions: Question) -> None:
        self.ends = 0
        self.predict = Predict(self._ended)
        self.predict.begin(questions)

    def _ended(self) -> None:
        self.ends += 1

    @property
    def shown(self) -> bool:
        return bool(self.predict.box.layout.display != "none")

    @property
    def text(self) -> str:
        return text_of(self.predict._text.value)

    @property
    def said(self) -> str:
        return text_of(self.predict._said.value)

    @property
    def button(self) -> Any:
        return self.predict._button

    @property
    def marks(self) -> list[Any]:
        return self.predict._marks

    @property
    def given(self) -> list[Any]:
        return list(self.predict._given.children[1:])

    def mark(self, *units: int) -> None:
        for unit in units:
            self.marks[unit].value = True


def test_before_it_begins_there_is_nothing_to_see() -> None:
    quiz = Quiz()

    assert not quiz.shown
    assert not quiz.predict.open
    assert quiz.ends == 0


def test_a_question_is_shown_with_its_number_as_text() -> None:
    quiz = Quiz(SHARED, ANEW)

    assert quiz.shown
    assert quiz.predict.open
    assert quiz.text == "Question 1 of 2. Which <units>?"
    assert "<units>" not in quiz.predict._text.value


def test_what_is_given_is_crossed_and_cannot_be_moved() -> None:
    quiz = Quiz(SHARED)

    assert [each.value for each in quiz.given] == list(SHARED.given)
    assert [each.description for each in quiz.given] == ["✕", "", ""]
    assert all(each.disabled for each in quiz.given)


def test_there_is_an_empty_mark_for_each_unit() -> None:
    quiz = Quiz(SHARED)

    assert [mark.value for mark in quiz.marks] == [False] * 3
    assert not any(mark.disabled for mark in quiz.marks)
    assert [mark.tooltip for mark in quiz.marks] == [
        f"unit {unit}: mark it as dropped" for unit in (1, 2, 3)
    ]


def test_a_mark_crosses_its_unit_and_takes_the_cross_away_again() -> None:
    quiz = Quiz(SHARED)

    quiz.mark(1)
    crossed = [mark.description for mark in quiz.marks]
    quiz.marks[1].value = False

    assert crossed == ["", "✕", ""]
    assert [mark.description for mark in quiz.marks] == ["", "", ""]


def test_the_answer_is_not_shown_before_it_is_revealed() -> None:
    quiz = Quiz(ANEW)

    assert quiz.said == ""
    assert quiz.button.description == "Reveal"
    assert quiz.predict.scores == []


def test_revealing_fills_in_what_was_used_and_says_what_was_right() -> None:
    quiz = Quiz(SHARED)
    quiz.mark(0, 2)

    quiz.button.click()

    # Crossed or kept, and an exclamation mark where it was not predicted so.
    assert [mark.description.split() for mark in quiz.marks] == [["✕"], ["·"], ["·", "!"]]
    assert all(mark.disabled for mark in quiz.marks)
    assert quiz.said.startswith("2 of 3 units right. Tied. 0.67 of 1 points.")


@pytest.mark.parametrize(("anew", "points"), [(True, 1.0), (False, 0.0)])
def test_the_checkbox_says_that_nobody_can_know(points: float, *, anew: bool) -> None:
    quiz = Quiz(ANEW)
    quiz.mark(0, 1)
    quiz.predict._anew.value = anew

    quiz.button.click()

    assert quiz.predict.scores == [points]
    assert quiz.predict._anew.disabled
    assert ("nobody can know" in quiz.said) == anew


def test_a_question_is_scored_once() -> None:
    quiz = Quiz(SHARED, ANEW)

    quiz.button.click()
    quiz.button.click()

    assert quiz.predict.scores == [2 / 3]
    assert quiz.text == "Question 2 of 2. And now?"


def test_the_next_question_begins_afresh() -> None:
    quiz = Quiz(SHARED, ANEW)
    quiz.mark(0)
    quiz.predict._anew.value = True

    quiz.button.click()
    said = quiz.button.description
    quiz.button.click()

    assert said == "Next question"
    assert [mark.value for mark in quiz.marks] == [False, False]
    assert (quiz.predict._anew.value, quiz.predict._anew.disabled) == (False, False)
    assert quiz.said == ""
    assert quiz.button.description == "Reveal"


def test_leaving_the_last_question_ends_the_quiz_once() -> None:
    quiz = Quiz(SHARED, ANEW)

    for _ in range(3):
        quiz.button.click()
    before, said = quiz.ends, quiz.button.description
    quiz.button.click()
    quiz.button.click()

    assert (before, quiz.ends) == (0, 1)
    assert said == "Go on training"
    assert not quiz.shown
    assert not quiz.predict.open


def test_the_points_add_up() -> None:
    quiz = Quiz(SHARED, ANEW)

    quiz.mark(0)
    quiz.button.click()
    quiz.button.click()
    quiz.predict._anew.value = True
    quiz.button.click()

    assert quiz.predict.scores == [1.0, 1.0]
    assert "2 of 2 points." in quiz.said


def test_beginning_again_forgets_the_scores() -> None:
    quiz = Quiz(SHARED)
    quiz.button.click()

    quiz.predict.begin([ANEW])

    assert quiz.predict.scores == []
    assert quiz.text == "Question 1 of 1. And now?"


def test_closing_takes_the_question_away_without_an_end() -> None:
    quiz = Quiz(SHARED)

    quiz.predict.close()
    quiz.button.click()

    assert not quiz.shown
    assert quiz.predict.scores == []
    assert quiz.ends == 0
