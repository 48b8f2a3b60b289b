from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict
from typing import Any, ClassVar

import pytest

from dropviz.core.cell_result import CellResult
from dropviz.core.curves import Curves
from dropviz.core.spec import RunSpec
from dropviz.core.training_result import cell_of
from dropviz.errors import DropvizError
from dropviz.studies import worker
from dropviz.studies.sent_task import task_digest
from dropviz.studies.worker import Order, _start_keras, this_process

from .conftest import tiny

ELSEWHERE = """
from dropviz.studies.worker import Order, _start_keras
_start_keras(Order("digits", "abc", "exact", {}, begun_in="another process"))
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads(),
      tf.config.threading.get_inter_op_parallelism_threads())
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("dropviz.keras_inside.threads.use_one_thread", lambda: found.append("one"))
    return found


def test_the_process_that_began_a_study_keeps_its_threads(asked: list[str]) -> None:
    _start_keras(Order("digits", "abc", "exact", {}, this_process()))
    assert not asked

    _start_keras(Order("digits", "abc", "exact", {}, f"{this_process()}0"))
    assert asked == ["one"]


@pytest.mark.full
def test_a_worker_that_anybody_started_computes_with_one_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == ["1", "1"]


# ---------------------------------------------------------------- what failed, and why


def order(task: str = "own", data: str = "abc") -> Order:
    return Order(task, data, "exact", worker.versions(), this_process())


CELL = cell_of(RunSpec(task="own", units=5, epochs=3, seed=11))


class Program:
    """A program that trains nothing, and says how its training ended."""

    made: ClassVar[list[Any]] = []
    ends: ClassVar[dict[str, Any]] = {"status": "done", "reason": ""}

    def __init__(self, spec: RunSpec, task: Any, engine: str) -> None:
        del spec, engine
        self.made.append(task)

    def train(self, *_: Any) -> CellResult:
        return CellResult(0.0, 0.0, 11, Curves({"loss": [1.0]}), **self.ends, **TOOK)


TOOK: dict[str, Any] = {"seconds": 1.0, "compiled": False}


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> type[Program]:
    """Programs that train nothing, in a worker that has seen nothing yet."""
    monkeypatch.setattr(worker, "_start_keras", lambda _: None)
    monkeypatch.setattr(worker, "_tasks", {})
    monkeypatch.setattr(worker, "_programs", OrderedDict())
    monkeypatch.setattr("dropviz.studies.training_program.TrainingProgram", Program)
    monkeypatch.setattr(Program, "made", [])
    monkeypatch.setattr(Program, "ends", {"status": "done", "reason": ""})
    return Program


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "MemoryError"),
        (ModuleNotFoundError("No module named 'x'"), "ModuleNotFoundError: No module named 'x'"),
        (DropvizError("The data cannot be had here."), "The data cannot be had here."),
    ],
)
def test_what_is_round_a_training_fails_it_for_this_time(
    programs: type[Program], monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(programs, "train", fail)

    found = worker.answer(CELL, order(), tiny()).result

    assert found is not None
    assert (found.status, found.reason, found.retry) == ("failed", reason, True)


def test_a_loss_that_is_not_finite_fails_it_for_good(
    programs: type[Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "the loss was not finite in epoch 1"
    monkeypatch.setattr(programs, "ends", {"status": "failed", "reason": reason})

    found = worker.answer(CELL, order(), tiny()).result

    assert found is not None
    assert (found.status, found.reason, found.retry) == ("failed", reason, False)


# ---------------------------------------------------------------- data of one's own


def test_a_worker_asks_for_data_that_it_has_not_got_and_for_no_others(
    programs: type[Program],
) -> None:
    asked = worker.answer(CELL, order(), None)
    sent = worker.answer(CELL, order(), tiny())
    again = worker.answer(CELL, order(), None)

    assert (asked.needs_data, asked.result) == (this_process(), None)
    assert sent.result
    assert again.result
    assert not programs.made[1:]
    assert worker.prove(CELL, order(data="others"), None) is None


def test_data_that_come_twice_have_nothing_compiled_anew(programs: type[Program]) -> None:
    first, second = tiny(), tiny()
    for task in (first, second, None, second):
        assert worker.answer(CELL, order(), task).result

    (made,) = programs.made
    assert task_digest(made) == task_digest(first)


def test_other_data_have_a_program_of_their_own(programs: type[Program]) -> None:
    tasks = tiny(), tiny(learning_rate=0.5)
    assert task_digest(tasks[0]) != task_digest(tasks[1])
    for task in (*tasks, *tasks):
        assert worker.answer(CELL, order(data=task_digest(task)), task).result

    assert [task_digest(each) for each in programs.made] == [task_digest(each) for each in tasks]


@pytest.mark.parametrize("part", ["x", "y", "x_val"])
def test_data_that_are_changed_in_their_place_are_not_those_that_were_asked_for(
    part: str, programs: type[Program]
) -> None:
    task = tiny()
    digest = task_digest(task)
    assert worker.answer(CELL, order(data=digest), task).result
    getattr(task, part)[:] = getattr(task, part)[::-1].copy()
    # A program of its own, for which the data are taken from where they lie.
    longer = cell_of(RunSpec(task="own", units=5, epochs=3))
    assert worker.answer(longer, order(data=digest), None).result

    assert task_digest(task) != digest
    assert {task_digest(each) for each in programs.made} == {digest}


# ---------------------------------------------------------------- a proof


@pytest.mark.slow
def test_a_proof_is_of_the_curves_that_stand_in_the_study() -> None:
    task = tiny()
    asked = order(data=task_digest(task))
    found = worker.answer(CELL, asked, task).result
    assert found is not None
    # As a file of results keeps them.
    stored = dict(sorted(found.curves.items(), reverse=True))
    others = {**stored, "val_loss": [value + 0.5 for value in stored["val_loss"]]}
    lacking = {name: stored[name] for name in stored if name != "val_loss"}

    twin = worker.prove(CELL, asked, None)

    assert twin is not None
    assert twin.difference(stored).to_the_bit
    assert twin.difference(others).curves == pytest.approx(0.5)
    assert twin.difference(others).weights == 0
    assert twin.difference(lacking).curves == math.inf
