"""Predict, then reveal: questions about the first batches of a training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from dropviz.core.quiz_questions import Answered, Question


class Quiz:
    """Asks one question after the other, and scores them from the recording.

    Attributes:
        answers: What was answered of these questions, in their order.
    """

    def __init__(self, panel: Any) -> None:
        """Makes the quiz, with no question yet.

        Args:
            panel: Has a trait ``question``, which is what a person sees of it.
        """
        self.answers: tuple[Answered, ...] = ()
        self.on_end: Any = None
        self._panel = panel
        self._questions: Sequence[Question] = ()
        self._at = 0
        self._began = 0.0

    @property
    def open(self) -> bool:
        """Whether a question is open."""
        return bool(self._questions)

    @property
    def _revealed(self) -> bool:
        return len(self.answers) > self._at

    def begin(self, questions: Sequence[Question]) -> None:
        """Asks the first of these questions."""
        self.answers, self._questions, self._at = (), questions, 0
        if questions:
            self._ask()

    def close(self) -> None:
        """Takes the questions away."""
        self._questions = ()
        self._panel.question = {}

    def reveal(self, marks: Sequence[Any], *, anew: bool) -> None:
        """Scores the open question, once, and shows what was used.

        Args:
            marks: By unit, whether it was predicted to be dropped.
            anew: Whether the student said that nobody can know.
        """
        if not self.open or self._revealed:
            return
        question = self._questions[self._at]
        predicted = tuple(bool(mark) for mark in marks)
        if len(predicted) != len(question.answer):
            return  # of a page that shows another question
        score = question.score(predicted, anew=anew)
        seconds = time.monotonic() - self._began
        answered = Answered(question, predicted, anew, score.points, score.sentence, seconds)
        self.answers = (*self.answers, answered)
        self._panel.question = self._shown() | {
            "marks": list(predicted),
            "anew": anew,
            "answer": list(question.answer),
            "sentence": score.sentence,
            "points": sum(each.points for each in self.answers),
        }

    def go_on(self) -> None:
        """Leaves a question that was answered: for the next, or for the training."""
        if not self.open or not self._revealed:
            return
        self._at += 1
        if self._at < len(self._questions):
            self._ask()
            return
        self.close()
        if self.on_end is not None:
            self.on_end()

    def _ask(self) -> None:
        self._began = time.monotonic()
        self._panel.question = self._shown()

    def _shown(self) -> dict[str, Any]:
        """What a person may see of the question: never its answer."""
        question = self._questions[self._at]
        return {
            "number": self._at + 1,
            "of": len(self._questions),
            "text": question.text,
            "given": list(question.given),
            "noun": question.noun,
        }
