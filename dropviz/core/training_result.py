"""The trainings of a study, each a cell: what was asked, and what came out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.spec import RunSpec

Ended = Literal["done", "failed"]


@dataclass(frozen=True)
class TrainingResult:
    """What came out of one training of a study.

    Attributes:
        cell: The training as a scenario, such as "lstm:u32:d.2:r.4:m=keras:task=digits:e5:s1".
        curves: Losses and metrics by epoch, as Keras's history has them.
        status: "done", or "failed" where there is no score: the loss was not finite, or there was
            no training.
        reason: Why it failed; empty where it did not.
        seconds: Wall time of the training, without imports and compiling; 0 where it was not
            measured, as compiling was part of it.
        retry: Whether a study that goes on trains it again: it failed for a reason outside
            the training, as memory, a network, a package or its worker's process.
    """

    cell: str
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    status: Ended = "done"
    reason: str = ""
    seconds: float = 0.0
    retry: bool = False

    @property
    def spec(self) -> RunSpec:
        """What was asked."""
        return parse(self.cell).spec

    def last(self, name: str) -> float:
        """The last value of a curve; NaN where there is none, or the training failed."""
        values = self.curves.get(name, ())
        return values[-1] if values and self.status == "done" else math.nan


def cell_of(spec: RunSpec) -> str:
    """A training as a scenario: what travels to a worker, and names its result."""
    return str(Scenario(spec))
