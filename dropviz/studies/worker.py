"""What a worker does: one training, told by its scenario, answered by its result."""

from __future__ import annotations

import importlib.metadata
import os
import socket
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dropviz.core.cell_result import PlainTwin
from dropviz.core.scenario_string import parse
from dropviz.core.spec import RunSpec
from dropviz.core.task import PARTS, Task
from dropviz.core.tasks import load_task
from dropviz.core.training_result import Ended, TrainingResult
from dropviz.errors import DropvizError, one_line
from dropviz.keras_inside.choose_backend import BACKENDS, choose_backend
from dropviz.studies.sent_task import OWN, task_digest

_PROGRAMS = 3  # compiled programs that a worker keeps, some 100 MiB each
_alone = threading.Lock()
_tasks: dict[str, Task] = {}
_programs: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


@dataclass(frozen=True)
class Order:
    """What all trainings of a study have in common.

    Attributes:
        task: The task's name; "own" for arrays of somebody's own.
        data: A digest of its data.
        engine: "exact" or "xla".
        versions: Of what computes, where the study was begun.
        begun_in: The process where it was begun, as of ``this_process``.
    """

    task: str
    data: str
    engine: str
    versions: Mapping[str, str] = field(hash=False)
    begun_in: str = ""


@dataclass(frozen=True)
class Answer:
    """What a worker answers.

    Attributes:
        result: The result; None where there is none.
        needs_data: The worker, as of ``this_process``, where it has not got the data; else empty.
        refused: Why no worker like this one can be used; empty where it can.
    """

    result: TrainingResult | None = None
    needs_data: str = ""
    refused: str = ""


def versions() -> dict[str, str]:
    """The backend, and the versions of what computes."""
    backend = choose_backend().name
    found = {"backend": backend}
    computes = BACKENDS[backend].packages if backend in BACKENDS else ()
    for name in ("dropviz", "keras", "numpy", *computes):
        try:
            found[name.removesuffix("-cpu")] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def this_process() -> str:
    """This process, told apart from those of other machines."""
    return f"{socket.gethostname()} {os.getpid()}"


def answer(cell: str, order: Order, task: Any) -> Answer:
    """Trains what a scenario asks for; runs in a worker.

    Args:
        cell: The training as a scenario.
        order: What all trainings of the study have in common.
        task: The data, where the worker asked for them; else None.

    Returns:
        The result; an error of the training is one, and no exception.
    """
    ours = versions()
    if ours != order.versions:
        other = {k: v for k, v in ours.items() if order.versions.get(k) != v}
        return Answer(
            refused=f"A worker of the executor has other versions than this process: {other} "
            f"instead of { {k: order.versions.get(k) for k in other} }. Results would not be equal "
            "to the bit; give workers the same versions."
        )
    # Keras's random streams belong to the whole process; an executor may have threads.
    with _alone:
        if _lacks_data(order, task):
            return Answer(needs_data=this_process())
        try:
            return Answer(_trained(cell, order))
        except Exception as error:  # noqa: BLE001 (whatever is raised here is a cell's result)
            # A training that goes wrong ends in a loss; what is raised has reasons outside of it.
            reason = one_line(error)
            return Answer(TrainingResult(cell, status="failed", reason=reason, retry=True))


def prove(cell: str, order: Order, task: Any) -> PlainTwin | None:
    """Trains a training of a study in plain Keras too; runs in a worker.

    Args:
        cell: The training as a scenario.
        order: What all trainings of the study have in common.
        task: The data, where the worker asked for them; else None.

    Returns:
        What plain Keras made of it; None where the worker has not got the data.
    """
    with _alone:
        if _lacks_data(order, task):
            return None
        _start_keras(order)
        from dropviz.studies.compare_with_plain import compare_with_plain

        spec = parse(cell).spec
        return compare_with_plain(_program(spec, order), spec)


def _lacks_data(order: Order, task: Any) -> bool:
    """Takes the data where they came, and says whether they are still to be sent."""
    # What is there may be compiled into a program already.
    if task is not None and order.data not in _tasks:
        # In this process its arrays are somebody's, who may change them later.
        own = {each: getattr(task, each).copy() for each in PARTS}
        _tasks[order.data] = replace(task, **own) if order.begun_in == this_process() else task
    return order.task == OWN and order.data not in _tasks


def _start_keras(order: Order) -> None:
    """Starts Keras, with one thread where this is a worker that has computed nothing yet.

    A worker that an executor starts anew, as Dask does for a dead one, has nobody else to see to
    its threads.
    """
    from dropviz.keras_inside.start_keras import ready

    ready()
    if order.begun_in == this_process() or choose_backend().name != "tensorflow":
        return
    from dropviz.keras_inside.threads import use_one_thread

    with suppress(DropvizError):
        use_one_thread()


def _trained(cell: str, order: Order) -> TrainingResult:
    _start_keras(order)
    spec = parse(cell).spec
    if any(change.frozen for change in spec.schedule):
        return _by_fit(cell, spec, _task(order))
    program = _program(spec, order)
    came = program.train(spec.dropout, spec.recurrent_dropout, spec.seed)
    seconds = 0.0 if came.compiled else came.seconds
    return TrainingResult(cell, dict(came.curves), came.status, came.reason, seconds)


def _by_fit(cell: str, spec: RunSpec, task: Task) -> TrainingResult:
    """A training whose masks are frozen on the way, which no program does; it is compiled anew."""
    from dropviz.studies.train import train

    run = train(spec, task)
    status: Ended = "done" if run.status == "done" else "failed"
    return TrainingResult(cell, dict(run.curves), status, run.reason)


def _task(order: Order) -> Task:
    if order.data not in _tasks:
        task = load_task(order.task)
        came = task_digest(task)
        if came != order.data:
            raise DropvizError(
                f"The data of task {order.task!r} are others on this worker: digest {came} instead "
                f"of {order.data}."
            )
        _tasks[order.data] = task
    return _tasks[order.data]


def _program(spec: RunSpec, order: Order) -> Any:
    from dropviz.studies.training_program import TrainingProgram

    # What a compiled program cannot change: all but the rates and the seed.
    key = replace(spec, dropout=0.0, recurrent_dropout=0.0, seed=0), order.data, order.engine
    if key not in _programs:
        if order.engine == "xla":
            _keep_what_xla_compiles()
        _programs[key] = TrainingProgram(spec, _task(order), engine=order.engine)
        while len(_programs) > _PROGRAMS:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return _programs[key]


def _keep_what_xla_compiles() -> None:
    """Has XLA keep its programs in the user's cache, where there is a place for them."""
    from dropviz.keras_inside.compiled_cache import keep_compiled

    # Without one each process compiles anew, which takes seconds and changes nothing.
    with suppress(DropvizError, RuntimeError):
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        keep_compiled(home / "dropviz" / "xla")
