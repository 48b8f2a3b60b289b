"""Many trainings at once: what a cell of a study takes, plain and in a compiled program."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.pairs import Ratio, Seconds, paired

FLAGS = "TF_XLA_FLAGS"

# Rates of 0 and above, as a grid has them, and the seeds of a small study.
CELLS = [
    (dropout, recurrent, seed)
    for seed in (1, 2, 3)
    for dropout, recurrent in ((0.2, 0.4), (0.0, 0.4), (0.4, 0.0), (0.6, 0.6))
]
_PAIRS = 12  # three for each of the rates

_FIRST = """
import json, sys, time
from dropviz.keras_inside.start_keras import ready
ready()
from pathlib import Path
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import load_task
from dropviz.studies.training_program import TrainingProgram
engine, directory = sys.argv[1:]
if directory:
    from dropviz.keras_inside.compiled_cache import keep_compiled
    keep_compiled(Path(directory))
task = load_task("digits")
began = time.perf_counter()
TrainingProgram(RunSpec(epochs=5), task, engine).train(0.2, 0.4, seed=1)
print(json.dumps(time.perf_counter() - began))
"""
_MEMORY = """
import gc, itertools, json, sys
from dropviz.keras_inside.start_keras import ready
ready()
import psutil
from benchmarks.many_trainings import CELLS
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import load_task
from dropviz.studies.training_program import TrainingProgram
engine, cells = sys.argv[1], int(sys.argv[2])
program = TrainingProgram(RunSpec(epochs=5), load_task("digits"), engine)
resident = []
for number, cell in enumerate(itertools.islice(itertools.cycle(CELLS), cells), 1):
    program.train(*cell)
    if number in (5, cells):
        gc.collect()
        resident.append(psutil.Process().memory_info().rss / 2**20)
print(json.dumps(resident))
"""


@dataclass(frozen=True)
class Resident:
    """Memory of a process that trains many cells, in MiB.

    Attributes:
        total: After the last cell.
        grown: From the end of the fifth cell to that of the last.
    """

    total: float
    grown: float


def cell(engine: str) -> Ratio:
    """Plain Keras, which builds, compiles and fits a model, over a cell of a program.

    Five epochs of digits, 32 units, batches of 64; plain Keras compiles without XLA. Both
    are warm: everything of the program is compiled, and the starts of all seeds are made.

    Args:
        engine: "exact" or "xla".

    Returns:
        The ratio, plain over compiled.
    """
    from dropviz.core.spec import RunSpec
    from dropviz.core.tasks import load_task
    from dropviz.studies.plain_training import train_plainly
    from dropviz.studies.training_program import TrainingProgram

    task, spec = load_task("digits"), RunSpec(task="digits", units=32, epochs=5)
    program = TrainingProgram(spec, task, engine)
    for given in CELLS:
        program.train(*given)
    ours, its = itertools.cycle(CELLS), itertools.cycle(CELLS)

    def plain() -> None:
        dropout, recurrent, seed = next(its)
        asked = replace(spec, dropout=dropout, recurrent_dropout=recurrent, seed=seed)
        train_plainly(asked, task)

    plain()
    next(ours)
    return paired(lambda: program.train(*next(ours)), plain, _PAIRS)


def first_cell(engine: str, *, kept: bool = False, times: int = 5) -> Seconds:
    """Seconds of the first cell of a fresh process, once everything is imported.

    Args:
        engine: "exact" or "xla".
        kept: Whether XLA finds on disk what an earlier process compiled.
        times: How many processes.

    Returns:
        The times.
    """
    with tempfile.TemporaryDirectory() as directory:
        asked = [engine, directory if kept else ""]
        taken = [_told(_FIRST, asked) for _ in range(times + kept)][kept:]
    return Seconds(statistics.median(taken), min(taken), max(taken), times)


def memory(engine: str, cells: int = 200) -> Resident:
    """What training many cells keeps in a process of its own.

    Args:
        engine: "exact" or "xla".
        cells: How many cells, of three seeds.

    Returns:
        The memory.
    """
    after_five, total = _told(_MEMORY, [engine, str(cells)])
    return Resident(total, total - after_five)


def _told(code: str, arguments: list[str]) -> Any:
    """What a fresh process prints in its last line."""
    command = [sys.executable, "-c", code, *arguments]
    # Its own choice of where XLA keeps programs, not that of this process.
    surroundings = {name: value for name, value in os.environ.items() if name != FLAGS}
    done = subprocess.run(command, capture_output=True, check=True, env=surroundings)
    return json.loads(done.stdout.splitlines()[-1])
