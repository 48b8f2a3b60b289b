"""The panel on each backend."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.task import Task
from dropviz.jupyter.lab.lab import Lab, lab

# On TensorFlow it is one more of what tests/jupyter/lab has.
pytestmark = [pytest.mark.full] if keras.config.backend() == "tensorflow" else []


@pytest.fixture(scope="module")
def task() -> Task:
    x = np.random.default_rng(0).normal(size=(72, 4, 3)).astype("float32")
    y = (x.sum(axis=(1, 2)) > 0).astype("int64")
    return Task("tiny", x[:64], y[:64], x[64:], y[64:])


@pytest.fixture
def panel(task: Task) -> Iterator[Lab]:
    opened = lab("lstm:u4:d.2:r.5:e2:s3", task=task)
    yield opened
    opened.close()


def test_a_panel_trains_as_dropviz_run_does(panel: Lab, task: Task) -> None:
    done = panel.train()

    assert (done.status, panel.error) == ("done", None)
    alone = dropviz.run(task, dropout=0.2, recurrent_dropout=0.5, units=4, epochs=2, seed=3)
    for mine, its in zip(done.model.weights, alone.model.weights, strict=True):
        arrays = [keras.ops.convert_to_numpy(each.value) for each in (mine, its)]
        np.testing.assert_array_equal(*arrays)
    assert done.curves == alone.curves
    assert done.proof["lstm"].agrees
