"""How far a net remembers: accuracy against lag, beside how far a state reaches.

A net reads random bits of which one is marked, and tells at the end which it was. The lag is the
number of steps that were read after it. Beside its accuracy at each lag stands the size of
dh_T/dh_{T-k}, the last state by the state k steps before, as in Pascanu et al. 2013
(arXiv:1211.5063), and of dh_T/dc_{T-k}, by the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.training_result import TrainingResult
from dropviz.studies.monte_carlo import mc
from studies.derivatives import derivatives, spectral
from studies.nets import Measured, Nets, bookkeeping, train_and_measure

Row = dict[str, Any]
Array = NDArray[Any]


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes:
        steps: Steps of the sequences; lags are 0 to one less.
        methods: What masks: "keras" a copy of h, "moon" the memory c itself.
        rates: Of ``recurrent_dropout``; at 0 there is one net for all methods.
        seeds: Seeds of each setting.
        units: LSTM units.
        epochs: Passes over the training data.
        train: Sequences to train on, of all lags alike.
        each_lag: Sequences of each lag to test on.
        opened: Sequences through which derivatives are taken.
    """

    steps: int = 16
    methods: tuple[str, ...] = ("keras", "moon")
    rates: tuple[float, ...] = (0.0, 0.1, 0.25, 0.5, 0.75)
    seeds: tuple[int, ...] = (1, 2, 3)
    units: int = 32
    epochs: int = 10
    train: int = 1600
    each_lag: int = 50
    opened: int = 60


QUICK = Size(5, ("keras",), (0.0, 0.5), (1, 2), 4, 1, train=128, each_lag=8, opened=6)
_PASSES = 2
# What a row has for each lag; accuracies begin with lag 0, reaches with k = 1.
BY_LAG = tuple(
    f"{what}_masks_{masks}"
    for what in ("accuracy", "reach_h", "reach_c")
    for masks in ("off", "on")
)


def recall_task(steps: int, train: int, each_lag: int) -> Task:
    """Makes the task.

    Args:
        steps: Steps of each sequence.
        train: Sequences to train on.
        each_lag: Sequences of each lag to test on.

    Returns:
        The task; guessing scores a half.
    """
    rng = np.random.default_rng(0)
    lags = rng.integers(0, steps, train), np.tile(np.arange(steps), each_lag)
    (x, y), (x_val, y_val) = (_marked(rng, steps, each) for each in lags)
    return Task(f"recall, {steps} steps", x, y, x_val, y_val, learning_rate=0.005)


def _marked(rng: np.random.Generator, steps: int, lags: Array) -> tuple[Array, Array]:
    x = np.zeros((len(lags), steps, 2), "float32")
    x[:, :, 0] = rng.integers(0, 2, (len(lags), steps))
    row, at = np.arange(len(lags)), steps - 1 - lags
    x[row, at, 1] = 1
    return x, x[row, at, 0].astype("int64")


def measure(size: Size, folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """Trains and measures all nets.

    Args:
        size: How much.
        folder: Where results stay while the study goes on.
        tell: Told how it goes.

    Returns:
        A row for each net: method, rate, seed, accuracies, and lists by lag: accuracy with masks
        off and on (from lag 0), and how far h and c reach (from k = 1).
    """
    task = recall_task(size.steps, size.train, size.each_lag)
    specs = [spec for method in size.methods for spec in _specs(method, size)]

    def look(net: Any, task: Task, spec: RunSpec) -> Measured:
        return _look(net, task, spec, size)

    nets = Nets(task, list(dict.fromkeys(specs)))
    came = train_and_measure(nets, look, folder / "memory-horizon.jsonl", tell)
    return [_row(each) for each in came]


def _specs(method: str, size: Size) -> list[RunSpec]:
    shared: dict[str, Any] = {"task": "own", "units": size.units, "epochs": size.epochs}
    return [
        RunSpec(**shared, method=method if rate else "keras", recurrent_dropout=rate, seed=seed)
        for rate in size.rates
        for seed in size.seeds
    ]


def _look(net: Any, task: Task, spec: RunSpec, size: Size) -> Measured:
    doubt = mc(net, task.x_val, passes=_PASSES, seed=spec.seed)
    by_lag = (-1, size.steps)  # lags follow one another in the test data
    off = (doubt.off.argmax(axis=-1) == task.y_val).reshape(by_lag).mean(axis=0)
    on = (doubt.outputs.argmax(axis=-1) == task.y_val).reshape(by_lag).mean(axis=0)
    found = {"accuracy_masks_off": off, "accuracy_masks_on": on}
    for masks in ("off", "on"):
        reach = derivatives(net, task.x_val[: size.opened], training=masks == "on")
        for state, matrices in reach.items():
            found[f"reach_{state}_masks_{masks}"] = spectral(matrices)
    return found


def _row(came: TrainingResult) -> Row:
    spec = came.spec
    return {
        "method": spec.method if spec.recurrent_dropout else "none",
        "rate": spec.recurrent_dropout,
        "seed": spec.seed,
        "train": came.last("accuracy"),
        "test": came.last("val_accuracy"),
        "status": came.status,
        "reason": came.reason,
        **{name: list(came.curves.get(name, ())) for name in BY_LAG},
        **bookkeeping(came),
    }
