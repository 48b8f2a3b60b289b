"""Gal & Ghahramani 2016: one mask for all gates, or one for each, with and without averaging.

Table 1 of the paper (arXiv:1512.05287) finds untied masks better only where many passes with
masks on are averaged (Monte Carlo dropout).
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
from dropviz.core.tasks import load_task
from dropviz.core.training_result import TrainingResult
from dropviz.studies.monte_carlo import mc
from studies.nets import Measured, Nets, bookkeeping, train_and_measure
from studies.part_of_task import part_of

Row = dict[str, Any]
Array = NDArray[Any]

SETTINGS = ("none", "gal-tied", "gal-untied")
_SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Case:
    """One task, and how it is trained.

    Attributes:
        task: A key of ``dropviz.core.tasks.TASKS``.
        train: Its first sequences, to train on; few enough to be learned by heart.
        test: The first of its validation sequences, to test on.
        rate: Of dropout and recurrent_dropout both.
        units: LSTM units.
        epochs: Passes over the training data.
        seeds: Seeds of each setting.
    """

    task: str
    train: int
    test: int
    rate: float
    units: int
    epochs: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes:
        cases: The tasks.
        passes: Passes with masks on that are averaged.
    """

    cases: tuple[Case, ...] = (Case("digits", 1437, 360, 0.5, 64, 30, _SEEDS),)
    passes: int = 50


QUICK = Size((Case("digits", 128, 64, 0.25, 4, 1, (1, 2)),), passes=3)
_LEAST = 1e-7  # Keras takes no probability for smaller


def measure(size: Size, folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """Trains and measures all nets.

    Args:
        size: How much.
        folder: Where results stay while the study goes on.
        tell: Told how it goes.

    Returns:
        A row for each net: task, setting, rate, seed, and its test loss (nats for each answer)
        and accuracy with masks off, of single passes with masks on, and of their average.
    """

    def look(net: Any, task: Task, spec: RunSpec) -> Measured:
        return _look(net, task, spec, size.passes)

    rows = []
    for case in size.cases:
        task = part_of(load_task(case.task), case.train, case.test)
        named = {name: _specs(name, case) for name in SETTINGS}
        nets = Nets(task, [spec for specs in named.values() for spec in specs])
        kept = folder / f"tied-untied-{case.task}-{case.rate:g}.jsonl"
        came = iter(train_and_measure(nets, look, kept, tell))
        rows += [_row(case, name, next(came)) for name, specs in named.items() for _ in specs]
    return rows


def _specs(name: str, case: Case) -> list[RunSpec]:
    shared: dict[str, Any] = {"task": "own", "units": case.units, "epochs": case.epochs}
    if name != "none":
        shared |= {"method": name, "dropout": case.rate, "recurrent_dropout": case.rate}
    return [RunSpec(**shared, seed=seed) for seed in case.seeds]


def _look(net: Any, task: Task, spec: RunSpec, passes: int) -> Measured:
    doubt = mc(net, task.x_val, passes=passes, seed=spec.seed)
    single = np.asarray([_scores(each, task.y_val) for each in doubt.outputs])
    return {
        "masks_off": _scores(doubt.off, task.y_val),
        "single_pass": single.mean(axis=0),
        "averaged": _scores(doubt.mean, task.y_val),
    }


def _scores(said: Array, answers: Array) -> tuple[float, float]:
    """The mean loss in nats, and the accuracy, of probabilities."""
    of_truth = np.take_along_axis(said, answers[..., None], axis=-1)
    loss = -np.log(np.maximum(of_truth.astype("float64"), _LEAST)).mean()
    return float(loss), float((said.argmax(axis=-1) == answers).mean())


def _row(case: Case, name: str, came: TrainingResult) -> Row:
    nothing = (float("nan"), float("nan"))
    scores = {
        f"{what}_{how}": came.curves.get(how, nothing)[number]
        for how in ("masks_off", "single_pass", "averaged")
        for number, what in enumerate(("loss", "accuracy"))
    }
    return {
        "task": case.task,
        "setting": name,
        "rate": case.rate,
        "seed": came.spec.seed,
        "loss_train": came.last("loss"),
        **scores,
        "status": came.status,
        "reason": came.reason,
        **bookkeeping(came),
    }
