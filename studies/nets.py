"""Trains the nets of a study one after another, measures each, and keeps each at once.

``dropviz.compare`` hands back curves. A study asks more of a net that has been trained: what it
scores with its masks on, how far it remembers. So each is measured while it is there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.errors import DropvizError
from dropviz.keras_inside.compiled_cache import keep_compiled
from dropviz.keras_inside.threads import use_one_thread
from dropviz.studies.compare_with_plain import compare_with_plain
from dropviz.studies.fitting import build
from dropviz.studies.sent_task import OWN, task_digest
from dropviz.studies.study_file import ResultsFile, StudyId
from dropviz.studies.training_program import TrainingProgram
from dropviz.studies.worker import versions

Model = Any
Measured = Mapping[str, Sequence[float]]
Measure = Callable[[Model, Task, RunSpec], Measured]

ENGINE = "xla"
TOOK = "seconds_in_all"
APART = "apart_from_plain"


@dataclass(frozen=True)
class Nets:
    """Trainings of one task.

    Attributes:
        task: The data.
        specs: What is trained; their task has the name "own".
        proofs: How many of them are trained again in plain Keras and compared.
    """

    task: Task
    specs: Sequence[RunSpec]
    proofs: int = 1


def start() -> None:
    """Has TensorFlow use one thread, and XLA keep what it compiles, in a process of its own."""
    # Where there is no place for programs they are compiled anew, which changes nothing.
    with suppress(DropvizError, RuntimeError):
        keep_compiled(Path.home() / ".cache" / "dropviz" / "xla")
    # Within tests something has run already.
    with suppress(DropvizError):
        use_one_thread()


def train_and_measure(
    nets: Nets, measure: Measure, kept: Path, tell: Callable[[str], None]
) -> list[TrainingResult]:
    """Trains what is not in a file yet.

    Args:
        nets: What to train.
        measure: Measures a trained net; what it finds stands beside the net's curves.
        kept: A file of results, to which each is added as it comes; a study that was stopped
            goes on from there.
        tell: Told after each net, in a line.

    Returns:
        The results, in the order of the specs. Beside curves and what was measured, each has
        "seconds_in_all"; those that were compared with plain Keras have "apart_from_plain": the
        largest difference of a weight, and of a point of a curve.

    Raises:
        DropvizError: If the file cannot be written, or is another study's.
    """
    name, data = OWN, task_digest(nets.task)
    file = ResultsFile(kept, StudyId(name, data, ENGINE, versions()))
    cells = {cell_of(spec): spec for spec in nets.specs}
    # The same ones each time, so that a study that goes on ends as it would have.
    proved = random.Random(data).sample(sorted(cells), min(nets.proofs, len(cells)))  # noqa: S311
    program: TrainingProgram | None = None
    for cell, spec in sorted(cells.items(), key=lambda pair: repr(_compiled(pair[1]))):
        if cell in file.results:
            continue
        began = time.perf_counter()
        if program is None or _compiled(program.spec) != _compiled(spec):
            program = TrainingProgram(spec, nets.task, ENGINE)
        came = _trained(program, spec, measure, is_proved=cell in proved)
        curves = {**came.curves, TOOK: (time.perf_counter() - began,)}
        file.add(replace(came, curves=curves))
        tell(f"{kept.stem}: {len(file.results)} of {len(cells)}: {cell}")
    return [file.results[cell] for cell in cells]


def _compiled(spec: RunSpec) -> RunSpec:
    """What a compiled program cannot change: all but the rates and the seed."""
    return replace(spec, dropout=0.0, recurrent_dropout=0.0, seed=0)


def _trained(
    program: TrainingProgram, spec: RunSpec, measure: Measure, *, is_proved: bool
) -> TrainingResult:
    came = program.train(spec.dropout, spec.recurrent_dropout, spec.seed)
    curves = dict(came.curves)
    if came.status == "done":
        # A plain model: its rates are numbers again, as everybody has them.
        net = build(spec, program.task)
        net.set_weights(program.weights)
        found = measure(net, program.task, spec)
        curves |= {name: tuple(map(float, values)) for name, values in found.items()}
        if is_proved:
            apart = compare_with_plain(program, spec).difference(came.curves)
            curves[APART] = (apart.weights, apart.curves)
    return TrainingResult(cell_of(spec), curves, came.status, came.reason, came.seconds)


def bookkeeping(came: TrainingResult) -> dict[str, Any]:
    """What a row says of each net: how long it took, and how far it is from plain Keras."""
    apart = came.curves.get(APART)
    return {
        "seconds": came.curves[TOOK][0],
        "apart_from_plain": {"weights": apart[0], "curves": apart[1]} if apart else None,
        "cell": came.cell,
    }
