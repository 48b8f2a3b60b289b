"""Many trainings at once: what a cell of a study takes, plain and in a compiled program.

Whatever is measured of compiled programs runs in a fresh process.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.pairs import Ratio, Seconds, paired

if TYPE_CHECKING:
    from dropviz.core.spec import RunSpec
    from dropviz.core.task import Task
    from dropviz.studies.training_program import TrainingProgram

# Rates of 0 and above, as a grid has them, and the seeds of a small study.
_CELLS = [
    (dropout, recurrent_dropout, seed)
    for seed in (1, 2, 3)
    for dropout, recurrent_dropout in ((0.2, 0.4), (0.0, 0.4), (0.4, 0.0), (0.6, 0.6))
]
_PAIRS = 12  # each cell once
_FIRST_CELLS = 5  # after which memory is to be flat
_MIB = 2**20

# Of a process that trains cells when it is asked to.
_programs: list[TrainingProgram] = []


@dataclass(frozen=True)
class Resident:
    """Memory of a process that trains many cells, in MiB.

    Attributes:
        total: After the last cell.
        grown: From the end of the fifth cell to that of the last.
    """

    total: float
    grown: float


def cell(engine: str, *, one_thread: bool) -> Ratio:
    """Plain Keras, which builds, compiles and fits a model, over a cell of a program.

    Plain Keras compiles without XLA and uses all processors. Both are warm: the program is
    compiled for every case of rates, and has the starts of all seeds.

    Args:
        engine: "exact" or "xla".
        one_thread: Whether the program has one thread, as beside other processes.

    Returns:
        The ratio, plain over compiled.
    """
    from dropviz.studies.plain_training import train_plainly

    spec, task = workload()
    given = itertools.cycle(_CELLS)

    def plain() -> None:
        dropout, recurrent_dropout, seed = next(given)
        asked = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "seed": seed}
        train_plainly(replace(spec, **asked), task)  # type: ignore[arg-type]

    with _fresh_process() as process:
        process.submit(_make_program, engine, one_thread=one_thread).result()
        its = itertools.cycle(_CELLS)
        for each in _CELLS:
            process.submit(_train, each).result()
        plain()
        next(its)
        return paired(lambda: process.submit(_train, next(its)).result(), plain, _PAIRS)


def first_cell(engine: str, *, kept: bool = False, times: int = 5) -> Seconds:
    """Seconds of the first cell of a process, once everything is imported.

    Args:
        engine: "exact" or "xla".
        kept: Whether XLA finds on disk what an earlier process compiled.
        times: How many processes.

    Returns:
        The times.
    """
    taken = []
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(times + kept):
            with _fresh_process() as process:
                asked = process.submit(_first_cell, engine, directory if kept else None)
                taken.append(asked.result())
    taken = taken[kept:]
    return Seconds(statistics.median(taken), min(taken), max(taken), times)


def memory(engine: str, cells: int = 200) -> Resident:
    """What training many cells of three seeds keeps in a process.

    Args:
        engine: "exact" or "xla".
        cells: How many cells.

    Returns:
        The memory.
    """
    with _fresh_process() as process:
        return process.submit(_resident, engine, cells).result()


def _fresh_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def workload() -> tuple[RunSpec, Task]:
    """What each cell trains: 5 epochs of digits, 32 units; Keras is started for it."""
    from dropviz.keras_inside.start_keras import ready

    ready()
    from dropviz.core.spec import RunSpec
    from dropviz.core.tasks import load_task

    return RunSpec(task="digits", units=32, epochs=5), load_task("digits")


def _make_program(engine: str, *, one_thread: bool) -> None:
    spec, task = workload()
    import keras

    from dropviz.studies.training_program import TrainingProgram

    if one_thread and keras.config.backend() == "tensorflow":
        from dropviz.keras_inside.threads import use_one_thread

        use_one_thread()
    _programs[:] = [TrainingProgram(spec, task, engine)]


def _train(given: tuple[float, float, int]) -> None:
    _programs[0].train(*given)


def _first_cell(engine: str, directory: str | None) -> float:
    workload()
    from dropviz.studies import training_program  # noqa: F401 (imported before the clock runs)

    if directory:
        from dropviz.keras_inside.compiled_cache import keep_compiled

        keep_compiled(Path(directory))
    began = time.perf_counter()
    _make_program(engine, one_thread=True)
    _train(_CELLS[0])
    return time.perf_counter() - began


def _resident(engine: str, cells: int) -> Resident:
    import psutil

    _make_program(engine, one_thread=True)
    seen: dict[int, Any] = {}
    for number, given in enumerate(itertools.islice(itertools.cycle(_CELLS), cells), 1):
        _train(given)
        if number in (_FIRST_CELLS, cells):
            gc.collect()
            seen[number] = psutil.Process().memory_info().rss / _MIB
    return Resident(seen[cells], seen[cells] - seen[_FIRST_CELLS])
