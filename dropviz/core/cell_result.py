"""What one training of a study came to, and how far it is from another of the same."""

from __future__ import annotations

from dataclasses import dataclass

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
