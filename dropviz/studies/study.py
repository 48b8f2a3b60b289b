"""A study: many trainings of one task, run on workers, kept in a file, some of them proved."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from dropviz.core.cell_result import PlainTwin
from dropviz.core.result_files import checked_path
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import PlainProof, Trainings, score_of
from dropviz.core.task import Task
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.errors import one_line, received
from dropviz.keras_inside.choose_backend import choose_backend
from dropviz.studies.arguments import check_listener
from dropviz.studies.engines import Engine, check_engine
from dropviz.studies.run_cells import CellRunner, ProgressTeller, StudyProgress
from dropviz.studies.sent_task import chosen_task, task_digest
from dropviz.studies.study_file import ResultsFile, StudyId
from dropviz.studies.worker import Order, prove, this_process, versions
from dropviz.studies.worker_pool import WorkerPool, check_executor

Listener = Callable[[StudyProgress], None]
_PROOFS = 2


@dataclass(frozen=True)
class How:
    """How the trainings of a study are run.

    Attributes:
        executor: Any ``concurrent.futures.Executor``; None for processes of our own.
        engine: A key of ``dropviz.studies.engines.ENGINES``.
        results: A file that keeps each result at once, and from which a study goes on; or None.
            What failed for a reason outside the training, as memory or a network, is trained
            again then.
        listener: Told how the study goes.
        proofs: How many trainings are trained again in plain Keras.
    """

    executor: Executor | None = None
    engine: Engine = "exact"
    results: str | os.PathLike[str] | None = None
    listener: Listener | None = None
    proofs: int = _PROOFS

    def __post_init__(self) -> None:
        check_engine(self.engine, choose_backend().name)
        check_executor(self.executor)
        check_listener(self.listener)
        if self.results is not None:
            checked_path(self.results, "results", "sweep.jsonl")


def run_study(specs: Sequence[RunSpec], task: str | Task, how: How) -> Trainings:
    """Runs the trainings of a study.

    Args:
        specs: What to train, each once; their task is replaced by the one given.
        task: A name in ``dropviz.core.tasks.TASKS``, or a task of one's own.
        how: How they are run.

    Returns:
        All trainings, in the order of ``specs``.

    Raises:
        DropvizError: If the task's data cannot be had, the results file is another study's, or
            the executor is broken or has workers with other versions; what was done is in the
            file.
        KeyboardInterrupt: If it is interrupted; likewise.
    """
    began = time.perf_counter()
    name, loaded, data = chosen_task(task)
    cells = [cell_of(replace(spec, task=name)) for spec in specs]
    order = Order(name, task_digest(loaded), how.engine, versions(), this_process())
    file = None
    if how.results is not None:
        study = StudyId(name, order.data, order.engine, order.versions)
        file = ResultsFile(how.results, study)
    kept = {} if file is None else file.results
    done = {cell: kept[cell] for cell in cells if cell in kept and not kept[cell].retry}
    tell_progress = ProgressTeller(cells, done, how.listener)

    def found(result: TrainingResult) -> None:
        if file is not None:
            file.add(result)
        done[result.cell] = result
        tell_progress()

    tell_progress()
    with WorkerPool(how.executor, len(cells) - len(done)) as pool:
        twins = _Twins(pool, order, data)
        # Frozen masks are trained in plain Keras's own loop, and have nothing to prove.
        able = [cell for cell, spec in zip(cells, specs, strict=True) if not _freezes(spec)]
        # The same ones each time, so that a study that goes on ends as it would have.
        ranked = random.Random(order.data).sample(able, len(able))  # noqa: S311 (no secret)
        twins.ask_for(_provable(ranked, done)[: how.proofs])
        CellRunner(pool, order, data, found).run([cell for cell in cells if cell not in done])
        chosen = _provable(ranked, done)[: how.proofs]
        proofs, unproved = _proofs([done[cell] for cell in chosen], twins)
    results = {cell: done[cell] for cell in cells}
    score = score_of(list(results.values()))
    seconds = time.perf_counter() - began
    return Trainings(results, score, how.engine, proofs, seconds, unproved)


def _freezes(spec: RunSpec) -> bool:
    return any(change.frozen for change in spec.schedule)


def _provable(cells: Sequence[str], done: Mapping[str, TrainingResult]) -> list[str]:
    """Those that have not failed."""
    return [cell for cell in cells if cell not in done or done[cell].status == "done"]


class _Twins:
    """Trainings in plain Keras, asked for before those of the study.

    A worker that has compiled nothing yet gives what it compiles the names that it had in the
    last study, by which XLA finds it on disk again.
    """

    def __init__(self, pool: WorkerPool, order: Order, data: Any) -> None:
        self._pool, self._order, self._data = pool, order, data
        self._asked: dict[str, Future[Any]] = {}

    def ask_for(self, cells: Sequence[str]) -> None:
        """Asks for those of some trainings."""
        # What is wrong with an executor, the trainings themselves will say.
        with suppress(Exception):
            for cell in cells:
                self._asked[cell] = self._submit(cell, None)

    def of(self, cell: str) -> Any:
        """What came of a training's twin."""
        asked = self._asked.get(cell) or self._submit(cell, None)
        try:
            came = asked.result()
        except BrokenExecutor:
            # The pool was begun anew since.
            came = self._submit(cell, None).result()
        return came or self._submit(cell, self._data).result()

    def _submit(self, cell: str, data: Any) -> Future[Any]:
        return self._pool.submit(prove, cell, self._order, data)


def _proofs(chosen: Sequence[TrainingResult], twins: _Twins) -> tuple[tuple[PlainProof, ...], str]:
    """Compares trainings with plain Keras; says why one of them could not be."""
    proofs: list[PlainProof] = []
    try:
        for each in chosen:
            twin = twins.of(each.cell)
            if not isinstance(twin, PlainTwin):
                return tuple(proofs), f"the executor answered {received(twin)}"
            proofs.append(PlainProof(each.cell, twin.difference(each.curves)))
    except Exception as error:  # noqa: BLE001 (whatever an executor raises takes no result with it)
        return tuple(proofs), one_line(error)
    return tuple(proofs), ""
