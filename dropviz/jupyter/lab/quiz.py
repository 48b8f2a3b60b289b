"""Predict, then reveal: questions about the first batches of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from dropviz.core.quiz_questions import Question
from dropviz.jupyter.mime import escaped

_CELL = "42px"


class Quiz:
    """Asks one question after the other, and scores them from the recording.

    Attributes:
        box: The widget to show.
        scores: The points of the questions answered, 0 to 1 each.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        """Makes the quiz, with no question yet.

        Args:
            on_end: Called when the last question has been answered and left.
        """
        self.scores: list[float] = []
        self._on_end = on_end
        self._questions: Sequence[Question] = ()
        self._at = 0
        self._text = widgets.HTML()
        self._given = widgets.HBox()
        self._marks: list[Any] = []
        self._row = widgets.HBox()
        self._anew = widgets.Checkbox(
            description="Nobody can know: this mask is drawn anew",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        self._said = widgets.HTML()
        self._button = widgets.Button(
            description="Reveal",
            button_style="primary",
            tooltip="Fill in what the run used, and score the prediction.",
        )
        self._button.on_click(lambda _: self._press())
        self._revealed = False
        self.box = widgets.VBox(
            [self._text, self._given, self._row, self._anew, self._button, self._said],
            layout=widgets.Layout(display="none", padding="10px", border="2px solid #0072B2"),
        )

    @property
    def open(self) -> bool:
        """Whether a question is open."""
        return bool(self._questions)

    def begin(self, questions: Sequence[Question]) -> None:
        """Asks the first of these questions."""
        self.scores, self._questions, self._at = [], questions, 0
        if questions:
            self._ask()

    def close(self) -> None:
        """Takes the questions away."""
        self._questions = ()
        self.box.layout.display = "none"

    def _ask(self) -> None:
        question = self._questions[self._at]
        number = f"Question {self._at + 1} of {len(self._questions)}"
        self._text.value = (
            f'<div style="line-height:1.4;max-width:640px"><b>{number}.</b> '
            f"{escaped(question.text)}</div>"
        )
        self._given.children = [_label("recorded"), *(_fixed(d) for d in question.given)]
        self._marks = [
            widgets.ToggleButton(
                description="",
                tooltip=f"unit {unit + 1}: mark it as dropped",
                layout=widgets.Layout(width=_CELL),
            )
            for unit in range(len(question.given))
        ]
        for mark in self._marks:
            mark.observe(_cross, names="value")
        self._row.children = [_label("your prediction"), *self._marks]
        self._anew.value = self._anew.disabled = False
        self._said.value = ""
        self._revealed = False
        self._button.description = "Reveal"
        self.box.layout.display = ""

    def _press(self) -> None:
        if not self.open:
            return
        if not self._revealed:
            self._reveal()
            return
        self._at += 1
        if self._at < len(self._questions):
            self._ask()
            return
        self.close()
        self._on_end()

    def _reveal(self) -> None:
        question = self._questions[self._at]
        score = question.score([mark.value for mark in self._marks], anew=self._anew.value)
        self.scores.append(score.points)
        for mark, dropped in zip(self._marks, question.answer, strict=True):
            # A sign beside the mark, so that right or wrong shows without colour.
            right = self._anew.value or mark.value == dropped
            mark.description = f"{'✕' if dropped else '·'}{'' if right else '  !'}"
            if not self._anew.value:
                mark.button_style = "success" if right else "warning"
            mark.disabled = True
        self._anew.disabled = True
        total = sum(self.scores)
        self._said.value = (
            f'<div role="status" style="line-height:1.4"><b>{escaped(score.sentence)}</b> '
            f"{total:.2g} of {len(self.scores)} points. (✕ dropped, · kept, ! not as predicted)"
            "</div>"
        )
        last = self._at + 1 == len(self._questions)
        self._button.description = "Go on training" if last else "Next question"
        self._revealed = True


def _label(text: str) -> Any:
    return widgets.Label(text, layout=widgets.Layout(width="110px"))


def _fixed(dropped: bool) -> Any:  # noqa: FBT001
    return widgets.ToggleButton(
        value=dropped,
        description="✕" if dropped else "",
        disabled=True,
        tooltip="dropped" if dropped else "kept",
        layout=widgets.Layout(width=_CELL),
    )


def _cross(change: Any) -> None:
    change["owner"].description = "✕" if change["new"] else ""
