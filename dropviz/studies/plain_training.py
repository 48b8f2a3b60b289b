"""A training by plain Keras ``fit``: what a compiled one is measured against."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.core.cell_result import CellResult
from dropviz.core.recording import Recording
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.errors import DropvizError
from dropviz.keras_inside.seeding import seeded
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.record import record
from dropviz.studies.engines import check_engine
from dropviz.studies.fitting import build, fit
from dropviz.studies.progress import CurveCollector
from dropviz.studies.steering import Steering
from dropviz.studies.steering_callback import SteeringCallback

Model = Any


def check_trainable(spec: RunSpec, engine: str) -> None:
    """Raises DropvizError unless a spec can be a cell of a study, and an engine train it."""
    check_engine(engine, keras.config.backend())
    if any(change.frozen for change in spec.schedule):
        raise DropvizError(
            "The masks of a study's training must not be frozen. Received: a schedule that freezes "
            "them. Leave freeze out, or train it with dropviz.run."
        )


def build_for(spec: RunSpec, task: Task, engine: str) -> Model:
    """Makes and compiles the model of a spec for an engine.

    Args:
        spec: What is to be trained.
        task: The data.
        engine: "exact" as Keras does by itself: TensorFlow's graphs, or JAX; "xla" for
            TensorFlow's with ``jit_compile=True``.

    Returns:
        The model of ``dropviz.studies.fitting.build``.

    Raises:
        DropvizError: If it needs more memory than there is.
    """
    model = build(spec, task)
    if keras.config.backend() == "tensorflow":  # JAX compiles in any case
        model.jit_compile = engine == "xla"
    return model


def train_plainly(spec: RunSpec, task: Task, engine: str = "exact") -> tuple[CellResult, Model]:
    """Trains with plain Keras, which builds and compiles a model for it.

    Seeds as ``keras.utils.set_random_seed`` does.

    Args:
        spec: What to train.
        task: The data.
        engine: "exact" for TensorFlow's graphs, "xla" for ``jit_compile=True``.

    Returns:
        What it came to, and the model.

    Raises:
        DropvizError: If the model needs more memory than there is, there is no such
            engine, or masks are frozen on the way.
    """
    began = time.perf_counter()
    model = _seeded(spec, task, engine)
    if engine == "xla":
        from dropviz.keras_inside import compiled_cache

        compiled_cache.name_as_before()
    return _fitted(model, spec, task, engine, began), model


def record_plainly(spec: RunSpec, task: Task, engine: str = "exact") -> Recording:
    """Trains with plain Keras as ``train_plainly`` does, and records the masks.

    Args:
        spec: What to train.
        task: The data.
        engine: "exact" or "xla".

    Returns:
        The masks of the last batches.

    Raises:
        DropvizError: As ``train_plainly`` does.
    """
    began = time.perf_counter()
    model = _seeded(spec, task, engine)
    with record(model) as recording:
        _fitted(model, spec, task, engine, began)
    return recording


def _seeded(spec: RunSpec, task: Task, engine: str) -> Model:
    check_trainable(spec, engine)
    with seeded(spec.seed):
        return build_for(spec, task, engine)


@contextmanager
def _changing(model: Model, spec: RunSpec, engine: str) -> Iterator[list[keras.callbacks.Callback]]:
    """What changes the rates on the way, which plain Keras alone cannot do."""
    if not spec.schedule:
        yield []
        return
    rates = VariableRates(model.get_layer("lstm"), spec.setting)
    callback = SteeringCallback(rates, spec, Steering(spec))
    with rates.held_for(spec.settings, xla=engine == "xla"):
        yield [callback]


def _fitted(model: Model, spec: RunSpec, task: Task, engine: str, began: float) -> CellResult:
    collector = CurveCollector(stop_when_not_finite=True)
    with _changing(model, spec, engine) as callbacks:
        status, reason = fit(model, spec, task, callbacks, collector)
    if status == "stopped":
        raise KeyboardInterrupt
    return CellResult(
        dropout=spec.dropout,
        recurrent_dropout=spec.recurrent_dropout,
        seed=spec.seed,
        curves=collector.curves,
        status=status,
        reason=reason,
        seconds=time.perf_counter() - began,
        compiled=True,
    )
