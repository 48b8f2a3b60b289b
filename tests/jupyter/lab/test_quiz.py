from __future__ import annotations

import json
from typing import Any

import pytest

from dropviz.core.quiz_questions import Question
from dropviz.jupyter.lab.quiz import Quiz

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
    """A quiz, and what a student does to it; stands in for the panel that shows it."""

    def __init__(self, *questions: Question) -> None:
        self.ends = 0
        self.question: dict[str, Any] = {}
        self.quiz = Quiz(self)
        self.quiz.on_end = self._ended
        self.quiz.begin(questions)

    def _ended(self) -> None:
        self.ends += 1

    def reveal(self, *units: int, anew: bool = False) -> None:
        marks = [unit in units for unit in range(len(self.question["given"]))]
        self.quiz.reveal(marks, anew=anew)

    @property
    def points(self) -> list[float]:
        return [each.points for each in self.quiz.answers]


def test_before_it_begins_there_is_nothing_to_see() -> None:
    asked = Asked()

    assert (asked.question, asked.quiz.open, asked.ends) == ({}, False, 0)


def test_a_question_is_shown_with_its_number_and_what_was_recorded() -> None:
    asked = Asked(SHARED, ANEW)

    assert asked.quiz.open
    assert asked.question == {
        "number": 1,
        "of": 2,
        "text": "Which <units>?",
        "given": list(SHARED.given),
        "noun": "inputs",
    }


def test_the_answer_is_nowhere_in_the_page_before_it_is_revealed() -> None:
    told = json.dumps(Asked(ANEW).question)

    assert "answer" not in told
    assert ANEW.why not in told


def test_revealing_puts_what_was_used_beside_the_prediction_and_keeps_both() -> None:
    asked = Asked(SHARED)

    asked.reveal(0, 2)

    shown = asked.question
    assert (shown["marks"], shown["answer"]) == ([True, False, True], list(SHARED.answer))
    assert shown["sentence"] == "2 of 3 units right. Tied."
    assert shown["points"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("anew", "points"), [(True, 1.0), (False, 0.0)])
def test_the_checkbox_says_that_nobody_can_know(points: float, *, anew: bool) -> None:
    asked = Asked(ANEW)

    asked.reveal(0, 1, anew=anew)

    assert asked.points == [points]
    assert asked.question["anew"] == anew
    assert ("nobody can know" in asked.question["sentence"]) == anew


def test_a_question_is_scored_once() -> None:
    asked = Asked(SHARED, ANEW)

    asked.reveal(0, 2)
    asked.reveal(0)
    asked.quiz.go_on()

    assert asked.points == [2 / 3]
    assert asked.question["text"] == "And now?"


def test_a_question_is_not_left_before_it_is_answered() -> None:
    asked = Asked(SHARED, ANEW)

    asked.quiz.go_on()

    assert asked.question["number"] == 1


def test_marks_of_a_page_that_shows_another_question_count_for_nothing() -> None:
    asked = Asked(SHARED)

    asked.quiz.reveal([True], anew=False)

    assert asked.points == []


def test_the_next_question_begins_afresh() -> None:
    asked = Asked(SHARED, ANEW)

    asked.reveal(0, anew=True)
    asked.quiz.go_on()

    assert set(asked.question) == {"number", "of", "text", "given", "noun"}


def test_leaving_the_last_question_ends_the_quiz_once() -> None:
    asked = Asked(SHARED, ANEW)

    asked.reveal()
    asked.quiz.go_on()
    asked.reveal()
    before = asked.ends
    asked.quiz.go_on()
    asked.quiz.go_on()

    assert (before, asked.ends) == (0, 1)
    assert (asked.question, asked.quiz.open) == ({}, False)


def test_answers_hold_what_homework_asks_for_after_the_quiz_too() -> None:
    asked = Asked(SHARED, ANEW)

    asked.reveal(0)
    asked.quiz.go_on()
    asked.reveal(anew=True)
    asked.quiz.go_on()

    first, second = asked.quiz.answers
    assert (first.question, first.prediction, first.answer) == (
        SHARED,
        (True, False, False),
        SHARED.answer,
    )
    assert (second.anew, second.points, second.sentence) == (
        True,
        1.0,
        "Right: nobody can know. Drawn anew.",
    )
    assert all(each.seconds >= 0 for each in asked.quiz.answers)


def test_the_points_add_up() -> None:
    asked = Asked(SHARED, ANEW)

    asked.reveal(0)
    asked.quiz.go_on()
    asked.reveal(anew=True)

    assert asked.points == [1.0, 1.0]
    assert asked.question["points"] == 2


def test_beginning_again_forgets_the_answers() -> None:
    asked = Asked(SHARED)
    asked.reveal()

    asked.quiz.begin([ANEW])

    assert asked.points == []
    assert asked.question["number"] == 1


def test_closing_takes_the_question_away_without_an_end() -> None:
    asked = Asked(SHARED)

    asked.quiz.close()
    asked.quiz.reveal([True] * 3, anew=False)

    assert (asked.question, asked.points, asked.ends) == ({}, [], 0)
