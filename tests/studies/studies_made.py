"""Studies made of numbers, for tests of what is said and drawn of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dropviz.core.cell_result import Difference
from dropviz.core.comparison import Comparison
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import PlainProof, Trainings
from dropviz.core.sweep_result import Sweep
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.studies import compare as comparing
from dropviz.studies import sweep as sweeping

EXACT = PlainProof("lstm", Difference(0.0, 0.0, 0.0, same_streams=True))


def trainings(
    specs: Sequence[RunSpec], score: Callable[[RunSpec], float], name: str = "val_accuracy"
) -> Trainings:
    """Trainings with the scores that a function gives; one that is NaN failed."""
    results = {}
    for spec in specs:
        value = score(spec)
        failed = math.isnan(value)
        curves = {"val_loss": (2.0, 1.0), name: (value / 2, value)}
        results[cell_of(spec)] = TrainingResult(
            cell_of(spec),
            curves,
            "failed" if failed else "done",
            "the loss was not finite in epoch 2" if failed else "",
            seconds=2.0 + spec.dropout,
        )
    return Trainings(results, name, "exact", (EXACT, EXACT), 12.0)


def swept(monkeypatch: Any, score: Callable[[RunSpec], float], **given: Any) -> Sweep:
    """A sweep whose trainings have the scores that a function gives."""
    name = given.pop("curve", "val_accuracy")
    monkeypatch.setattr(sweeping, "run_study", lambda specs, *_: trainings(specs, score, name))
    return sweeping.sweep(**given)


def compared(monkeypatch: Any, score: Callable[[RunSpec], float], **given: Any) -> Comparison:
    """A comparison whose trainings have the scores that a function gives."""
    monkeypatch.setattr(comparing, "run_study", lambda specs, *_: trainings(specs, score))
    return comparing.compare(**given)


def noise(seed: int, size: float = 0.01) -> float:
    """The same number for a seed, whatever else a training has."""
    return float(np.random.default_rng(seed).normal(0, size))


Given = Mapping[str, Any]
