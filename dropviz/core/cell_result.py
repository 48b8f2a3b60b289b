"""What one training of a study came to, and how far it is from another of the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropviz.core.curves import Curves
from dropviz.core.training_result import Ended


@dataclass(frozen=True)
class CellResult:
    """One training of a study: a cell of its grid.

    Attributes:
        dropout: Drop rate for the inputs.
        recurrent_dropout: Drop rate of the method's other site.
        seed: Its seed.
        curves: Losses and metrics by epoch, as in Keras's history; the last epoch is the
            first whose loss is not finite, if there is one.
        status: "done", or "failed" where a loss was not finite.
        reason: Why it failed; empty where it did not.
        seconds: Wall time.
        compiled: Whether compiling was part of that, as this training was the first of its kind.
    """

    dropout: float
    recurrent_dropout: float
    seed: int
    curves: Curves
    status: Ended
    reason: str
    seconds: float
    compiled: bool


@dataclass(frozen=True)
class Difference:
    """How far two trainings are apart.

    Attributes:
        weights: Largest difference of two weights; 0 where all are equal, infinite where
            they cannot be compared.
        optimizer: The same of what the optimizer keeps.
        curves: The same of the points of all curves.
        same_streams: Whether the random streams ended in the same place.
    """

    weights: float
    optimizer: float
    curves: float
    same_streams: bool

    @property
    def to_the_bit(self) -> bool:
        """Whether both are the same in every number."""
        return not (self.weights or self.optimizer or self.curves) and self.same_streams


@dataclass(frozen=True, eq=False)
class PlainTwin:
    """What plain Keras made of a training, and how far that ended from the training's own.

    Attributes:
        curves: Those of plain Keras, as in ``CellResult``.
        weights: As of ``Difference``.
        optimizer: As of ``Difference``.
        same_streams: As of ``Difference``.
    """

    curves: Mapping[str, Sequence[float]]
    weights: float
    optimizer: float
    same_streams: bool

    def difference(self, curves: Mapping[str, Sequence[float]]) -> Difference:
        """How far the training is from its twin.

        Args:
            curves: What its curves came to, wherever they were made.
        """
        # A file of results keeps its names in another order.
        same_names = set(curves) == set(self.curves)
        return Difference(
            weights=self.weights,
            optimizer=self.optimizer,
            curves=largest_difference(
                [curves[name] for name in self.curves], [*self.curves.values()]
            )
            if same_names
            else math.inf,
            same_streams=self.same_streams,
        )


def largest_difference(some: Sequence[Any], others: Sequence[Any]) -> float:
    """The largest difference of two lists of arrays.

    Args:
        some: Arrays, or what NumPy makes arrays of.
        others: As many.

    Returns:
        The largest absolute difference of two numbers; infinite where shapes differ, or
        one number is NaN and the other is not.
    """
    return max((_largest(*pair) for pair in zip(some, others, strict=True)), default=0.0)


def _largest(one: Any, other: Any) -> float:
    a, b = (np.asarray(each, "float64") for each in (one, other))
    if a.shape != b.shape:
        return math.inf
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.abs(a[~same] - b[~same])
    return float(np.nan_to_num(apart, nan=math.inf).max(initial=0.0))
