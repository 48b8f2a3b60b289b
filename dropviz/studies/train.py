"""Trains what a spec asks for: RunSpec -> Run."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dropviz.core.method_options import OPTIONS
from dropviz.core.runs import Run
from dropviz.core.scenario_string import is_scenario, parse
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import check_own_name, load_task
from dropviz.errors import StoppedError
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.seeding import seeded
from dropviz.recording.find_layers import layers_by_path
from dropviz.recording.record import record
from dropviz.recording.trace import prove
from dropviz.studies.arguments import check_listener, check_names
from dropviz.studies.fitting import build, check_size, code, fit
from dropviz.studies.on_and_off import OnAndOff
from dropviz.studies.progress import CurveCollector, Listener
from dropviz.studies.session import Session
from dropviz.studies.steering import Steering


def run(
    task: str | Task = "digits",
    method: str | None = None,
    dropout: float | None = None,
    recurrent_dropout: float | None = None,
    units: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
    **options: Any,
) -> Run:
    """Trains a real Keras LSTM on a task and records the masks that it uses.

    The training is to the bit that of ``run.code``, which is plain Keras, on the same
    machine; so is a second run with the same arguments. Like that code it seeds
    Keras, NumPy, TensorFlow and Python with ``keras.utils.set_random_seed``.

    Args:
        task: A name in ``dropviz.core.tasks.TASKS``; a ``dropviz.Task`` of one's own; or
            a scenario such as "lstm:u16:d.2:r.5:task=digits", whose values the other
            arguments replace (its keys: ``dropviz.core.scenario_string.parse``).
        method: Where dropout acts, a key of ``dropviz.core.methods.METHODS``; "keras",
            the default, is ``keras.layers.LSTM`` itself.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``; 0 by default.
        recurrent_dropout: Drop rate of the method's other site (h_{t-1} in Keras),
            ``0 <= rate < 1``; 0 by default.
        units: LSTM units, 1 to 2**31 - 1, as far as the memory allows; 32 by default.
        epochs: Passes over the training data, 1 to 2**31 - 1; 10 by default.
        seed: Seed, 0 to 2**32 - 1; 7 by default.
        listener: Called with a ``dropviz.studies.progress.Progress`` as the first epoch begins,
            after each batch, and after each epoch; the training waits for it. What it returns is
            not looked at; an error that it raises ends the training, and comes out of this call.
        **options: ``life``, ``scaling``, ``zoneout_cell`` and ``zoneout_hidden``, as of
            ``dropviz.LSTM``; ``schedule``, changes of the rates on the way
            (``dropviz.core.schedule.Change``) in the order of their batches, of which one whose
            batch does not come does nothing.

    Returns:
        The run: "done", or "failed" where a loss was not finite, which ends it with that epoch.

    Raises:
        UnknownNameError: If there is no such task, method or argument.
        DropvizError: If an argument is out of range, the method and the rest cannot act together,
            the task's data cannot be had, or the model needs more memory than there is; nothing
            is seeded or trained then.
        StoppedError: If the training is interrupted; its ``run`` holds what was done.
    """
    check_listener(listener)
    check_names(run, options, (*OPTIONS, "schedule"))
    given = {
        "method": method,
        "dropout": dropout,
        "recurrent_dropout": recurrent_dropout,
        "units": units,
        "epochs": epochs,
        "seed": seed,
        **options,
    }
    changed = {name: value for name, value in given.items() if value is not None}
    if isinstance(task, Task):
        check_own_name(task)
        return train(RunSpec(task=task.name, **changed), task, listener)
    if is_scenario(task):
        spec = replace(parse(task).spec, **changed)
    else:
        spec = RunSpec(task=task, **changed)
    return train(spec, load_task(spec.task), listener)


def train(spec: RunSpec, task: Task, listener: Listener | None = None) -> Run:
    """Trains what a spec asks for.

    Args:
        spec: What to train.
        task: The data.
        listener: Told how the training goes.

    Returns:
        The run.

    Raises:
        DropvizError: If the model needs more memory than there is.
        StoppedError: If the training is interrupted; its ``run`` holds what was done.
    """
    check_size(spec, task)  # before anything is seeded
    trained = _changing if spec.schedule else _constant
    with interrupts.minded():
        done = trained(spec, task, listener)
        if interrupts.taken():
            done = interrupted(done, "after its training")
    if done.status == "stopped":
        raise stopped(done)
    return done


def _changing(spec: RunSpec, task: Task, listener: Listener | None) -> Run:
    with Session(spec, task) as session:
        return session.train(spec, Steering(spec), listener)


def _constant(spec: RunSpec, task: Task, listener: Listener | None) -> Run:
    began = time.perf_counter()
    with seeded(spec.seed):
        model = build(spec, task)
    measured = OnAndOff(model, task).at_once
    collector = CurveCollector(listener, measured, task.with_derived, stop_when_not_finite=True)
    with record(model) as recording:
        status, reason = fit(model, spec, task, [], collector)
    seconds = time.perf_counter() - began
    return Run(
        spec=spec,
        curves=collector.curves,
        recording=recording,
        status=status,
        seconds=seconds,
        code=code(spec, task),
        reason=reason,
        proof=prove(layers_by_path(model), recording) if status == "done" else {},
        model=model,
    )


def interrupted(run: Run, when: str) -> Run:
    """The run as one that was interrupted, where it was not already.

    Args:
        run: The run.
        when: When it was, as in "after its training".
    """
    if run.status == "stopped":
        return run
    reason = f"{run.reason} Interrupted {when}.".strip()
    return replace(run, status="stopped", reason=reason)


def stopped(run: Run) -> StoppedError:
    """Words an interrupt whose results are kept."""
    of = f" of {run.spec.epochs}" if run.spec else ""
    # A loop of one's own has no epochs that anybody counted; of many models none's are told.
    counted = run.spec or (run.curves.epochs and not run.models)
    after = f" after epoch {run.curves.epochs}{of}" if counted else ""
    kept = "results kept" if run.recording or run.curves.epochs else "nothing was recorded yet"
    return StoppedError(f"stopped{after}; {kept}", run)
