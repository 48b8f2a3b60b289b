"""A task: data with a known need for memory or a known tendency to overfit, and its goal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from numpy.typing import NDArray

from dropviz.core.checks import check_whole
from dropviz.core.file_fields import flag, refused
from dropviz.core.goals import GOALS, Figures, Goal, score_constant
from dropviz.core.number_forms import MOST, counted
from dropviz.core.read_dataset import read_dataset
from dropviz.core.sentences import figure
from dropviz.core.task_checks import (
    as_array,
    check_answers,
    check_sequences,
    check_tokens,
    checked_learning_rate,
)
from dropviz.errors import DropvizError, is_known, received, unknown_name, visible

PARTS = ("x", "y", "x_val", "y_val")
_TEXTS = ("name", "title", "code")


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """A data set of sequences, and what is asked of each.

    Attributes:
        name: What to call it.
        x: Training inputs, shape (samples, steps, features): numbers of up to 64 bits, finite in
            single precision; where they are embedded, integers from 0 to 2**31 - 1, shape
            (samples, steps).
        y: What is asked for in training. By goal: "classes", integers from 0 to 2**31 - 1, shape
            (samples,); "classes-per-step", a class at each of the last steps, shape (samples,
            answers), from 1 to as many as there are steps; "numbers", such as those of ``x``,
            shape (samples,) or (samples, numbers).
        x_val: Validation inputs, shaped like ``x`` but for the samples.
        y_val: What is asked for in validation, shaped like ``y`` but for the samples.
        learning_rate: Adam's learning rate that suits the task, above 0.
        title: One line that says what it is.
        code: Plain Python that makes ``x, y, x_val, y_val``; empty where there is none.
        goal: What is asked for, a key of ``dropviz.core.goals.GOALS``.
        embedding: Width of the Embedding layer that inputs go through, 0 to 2**31 - 1; 0 where
            there is none.
        characters: Whether the classes are characters of a text: then what a guess costs is told
            in bits per character too. Not where numbers are asked for.

    Raises:
        UnknownNameError: If there is no such goal.
        DropvizError: If the data are empty, not finite, of the wrong shape or not what the goal
            asks for; training and validation disagree in steps, features or answers; the learning
            rate is no finite number above 0; ``embedding`` or ``characters`` is out of range; or
            a name is no text.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[Any]
    x_val: NDArray[Any]
    y_val: NDArray[Any]
    learning_rate: float = 1e-3
    title: str = ""
    code: str = ""
    goal: str = "classes"
    embedding: int = 0
    characters: bool = False

    def __post_init__(self) -> None:
        for each in _TEXTS:
            if not isinstance(getattr(self, each), str):
                raise refused(f"{each} of a task", "a text", getattr(self, each))
        flag("characters of a task", self.characters)
        goal = self.asked
        check_whole("embedding", self.embedding, 0, MOST)
        object.__setattr__(self, "learning_rate", checked_learning_rate(self.learning_rate))
        if self.characters and not goal.classes:
            raise DropvizError(
                f"{self._where('y')} must be classes to be characters. Received: "
                f"goal={self.goal!r}."
            )
        for part in PARTS:
            array = as_array(self._where(part), getattr(self, part))
            object.__setattr__(self, part, array)
        for x, y in (("x", "y"), ("x_val", "y_val")):
            check = check_tokens if self.embedding else check_sequences
            check(self._where(x), getattr(self, x))
            check_answers(self._where(y), getattr(self, y), getattr(self, x), goal)
        self._check_alike("x", "steps and features")
        self._check_alike("y", "answers")

    def _where(self, part: str) -> str:
        return f"{part} of task {received(self.name)}"

    def _check_alike(self, part: str, what: str) -> None:
        one, other = (getattr(self, name).shape[1:] for name in (part, f"{part}_val"))
        if one != other:
            raise DropvizError(
                f"{part} and {part}_val of task {received(self.name)} must agree in {what}. "
                f"Received: {one} and {other}."
            )

    @classmethod
    def from_dataset(cls, name: str, train: Any, validation: Any, **given: Any) -> Self:
        """Makes a task of two finite data sets, such as ``tf.data.Dataset``; they are read once.

        Args:
            name: What to call it.
            train: Gives pairs (x, y), each of one sample or of a batch; 1,000,000 samples and
                1,024 MiB at the most.
            validation: Likewise.
            **given: The other attributes of a task, as in ``goal="numbers"``.

        Returns:
            The task.

        Raises:
            UnknownNameError: If a task has no such attribute.
            DropvizError: If a data set is empty, has no end, is too large to be read into
                memory, or gives other things than pairs of one shape; or its data cannot be
                trained on.
        """
        others = [each.name for each in fields(cls) if each.name not in ("name", *PARTS)]
        # Before anything is read, which may take long.
        for each in given:
            if each not in others:
                raise unknown_name("attribute of a task", each, others)
        axes = 1 if check_whole("embedding", given.get("embedding", 0), 0, MOST) else 2
        x, y = read_dataset(f"train of task {received(name)}", train, axes)
        x_val, y_val = read_dataset(f"validation of task {received(name)}", validation, axes)
        return cls(name, x, y, x_val, y_val, **given)

    @property
    def asked(self) -> Goal:
        """What is asked for, as a row of the table of goals."""
        if not is_known(self.goal, GOALS):
            raise unknown_name("goal", self.goal, GOALS)
        return GOALS[self.goal]

    @property
    def steps(self) -> int:
        """Time steps of a sequence."""
        return int(self.x.shape[1])

    @property
    def features(self) -> int:
        """Numbers that a recurrent layer meets at each step."""
        return self.embedding or int(self.x.shape[2])

    @property
    def symbols(self) -> int:
        """How many whole numbers there are to embed, the largest plus one; 0 where none are."""
        return _count(self.x, self.x_val) if self.embedding else 0

    @property
    def classes(self) -> int:
        """How many classes there are, the largest plus one; 0 where numbers are asked for."""
        return _count(self.y, self.y_val) if self.asked.classes else 0

    @property
    def outputs(self) -> int:
        """Units of the last layer: classes, or the numbers that are asked for."""
        return self.classes or math.prod(self.y.shape[1:])

    @property
    def skipped(self) -> int:
        """First steps that have no answer, where each of the others has one."""
        return self.steps - int(self.y.shape[1]) if self.asked.each_step else 0

    @property
    def guess(self) -> Figures:
        """What the best constant scores on the validation data.

        It knows how frequent each class is in training, or the mean of the numbers, and
        neither inputs nor steps. Named as curves are: "loss" (cross-entropy in nats, where a class
        that was not met in training counts as one in 10**7; or the mean square), and "accuracy"
        or "mae"; of characters "bits_per_character" too.
        """
        return self.with_derived(score_constant(self.asked, self.y, self.y_val))

    def with_derived(self, figures: Mapping[str, float]) -> Figures:
        """Adds what follows from the figures of an epoch.

        Args:
            figures: Figures by the names of their curves.

        Returns:
            They, and where the classes are characters, each loss in bits per character.
        """
        bits = {
            name.replace("loss", "bits_per_character"): loss / math.log(2)
            for name, loss in figures.items()
            if self.characters and "loss" in name
        }
        return {**figures, **bits}

    def __repr__(self) -> str:
        sizes = f"{len(self.x):,} sequences to train on and {len(self.x_val):,} to validate"
        inputs = f"{counted(self.steps, 'step')} of {counted(self.features, 'feature')}"
        scores = ", ".join(f"{name} {figure(value)}" for name, value in self.guess.items())
        return (
            f"<Task {visible(self.name)}: {sizes}, {inputs}; asks for {self.asked.asks}; "
            f"the best constant scores {scores}>"
        )


def _count(one: NDArray[Any], other: NDArray[Any]) -> int:
    return int(max(one.max(), other.max())) + 1
