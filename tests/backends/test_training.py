"""Runs and sessions; on the backend at hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

import dropviz
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import load_task
from dropviz.studies.session import Session
from dropviz.studies.steering import Steering
from dropviz.studies.train import train

# On TensorFlow each is one more of what tests/studies has.
pytestmark = [pytest.mark.full] if keras.config.backend() == "tensorflow" else []
ROOT = Path(__file__).parents[2]

SPEC = RunSpec(task="digits", dropout=0.2, recurrent_dropout=0.3, units=4, epochs=2)


@pytest.fixture(scope="module")
def task() -> Task:
    whole = load_task("digits")
    return replace(
        whole, x=whole.x[:150], y=whole.y[:150], x_val=whole.x_val[:20], y_val=whole.y_val[:20]
    )


@pytest.fixture(scope="module")
def done(task: Task) -> Run:
    return train(SPEC, task)


def same(one: Run, other: Run) -> bool:
    pairs = zip(one.model.variables, other.model.variables, strict=True)
    arrays: list[list[NDArray[Any]]] = [
        [keras.ops.convert_to_numpy(each.value) for each in pair] for pair in pairs
    ]
    return all(np.array_equal(mine, its) for mine, its in arrays) and one.curves == other.curves


def test_a_run_is_proved_and_repeats(done: Run, task: Task) -> None:
    again = train(SPEC, task)

    assert done.status == "done"
    assert done.proof["lstm"].error < done.proof["lstm"].tolerance
    assert done.recording["lstm"].batches == again.recording["lstm"].batches > 2
    assert same(done, again)


@pytest.mark.full
def test_every_training_of_a_session_is_that_of_a_run(done: Run, task: Task) -> None:
    opened = []
    with Session(SPEC, task) as session:

        def look(_: Any) -> None:
            newest = session.newest()
            seen = session.open_batch(newest, 1) if newest is not None else None
            opened.extend([] if seen is None else [seen])

        first = session.train(SPEC, Steering(SPEC), look)
        second = session.train(SPEC, Steering(SPEC))

    assert same(first, done)
    assert same(second, done)
    assert {each.batch for each in opened} >= {0, first.recording["lstm"].batches - 1}
    assert all(np.array_equal(each.data, task.x[each.index]) for each in opened)


@pytest.mark.full
def test_rates_move_and_masks_freeze_on_the_way(task: Task) -> None:
    schedule = (
        Change(batch=2, dropout=0.5, recurrent_dropout=0.0),
        Change(batch=3, dropout=0.5, recurrent_dropout=0.4, frozen=True),
    )
    changing = replace(SPEC, schedule=schedule)

    one, again = train(changing, task), train(changing, task)

    assert one.status == "done"
    assert same(one, again)
    recorded = one.recording["lstm"]
    assert (recorded["input"].rate, recorded["recurrent"].rate) == (0.5, 0.4)
    kept = [recorded["recurrent"].of_batch(at) for at in range(len(recorded["recurrent"].batches))]
    full = [each for each in kept if each.shape == kept[0].shape and not np.isnan(each).any()]
    assert len(full) > 1
    assert all(np.array_equal(full[0], each) for each in full[1:])


def test_a_saved_run_opens_where_there_is_no_backend(done: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.dropviz"
    done.save(path)
    backends = "keras", "tensorflow", "jax", "torch"
    hidden = "\n".join(f"sys.modules[{name!r}] = None" for name in backends)
    code = f"import sys\n{hidden}\nimport dropviz\nprint(dropviz.load({str(path)!r}).recording)"

    came = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert came.stdout.strip() == str(done.recording)
    loaded = dropviz.load(path)
    assert isinstance(loaded, Run)
    assert str(loaded.recording) == str(done.recording)
