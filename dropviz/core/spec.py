"""What is asked of a training, with every check of its ranges."""

from __future__ import annotations

import math
import numbers
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dropviz.core.tasks import TASKS
from dropviz.errors import DropvizError, unknown_name

METHODS = ("keras",)
_SEEDS = 2**32


@dataclass(frozen=True)
class RunSpec:
    """One training, in numbers and names.

    Attributes:
        task: A name in ``dropviz.core.tasks.TASKS``, or that of a ``Task`` of one's own.
        method: Where dropout acts; "keras" is ``keras.layers.LSTM`` itself.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate for the recurrent h_{t-1}, ``0 <= rate < 1``.
        units: LSTM units, from 1.
        epochs: Passes over the training data, from 1.
        seed: Seed for ``keras.utils.set_random_seed``, 0 to 2**32 - 1.

    Raises:
        DropvizError: If a value is out of range.
    """

    task: str = "digits"
    method: str = "keras"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    units: int = 32
    epochs: int = 10
    seed: int = 7

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise unknown_name("method", self.method, METHODS)
        set_checked = object.__setattr__
        for name in ("dropout", "recurrent_dropout"):
            set_checked(self, name, check_rate(name, getattr(self, name)))
        for name, low, high in (("units", 1, None), ("epochs", 1, None), ("seed", 0, _SEEDS - 1)):
            set_checked(self, name, check_whole(name, getattr(self, name), low, high))

    def check_task(self) -> None:
        """Raises UnknownNameError unless ``task`` names a task that comes with dropviz."""
        if self.task not in TASKS:
            raise unknown_name("task", self.task, TASKS)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)

    @property
    def magic(self) -> str:
        """The line that does the same in a notebook."""
        return (
            f"%lstm_dropout -d {self.dropout!r} -r {self.recurrent_dropout!r} "
            f"--task {self.task} --units {self.units} --epochs {self.epochs} --seed {self.seed}"
        )


def check_rate(name: str, value: object) -> float:
    """Checks a drop rate.

    Args:
        name: The argument's name, for the message.
        value: What came.

    Returns:
        The rate, ``0 <= rate < 1``.

    Raises:
        DropvizError: If it is none; the message says what Keras would do with it.
    """
    expected = f"{name} must be at least 0 and below 1. Received: {name}={value!r}."
    try:
        rate = math.nan if isinstance(value, (bool, np.bool_)) else float(value)  # type: ignore[arg-type]
    except OverflowError:
        rate = math.inf
    except (TypeError, ValueError):
        rate = math.nan
    if math.isnan(rate):
        raise DropvizError(f"{expected} Give a number, as in {name}=0.2.")
    if rate < 0:
        raise DropvizError(f"{expected} (Keras would silently use 0; it is a rate to drop.)")
    if rate >= 1:
        raise DropvizError(f"{expected} (Keras would silently apply none; try 0.9.)")
    return rate


def check_whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Checks a whole number.

    Args:
        name: The argument's name, for the message.
        value: What came.
        low: The smallest that will do.
        high: The largest that will do, if any.

    Returns:
        The number.

    Raises:
        DropvizError: If it is none, or out of range.
    """
    up_to = f" to {high}" if high is not None else ""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):  # type: ignore[operator]
        raise DropvizError(
            f"{name} must be a whole number from {low}{up_to}. Received: {name}={value!r}."
        )
    return int(value)  # type: ignore[call-overload,no-any-return]
