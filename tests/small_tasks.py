"""A small task of each kind: every goal, with numbers and with tokens to read."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE, TASKS, load_task

SAMPLES, VALIDATED = BATCH_SIZE + 8, 16  # two batches an epoch, the last one partial

OFFLINE = [name for name, entry in TASKS.items() if entry.offline]
KINDS = [*OFFLINE, "reviews", "two numbers"]


@cache
def small(kind: str) -> Task:
    """The first sequences of a task that comes along; or one of data made up."""
    if kind in OFFLINE:
        task = load_task(kind)
        return replace(
            task,
            name="small",
            x=task.x[:SAMPLES],
            y=task.y[:SAMPLES],
            x_val=task.x_val[:VALIDATED],
            y_val=task.y_val[:VALIDATED],
            code="",
        )
    rng = np.random.default_rng(0)
    if kind == "reviews":
        x, y = rng.integers(0, 9, (SAMPLES + VALIDATED, 5)), rng.integers(0, 2, SAMPLES + VALIDATED)
        return Task("small", x[:SAMPLES], y[:SAMPLES], x[SAMPLES:], y[SAMPLES:], embedding=3)
    x = rng.normal(size=(SAMPLES + VALIDATED, 4, 3)).astype("float32")
    y = x.sum(axis=2)[:, :2]
    return Task("small", x[:SAMPLES], y[:SAMPLES], x[SAMPLES:], y[SAMPLES:], goal="numbers")
