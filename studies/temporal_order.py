"""Temporal Order, the task of Semeniuta et al. 2016: which method keeps what is in memory?

Section 4.1 of the paper (arXiv:1603.05118), and its code: a net reads random bits of which two are
marked, and tells at the end which they were, in their order. A method that masks the memory
itself learns it with its masks on, and forgets it when they are switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.training_result import TrainingResult
from dropviz.recording.trace import trace
from dropviz.studies.monte_carlo import mc
from studies.nets import Measured, Nets, bookkeeping, train_and_measure

Row = dict[str, Any]

# By what a table calls it; x is masked nowhere, so that the rate is that of the method's own site.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "naive": {"method": "naive", "recurrent_dropout": 0.5},
    "gal-tied": {"method": "gal-tied", "recurrent_dropout": 0.5},
    "gal-untied": {"method": "gal-untied", "recurrent_dropout": 0.5},
    "moon": {"method": "moon", "recurrent_dropout": 0.5},
    "moon, inverted": {"method": "moon", "recurrent_dropout": 0.5, "scaling": "inverted"},
    "moon, step": {"method": "moon", "recurrent_dropout": 0.5, "life": "step"},
    "moon, step, inverted": {
        "method": "moon",
        "recurrent_dropout": 0.5,
        "life": "step",
        "scaling": "inverted",
    },
    "semeniuta": {"method": "semeniuta", "recurrent_dropout": 0.5},
    "semeniuta, inverted": {
        "method": "semeniuta",
        "recurrent_dropout": 0.5,
        "scaling": "inverted",
    },
    "semeniuta, sequence": {"method": "semeniuta", "recurrent_dropout": 0.5, "life": "sequence"},
    "zoneout": {"method": "zoneout", "zoneout_cell": 0.5, "zoneout_hidden": 0.05},
}


_SIX = ("none", "gal-tied", "gal-untied", "moon", "semeniuta", "zoneout")


@dataclass(frozen=True)
class Length:
    """Sequences of one length.

    Attributes:
        steps: Their steps; the marks stand in the first two thirds.
        settings: Keys of ``SETTINGS`` that they are learned with.
    """

    steps: int
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes:
        lengths: From the shortest to the longest.
        seeds: Seeds of each setting.
        units: LSTM units.
        epochs: Passes over the training data.
        train: Sequences to train on.
        test: Sequences to test on; no choice is made by them.
    """

    lengths: tuple[Length, ...] = (
        Length(10, _SIX),
        Length(20, _SIX),
        Length(30, tuple(SETTINGS)),
        Length(60, _SIX),
    )
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    units: int = 32
    epochs: int = 8
    train: int = 6400
    test: int = 1000


QUICK = Size((Length(6, ("none", "moon")),), (1, 2), units=4, epochs=1, train=128, test=64)
_PASSES = 2  # with masks on, each with masks of its own
_TRACED = 100  # test sequences whose memory is looked at


def order_task(length: int, train: int, test: int) -> Task:
    """Makes the task for a length.

    Args:
        length: Steps, from 3. As in the paper's code low is a third of it and high two thirds
            (10 and 20 of 30), both ends of each range included.
        train: Sequences to train on.
        test: Sequences to test on.

    Returns:
        The task; guessing scores a quarter.
    """
    low, high, count = length // 3, 2 * length // 3, train + test
    rng = np.random.default_rng(0)
    x = np.zeros((count, length, 2), "float32")
    x[:, :, 0] = rng.integers(0, 2, (count, length))
    first, second = rng.integers(0, low + 1, count), rng.integers(low, high + 1, count)
    row = np.arange(count)
    x[row, first, 1] = x[row, second, 1] = 1
    y = (2 * x[row, first, 0] + x[row, second, 0]).astype("int64")
    name = f"temporal order, {length} steps"
    return Task(name, x[:train], y[:train], x[train:], y[train:], learning_rate=0.005)


def measure(size: Size, folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """Trains and measures all nets.

    Args:
        size: How much.
        folder: Where results stay while the study goes on.
        tell: Told how it goes.

    Returns:
        A row for each net: length, setting, seed, accuracies (in training, in the test, in the
        test with masks on) and how large the memory was at the last step.
    """
    rows = []
    for length in size.lengths:
        task = order_task(length.steps, size.train, size.test)
        named = {name: _specs(name, size) for name in length.settings}
        nets = Nets(task, [spec for specs in named.values() for spec in specs])
        kept = folder / f"temporal-order-{length.steps}.jsonl"
        came = iter(train_and_measure(nets, _look, kept, tell))
        rows += [
            _row(length.steps, name, spec, next(came))
            for name, specs in named.items()
            for spec in specs
        ]
    return rows


def _specs(name: str, size: Size) -> list[RunSpec]:
    shared: dict[str, Any] = {"task": "own", "units": size.units, "epochs": size.epochs}
    return [RunSpec(**shared, **SETTINGS[name], seed=seed) for seed in size.seeds]


def _look(net: Any, task: Task, spec: RunSpec) -> Measured:
    said = mc(net, task.x_val, passes=_PASSES, seed=spec.seed).outputs.argmax(axis=-1)
    x = task.x_val[:_TRACED]
    memory = {
        training: float(np.abs(trace(net, x, training=training).c[:, -1]).mean())
        for training in (True, False)
    }
    return {
        "test_masks_on": (said == task.y_val).mean(axis=1),
        "memory_masks_on": [memory[True]],
        "memory_masks_off": [memory[False]],
    }


def _row(length: int, name: str, spec: RunSpec, came: TrainingResult) -> Row:
    on = came.curves.get("test_masks_on", ())
    rules = {rule.site: rule for rule in spec.setting.rules if rule.rate}
    return {
        "length": length,
        "setting": name,
        "method": "none" if not rules else spec.method,
        "rates": {site: rule.rate for site, rule in rules.items()},
        "life": ", ".join(sorted({rule.life for rule in rules.values()})),
        "scaling": ", ".join(sorted({rule.scaling for rule in rules.values()})),
        "seed": spec.seed,
        "train": came.last("accuracy"),
        "test": came.last("val_accuracy"),
        "test_masks_on": float(np.mean(on)) if on else float("nan"),
        "memory_masks_on": came.last("memory_masks_on"),
        "memory_masks_off": came.last("memory_masks_off"),
        "status": came.status,
        "reason": came.reason,
        **bookkeeping(came),
    }
