"""Whole studies as a person waits for them: imports, workers, compiling and proofs with them."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.many_trainings import workload
from benchmarks.mutants import ROOT
from benchmarks.pairs import Ratio, ratio_of

_PLAIN_CELLS = 6
# What somebody without dropviz would write, and what it prints: seconds of its cells.
_PLAIN = """
import sys
from benchmarks.whole_studies import plain_cells
print(plain_cells(int(sys.argv[1])))
"""
_SWEEP = """
import sys
import dropviz
rates = [float(each) for each in sys.argv[1].split(",")]
seeds, engine = int(sys.argv[2]), sys.argv[3]
dropviz.sweep(rates, rates, seeds, "digits", engine=engine, units=32, epochs=5)
"""
_COMPARE = """
import dropviz
dropviz.compare(["none", "keras"], seeds=5, units=32, epochs=5)
"""


@dataclass(frozen=True)
class Simulated:
    """A study whose trainings take no time.

    Attributes:
        cells: How many.
        each: Milliseconds for each of planning, handing out, taking back and writing.
        read: Seconds to read the results file again.
    """

    cells: int
    each: float
    read: float


def grid(rates: int, seeds: int, engine: str, pairs: int = 3) -> Ratio:
    """A whole process that trains a grid in plain Keras, over one that sweeps it.

    Plain Keras builds, compiles and fits each cell; its time follows from six. Compiled programs
    are on disk, from a sweep before.

    Args:
        rates: How many values of each rate.
        seeds: How many seeds.
        engine: "exact" or "xla".
        pairs: How many pairs.

    Returns:
        The ratio, plain over sweep.
    """
    values = ",".join(f"{0.8 * number / (rates - 1):g}" for number in range(rates))
    asked = [values, str(seeds), engine]
    return ratio_of(_against_plain(_SWEEP, asked, rates**2 * seeds, pairs))


def comparison(pairs: int = 3) -> Ratio:
    """A whole process that compares two settings over five seeds, against plain Keras.

    Args:
        pairs: How many pairs.

    Returns:
        The ratio, compare over plain: per training, as both train ten.
    """
    taken = _against_plain(_COMPARE, [], 10, pairs)
    return ratio_of([(plain, mine) for mine, plain in taken])


def simulated(cells: int = 10_000) -> Simulated:
    """Plans and runs a study with an executor that answers at once.

    Args:
        cells: How many trainings.

    Returns:
        What it took.
    """
    from dropviz.studies.study_file import ResultsFile, StudyId
    from dropviz.studies.sweep import sweep

    side = math.isqrt(cells)
    rates = [0.95 * number / side for number in range(side)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        began = time.perf_counter()
        sweep(rates, rates, seeds=1, executor=_AtOnce(), results=path, epochs=5)
        each = (time.perf_counter() - began) / side**2
        with path.open() as lines:
            first = json.loads(next(lines))["entry"]
        first.pop("dropviz study")
        study = StudyId(**first)
        began = time.perf_counter()
        read = ResultsFile(path, study)
        seconds = time.perf_counter() - began
    return Simulated(len(read.results), 1000 * each, seconds)


class _AtOnce(Executor):
    """Answers with a training's result, and trains nothing."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        from dropviz.core.training_result import TrainingResult
        from dropviz.studies import worker

        del kwargs
        answered: Future[Any] = Future()
        if function is worker.answer:
            epochs = [0.1, 0.2, 0.3, 0.4, 0.5]
            curves = {name: tuple(epochs) for name in ("loss", "val_loss", "val_accuracy")}
            result = TrainingResult(args[0], curves, "done", "", seconds=1.0)
            answered.set_result(worker.Answer(result))
        else:
            # A proof, which nothing here could be held against.
            answered.set_exception(BrokenExecutor())
        return answered


def _against_plain(
    script: str, asked: list[str], cells: int, pairs: int
) -> list[tuple[float, float]]:
    """Seconds of a whole process that runs a script, and of plain Keras for as many cells."""
    with tempfile.TemporaryDirectory() as cache:
        surroundings = os.environ | {"XDG_CACHE_HOME": cache}
        _seconds(script, asked, surroundings)  # compiles for all that follow
        taken = []
        for _ in range(pairs):
            mine, _ = _seconds(script, asked, surroundings)
            whole, printed = _seconds(_PLAIN, [str(_PLAIN_CELLS)], surroundings)
            six = float(printed)
            taken.append((mine, whole - six + six / _PLAIN_CELLS * cells))
    return taken


def _seconds(script: str, asked: list[str], surroundings: Mapping[str, str]) -> tuple[float, str]:
    """How long a fresh process takes, and the last line that it prints."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *asked],
        env=surroundings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    return seconds, (done.stdout.strip().splitlines() or [""])[-1]


def plain_cells(cells: int) -> float:
    """Trains cells of a grid in plain Keras, in this process.

    Args:
        cells: How many.

    Returns:
        The seconds that they took.
    """
    spec, task = workload()
    from dropviz.studies.plain_training import train_plainly

    rates = [(0.0, 0.0), (0.2, 0.0), (0.0, 0.4), (0.4, 0.6), (0.6, 0.2), (0.8, 0.8)]
    began = time.perf_counter()
    for seed, (one, other) in zip(range(cells), itertools.cycle(rates), strict=False):
        train_plainly(replace(spec, dropout=one, recurrent_dropout=other, seed=seed), task)
    return time.perf_counter() - began
