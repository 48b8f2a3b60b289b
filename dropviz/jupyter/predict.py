"""Predict before you look: a question with choices, kept with its time, and what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ipywidgets
from IPython import get_ipython
from IPython.display import display

from dropviz.core.sentences import figure
from dropviz.errors import DropvizError, received, unknown_name, visible
from dropviz.jupyter import mime
from dropviz.jupyter.ipykernel_inside import hear_every_page
from dropviz.jupyter.ipython_inside import once_the_cell_ended

_WIDGET = "application/vnd.jupyter.widget-view+json"
_CLICK = 'Click on one, or add answer="..." to the call.'
_RUN = 'Run this cell, then click on one, or add answer="..." to the call.'
_OVER = "Nothing can be chosen any more, for it was measured. Run this cell again to choose."
_LINE = 40  # letters of a question or a choice in a line of a chat
_NOT_IN_LINE = re.compile(r"[^\w.+]+")


@dataclass(frozen=True)
class Outcome:
    """What was predicted, and what was measured.

    Attributes:
        question: What was asked.
        predicted: The choice; None where none was made.
        measured: What was measured, in words.
        at: When the choice was made.
    """

    question: str
    predicted: str | None
    measured: str
    at: datetime | None

    @property
    def sentence(self) -> str:
        """Both in one sentence."""
        if self.predicted is None or self.at is None:
            return f"No prediction was made; measured: {self.measured}."
        return (
            f"You predicted: {self.predicted} (at {self.at:%H:%M:%S}); measured: {self.measured}."
        )

    def __repr__(self) -> str:
        return visible(self.sentence)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude  # IPython filters by itself
        return mime.words([self.question, self.sentence])


class Prediction:
    """A question with its choices, and the choice that was made of them.

    Attributes:
        question: The question.
        choices: What can be chosen, as words.
        answer: The choice, one of them; None as long as none was made.
        at: When it was made, with the time zone; None likewise.
    """

    def __init__(self, question: str, choices: Iterable[object]) -> None:
        """Takes a question and what can be chosen, as ``predict`` does."""
        self.question = question
        self.choices = _checked(choices)
        self.answer: str | None = None
        self.at: datetime | None = None
        self._closed = self._in_line = False
        self._controls: list[_Controls] = []  # one for each time that it was shown

    @property
    def kept(self) -> str:
        """What was chosen and when, in words; how to choose, where nothing was."""
        if self.answer is None or self.at is None:
            return _OVER if self._closed else _CLICK
        return f"Kept at {self.at:%H:%M:%S}: {self.answer}"

    @property
    def _stored(self) -> str:
        """The same where a notebook is only opened: nothing can be clicked until the cell runs."""
        return _RUN if self.kept == _CLICK else self.kept

    @property
    def pair(self) -> tuple[str, str]:
        """Question and choice as a line of a chat takes them (``homework.chat_line``).

        Raises:
            DropvizError: If nothing was chosen.
        """
        if self.answer is None:
            raise DropvizError(
                f"Nothing was predicted of {received(self.question)}. Expected one of its "
                "choices. Choose one, or leave the question out."
            )
        lines = [_for_a_line(each) for each in self.choices]
        number = self.choices.index(self.answer)
        answer = lines[number]
        if not answer or lines.count(answer) > 1:
            # What tells it from another is lost on the way: its number does.
            answer = _for_a_line(f"{number + 1}-{answer}")
        return _for_a_line(self.question) or "question", answer

    def choose(self, answer: object) -> None:
        """Keeps a choice, with the time; the last one before the measurement counts.

        Args:
            answer: One of the choices; after the measurement it is checked, and not kept.

        Raises:
            UnknownNameError: If it is none of them.
        """
        chosen = str(answer)
        if chosen not in self.choices:
            raise unknown_name("choice", chosen, self.choices)
        if not self._closed:
            self.answer, self.at = chosen, datetime.now().astimezone()
        for each in self._controls:
            each.tell()

    def against(self, measured: object) -> Outcome:
        """Puts what was measured beside what was predicted; nothing can be chosen after that.

        Args:
            measured: What was measured: words, or a number; a float is shown to three decimals, a
                very small or large one to three digits.

        Returns:
            Both, which a notebook shows as one sentence.
        """
        self._closed = True
        for each in self._controls:
            each.close()
        shown = figure(measured) if isinstance(measured, float) else visible(str(measured))
        return Outcome(self.question, self.answer, shown, self.at)

    def __repr__(self) -> str:
        listed = [f"- {choice}" for choice in self.choices]
        return visible("\n".join([self.question, *listed, self._stored]), "\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude  # IPython filters by itself
        listed = mime.words([self.question, *self.choices])["text/html"]
        forms: dict[str, Any] = {
            "text/html": f"{listed}<div>{mime.escaped(self._stored)}</div>",
            "text/plain": repr(self),
        }
        if self.answer is None:
            self._controls.append(_Controls(self))
            forms[_WIDGET] = self._controls[-1].view
        return forms

    def show_in_line(self) -> None:
        """Shows it where its line stands, and not again as the value of that cell."""

        def ended() -> None:
            self._in_line = False

        display(self)
        shell = get_ipython()
        if shell is not None:
            self._in_line = True
            once_the_cell_ended(shell, ended)

    def _ipython_display_(self) -> None:
        if not self._in_line:
            display(self._repr_mimebundle_(), raw=True)


class _Controls:
    """The choices as buttons, which tell their prediction what was chosen."""

    def __init__(self, asked: Prediction) -> None:
        self._asked = asked
        # Without a value of None the first choice would be made by nobody.
        self._choice = ipywidgets.RadioButtons(
            options=asked.choices, value=None, layout={"width": "auto"}
        )
        self._kept = ipywidgets.HTML()
        title = ipywidgets.HTML(f"<strong>{mime.escaped(asked.question)}</strong>")
        self._all = ipywidgets.VBox([title, self._choice, self._kept])
        self._choice.observe(self._chosen, "value")
        hear_every_page(self._choice.comm)
        self.tell()

    @property
    def view(self) -> dict[str, Any]:
        """What front ends take for the widget; ipywidgets 7 has no public form of it."""
        return {"version_major": 2, "version_minor": 0, "model_id": self._all.model_id}

    def close(self) -> None:
        """Leaves what was chosen to be seen, and nothing to be chosen."""
        self._choice.disabled = True
        self.tell()

    def tell(self) -> None:
        """Shows what was chosen, wherever that was."""
        self._choice.value = self._asked.answer
        self._kept.value = mime.escaped(self._asked.kept)

    def _chosen(self, change: Any) -> None:
        if change["new"] not in (None, self._asked.answer):
            self._asked.choose(change["new"])


def predict(question: str, choices: Iterable[object], answer: object = None) -> Prediction:
    """Asks for a prediction, and shows the question with its choices.

    A student clicks on a choice, or writes it into the call where there are no widgets. Nothing
    waits for that: a notebook runs from top to bottom without an answer.

    Args:
        question: The question, a text as in "Which arrows carry a mask?".
        choices: A list of two choices or more: words, or numbers, which are taken as words.
        answer: The choice, where it is typed; None to click.

    Returns:
        The prediction, whose ``against(measured)`` puts both beside one another.

    Raises:
        UnknownNameError: If the answer is none of the choices.
        DropvizError: If ``choices`` is no list, has fewer than two, or two that are alike as words.
    """
    asked = Prediction(question, choices)
    if answer is not None:
        asked.choose(answer)
    asked.show_in_line()
    return asked


def _checked(choices: Iterable[object]) -> tuple[str, ...]:
    if isinstance(choices, (str, bytes)) or not isinstance(choices, Iterable):
        raise DropvizError(
            f"choices must be a list, as ['yes', 'no']. Received: {received(choices)}."
        )
    listed = tuple(map(str, choices))
    if len(set(listed)) < max(2, len(listed)):
        raise DropvizError(
            "choices must be two or more, all different. "
            f"Received: {received(listed)}. Word them apart."
        )
    return listed


def _for_a_line(text: str) -> str:
    """A text with nothing in it but what a line of a chat can carry."""
    return _NOT_IN_LINE.sub("-", text).strip("-")[:_LINE].strip("-")
