"""The training curve that Keras reports, beside the one that can be compared with validation.

The loss that ``fit`` reports is a mean over an epoch in which the weights change, with masks on;
the validation loss is of the weights at its end, with masks off. So the first lies above the
second for two reasons that have nothing to do with overfitting, and ``dropviz.run`` takes them
apart: at the end of each epoch it measures training samples with masks on and with masks off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import load_task
from dropviz.core.training_result import Ended, TrainingResult, cell_of
from dropviz.studies.sent_task import task_digest
from dropviz.studies.study_file import ResultsFile, StudyId
from dropviz.studies.train import train
from dropviz.studies.worker import versions
from studies.nets import TOOK, bookkeeping
from studies.part_of_task import part_of

Row = dict[str, Any]

# Of ``dropviz.core.curves``: as Keras reports, measured at an epoch's end with masks on (mean,
# smallest and largest of 5 passes) and off, and of the validation; nats for each character.
CURVES = (
    "loss",
    "loss_dropout_on",
    "loss_dropout_on_low",
    "loss_dropout_on_high",
    "loss_dropout_off",
    "val_loss",
)
_ENGINE = "exact"


@dataclass(frozen=True)
class Size:
    """How much is trained.

    Attributes:
        task: One whose answers are characters.
        rate: Of dropout and recurrent_dropout both.
        seeds: Seeds.
        units: LSTM units.
        epochs: Passes over the training data.
        train: Its first sequences, to train on.
        test: The first of its validation sequences.
    """

    task: str = "language"
    rate: float = 0.3
    seeds: tuple[int, ...] = (1, 2, 3)
    units: int = 32
    epochs: int = 3
    train: int = 3200
    test: int = 800


QUICK = Size(seeds=(1, 2), units=4, epochs=2, train=128, test=64)


def measure(size: Size, folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """Trains all nets with ``dropviz.run``, which is plain Keras to the bit.

    Args:
        size: How much.
        folder: Where results stay while the study goes on.
        tell: Told how it goes.

    Returns:
        A row for each net: its seed, and the curves of ``CURVES``, an entry an epoch.
    """
    task = part_of(load_task(size.task), size.train, size.test)
    study = StudyId(size.task, task_digest(task), _ENGINE, versions())
    file = ResultsFile(folder / "honest-curve.jsonl", study)
    rows = []
    for seed in size.seeds:
        spec = RunSpec(size.task, "keras", size.rate, size.rate, size.units, size.epochs, seed=seed)
        if cell_of(spec) not in file.results:
            file.add(_trained(spec, task))
            tell(f"honest-curve: {len(file.results)} of {len(size.seeds)}: {cell_of(spec)}")
        rows.append(_row(file.results[cell_of(spec)]))
    return rows


def _trained(spec: RunSpec, task: Task) -> TrainingResult:
    began = time.perf_counter()
    run = train(spec, task)
    curves = {name: run.curves[name] for name in run.curves}
    curves[TOOK] = (time.perf_counter() - began,)
    status: Ended = "done" if run.status == "done" else "failed"
    return TrainingResult(cell_of(spec), curves, status, run.reason, run.seconds)


def _row(came: TrainingResult) -> Row:
    return {
        "seed": came.spec.seed,
        **{name: list(came.curves.get(name, ())) for name in CURVES},
        "status": came.status,
        "reason": came.reason,
        **bookkeeping(came),
    }
