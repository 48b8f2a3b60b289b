"""One small training that many tests look at, and the data of it."""

from __future__ import annotations

import numpy as np
import pytest

from dropviz.core.runs import Run
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE
from dropviz.studies.train import run

SAMPLES, STEPS, FEATURES = BATCH_SIZE + 8, 4, 3  # two batches an epoch, the last one partial
ASKED = {"dropout": 0.3, "recurrent_dropout": 0.4, "units": 5, "epochs": 3, "seed": 11}


def tiny(learning_rate: float = 0.01) -> Task:
    """Makes a task of random sequences, whose class is the sign of their sum."""
    x = np.random.default_rng(0).normal(size=(SAMPLES + 16, STEPS, FEATURES)).astype("float32")
    y = (x.sum(axis=(1, 2)) > 0).astype("int64")
    return Task(
        "tiny", x[:SAMPLES], y[:SAMPLES], x[SAMPLES:], y[SAMPLES:], learning_rate=learning_rate
    )


def sized(samples: int, validation: int) -> Task:
    """The tiny task with other numbers of samples, in types that Keras converts."""
    draw = np.random.default_rng(samples)
    x = draw.normal(size=(samples + validation, STEPS, FEATURES))
    y = (x.sum(axis=(1, 2)) > 0).astype("int32")
    y[0], y[-1] = 0, 1
    return Task("tiny", x[:samples], y[:samples], x[samples:], y[samples:])


@pytest.fixture(scope="session")
def trained() -> Run:
    """A run on the tiny task, as ASKED."""
    return run(tiny(), **ASKED)  # type: ignore[arg-type]
