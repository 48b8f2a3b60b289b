"""Studies that train nothing: an executor that answers at once, as a test asks it to."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest

from dropviz.core.cell_result import PlainTwin
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import Trainings
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.errors import DropvizError
from dropviz.studies.study import How, run_study
from dropviz.studies.sweep import sweep
from dropviz.studies.worker import Answer, answer, prove

from .conftest import tiny

SPECS = [RunSpec(seed=seed) for seed in range(1, 5)]
CURVES = {"val_accuracy": (0.5, 0.75)}
TWIN = PlainTwin(CURVES, 0.0, 0.0, same_streams=True)


class AtOnce(Executor):
    """Answers at once: trainings with what ``trained`` says, proofs with what ``proved`` does."""

    def __init__(
        self,
        trained: Callable[[str], TrainingResult] = lambda cell: TrainingResult(cell, CURVES),
        proved: Callable[[str, Any], Any] = lambda _cell, _task: TWIN,
    ) -> None:
        self._trained, self._proved = trained, proved
        self.cells: list[str] = []
        self.proofs: list[tuple[str, Any]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        del kwargs
        answered: Future[Any] = Future()
        cell, *_, task = args
        try:
            if function is prove:
                self.proofs.append((cell, task))
                answered.set_result(self._proved(cell, task))
            else:
                self.cells.append(cell)
                answered.set_result(Answer(self._trained(cell)))
        except Exception as error:  # noqa: BLE001 (as an executor hands over what was raised)
            answered.set_exception(error)
        return answered


def studied(executor: AtOnce, task: Any = "digits", **given: Any) -> Trainings:
    return run_study(SPECS, task, How(executor, **given))


class KilledWorkerError(Exception):
    """As Dask's, which is no BrokenExecutor."""


# ---------------------------------------------------------------- what is compared with plain Keras


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "MemoryError"),
        (
            KilledWorkerError("Attempted to run\non 3 workers"),
            "KilledWorkerError: Attempted to run",
        ),
        (DropvizError("It needs more memory than there is."), "It needs more memory than there is"),
    ],
)
def test_a_comparison_that_fails_takes_no_result_with_it(error: Exception, why: str) -> None:
    def fail(*_: Any) -> Any:
        raise error

    found = studied(AtOnce(proved=fail))

    assert [each.last("val_accuracy") for each in found.results.values()] == [0.75] * len(SPECS)
    assert found.proofs == ()
    assert found.proof_sentence == f"Not compared with plain Keras: {why}."


def test_what_was_compared_before_is_kept() -> None:
    def once(_cell: str, _task: Any) -> Any:
        if len(executor.proofs) > 1:
            raise MemoryError
        return TWIN

    executor = AtOnce(proved=once)
    found = studied(executor)

    assert len(found.proofs) == 1
    assert found.proof_sentence.startswith("Proved: 1 training of these")
    assert found.proof_sentence.endswith("Another could not be compared: MemoryError.")


@pytest.mark.parametrize("odd", [None, 5, CURVES])
def test_what_is_no_comparison_is_none(odd: Any) -> None:
    found = studied(AtOnce(proved=lambda *_: odd))

    assert found.proofs == ()
    assert found.proof_sentence.startswith("Not compared with plain Keras: the executor answered")


def test_an_interrupted_comparison_is_an_interrupt() -> None:
    class Interrupted(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            del timeout
            raise KeyboardInterrupt

    class Stopped(AtOnce):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            return Interrupted() if function is prove else super().submit(function, *args, **kwargs)

    with pytest.raises(KeyboardInterrupt):
        studied(Stopped())


def test_what_is_compared_is_what_stands_in_the_study() -> None:
    def trained(cell: str) -> TrainingResult:
        return TrainingResult(cell, {"val_accuracy": (0.25, len(cell) / 100)})

    executor = AtOnce(trained)
    found = studied(executor)

    # The twins end at .75, and each training at a hundredth of its scenario's length.
    apart = [0.75 - len(each.cell) / 100 for each in found.proofs]
    assert [each.difference.curves for each in found.proofs] == pytest.approx(apart)
    assert executor.proofs == [(each.cell, None) for each in found.proofs]


def test_own_data_go_to_a_worker_that_compares_and_lacks_them() -> None:
    task = tiny()
    executor = AtOnce(proved=lambda _, came: came and TWIN)

    found = studied(executor, task)

    assert len(found.proofs) == 2
    assert [came for _, came in executor.proofs] == [None, None, task, task]


def test_twins_in_plain_keras_are_asked_for_before_all_trainings() -> None:
    asked: list[Any] = []

    class Noted(AtOnce):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            asked.append(function)
            return super().submit(function, *args, **kwargs)

    studied(Noted())

    # A worker compiles them under the names of the last study only as the first that it does.
    assert asked == [prove] * 2 + [answer] * len(SPECS)


def test_the_twin_of_a_training_that_failed_gives_way_to_another() -> None:
    first = AtOnce()
    studied(first)
    lost_one = first.proofs[0][0]

    def trained(cell: str) -> TrainingResult:
        failed = cell == lost_one
        return TrainingResult(
            cell, CURVES, "failed" if failed else "done", "lost" if failed else ""
        )

    executor = AtOnce(trained)
    found = studied(executor)

    assert lost_one not in [each.cell for each in found.proofs]
    assert found.proofs[0].cell == first.proofs[1][0]
    assert [cell for cell, _ in executor.proofs] == [
        *(cell for cell, _ in first.proofs),
        found.proofs[1].cell,
    ]


def test_a_twin_whose_worker_died_is_asked_for_again() -> None:
    def died_at_first(_cell: str, _task: Any) -> Any:
        if len(executor.proofs) == 1:
            raise BrokenExecutor("a worker was killed")
        return TWIN

    executor = AtOnce(proved=died_at_first)
    found = studied(executor)

    assert len(found.proofs) == 2
    assert found.unproved == ""
    assert len(executor.proofs) == 3


@pytest.mark.parametrize("executor", [3, "dask", print, {"submit": print}])
def test_what_is_no_executor_is_refused_before_a_results_file_begins(
    executor: Any, tmp_path: Path
) -> None:
    with pytest.raises(DropvizError, match=r"^executor must be a concurrent\.futures\.Executor"):
        sweep([0.1], [0.2], 1, executor=executor, results=tmp_path / "sweep.jsonl")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what is trained again


def lost(cell: str) -> TrainingResult:
    return TrainingResult(cell, status="failed", reason="OSError: no network", retry=True)


def diverged(cell: str) -> TrainingResult:
    curves = {"loss": (1.0, math.nan)}
    return TrainingResult(cell, curves, "failed", "the loss was not finite in epoch 2")


def test_what_failed_for_what_is_round_it_is_trained_again_where_the_study_goes_on(
    tmp_path: Path,
) -> None:
    ends = dict(zip(map(cell_of, SPECS), (lost, diverged, lost, lost), strict=True))
    first = AtOnce(lambda cell: ends[cell](cell))
    with_failures = studied(first, results=tmp_path / "results")
    assert len(with_failures.failed) == len(SPECS)
    assert "For another reason than its loss: 3, to be trained again" in str(with_failures.failures)

    again = AtOnce(lambda cell: lost(cell) if cell.endswith("s4") else TrainingResult(cell, CURVES))
    found = studied(again, results=tmp_path / "results")
    third = AtOnce()
    whole = studied(third, results=tmp_path / "results")

    cells = list(found.results)
    assert again.cells == [cells[0], *cells[2:]]
    assert [each.status for each in found.results.values()] == ["done", "failed", "done", "failed"]
    assert third.cells == cells[3:]
    assert [each.status for each in whole.results.values()] == ["done", "failed", "done", "done"]
    assert "trained again" not in str(whole.failures)


def test_progress_counts_what_is_trained_again_as_still_to_come(tmp_path: Path) -> None:
    studied(AtOnce(lost), results=tmp_path / "results")
    told: list[Any] = []

    studied(AtOnce(), results=tmp_path / "results", listener=told.append)

    assert (told[0].done, told[0].before, told[0].failed) == (0, 0, 0)
    assert (told[-1].done, told[-1].failed) == (4, 0)
