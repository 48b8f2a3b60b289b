"""One model for a whole session of sliding: its rates change while it trains."""

from __future__ import annotations

import atexit
import functools
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from dropviz.core.closing import Closing
from dropviz.core.cost import Cost
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.method_options import OPTIONS
from dropviz.core.number_forms import MOST
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE, batches_of
from dropviz.core.verdict import Verdict
from dropviz.experiment.explain import run_experiment
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.call_path import heard_call_paths
from dropviz.keras_inside.fit_batches import (
    as_handed,
    build_metrics,
    has_one_order,
    laid_out,
    take_order,
)
from dropviz.keras_inside.jax_state import bring_home, variables_without_riders
from dropviz.keras_inside.seeding import seeded
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.recorder import Recorder
from dropviz.recording.trace import prove
from dropviz.recording.undisturbed import undisturbed
from dropviz.studies.fitting import build, code, fit
from dropviz.studies.measure_later import MeasureLater, copy_values
from dropviz.studies.open_batch import EpochOrders, open_batch, order_of
from dropviz.studies.progress import CurveCollector, Listener
from dropviz.studies.steering import Steering
from dropviz.studies.steering_callback import SteeringCallback

Model = Any

# Enough for the last dozens of batches of a small layer; it is read again and again.
_BUDGET_MIB = 8
_PAIRS, _BATCHES = 5, 8  # of a measurement of cost, and training batches in each half
_SHAPE = ("task", "method", "units", *OPTIONS)
UNTIL_STOPPED = MOST  # epochs


class Session(Closing):
    """A model that is made once, and trained as often as one likes.

    With TensorFlow it is compiled when a rate first leaves 0 or reaches it, and not again.

    A training whose rates are not moved gives to the bit the weights, losses and random
    stream of ``dropviz.run`` with the same spec; one whose rates are moved keeps the
    schedule of its changes in ``run.spec``, and ``dropviz.run`` repeats it to the bit.

    Attributes:
        task: The data.
        changes: The changes of the training under way, or the last.
    """

    def __init__(self, spec: RunSpec, task: Task) -> None:
        """Makes a session.

        Args:
            spec: Method, options, units and task of all its trainings.
            task: The data.

        Raises:
            DropvizError: If the model needs more memory than there is.
        """
        self.task = task
        self.changes: list[Change] = []
        self._shape = shape(spec)
        self._orders: EpochOrders | None = None
        self._model = build(spec, task)
        self._model.optimizer.build(self._model.trainable_variables)
        self._layer = self._model.get_layer("lstm")
        build_metrics(self._model, (task.x[:1], task.y[:1]), self._model.output_shape[1:])
        self._rates = VariableRates(self._layer, spec.setting, [self._model])
        self._measure = MeasureLater(self._model, self._rates, build(spec, task), task)
        self._recorder = Recorder(
            keep=None, every=1, budget_mib=_BUDGET_MIB, dtypes={self._layer.compute_dtype}
        )
        self._open = ExitStack()
        # Open as long as the session: closing a recording has Keras compile anew.
        self._open.enter_context(self._recorder.recording_of(self._model))
        self._recorder.attach(self._layer, "lstm")
        # A recording cannot be closed any more once Python has let go of its modules.
        atexit.register(self.close)

    @property
    def batches(self) -> int:
        """Training batches in an epoch."""
        return batches_of(self.task, 1)

    def fits(self, spec: RunSpec, task: Task) -> bool:
        """Whether a spec can be trained here, without another model."""
        return self._shape == shape(spec) and self.task is task

    def train(self, spec: RunSpec, steering: Steering, listener: Listener | None = None) -> Run:
        """Trains once, from fresh weights.

        Args:
            spec: What to train, of this session's shape; of ``UNTIL_STOPPED`` epochs where
                nothing but its steering is to end it.
            steering: Where the rates of each batch come from.
            listener: Told how it goes.

        Returns:
            The run; its spec holds the changes that were made on the way, its model is
            one of its own.
        """
        began = time.perf_counter()
        samples = len(self.task.x)
        self._orders = EpochOrders(spec.seed, samples)
        with seeded(spec.seed):
            fresh = build(spec, self.task)
        fresh.optimizer.build(fresh.trainable_variables)
        _copy(fresh, self._model)
        if not has_one_order():
            take_order(np.arange(samples))  # as ``fit`` does where metrics are not built yet
        self._recorder.restart()
        callback = SteeringCallback(self._rates, spec, steering)
        self.changes = callback.changes
        measured = functools.partial(self._measure, steering)
        derived = self.task.with_derived
        collector = CurveCollector(listener, measured, derived, stop_when_not_finite=True)
        followers, data = [self._orders, callback], self._data(spec.seed)
        status, reason = fit(self._model, spec, self.task, followers, collector, data)
        _copy(self._model, fresh)
        recording = self._recorder.taken()
        done = replace(spec, schedule=tuple(self.changes))
        if spec.epochs == UNTIL_STOPPED:
            # With so many epochs it is repeated as far as it came, and a little further.
            done = replace(done, epochs=max(1, -(-callback.batches // self.batches)))
        return Run(
            spec=done,
            curves=collector.curves,
            recording=recording,
            status=status,
            seconds=time.perf_counter() - began,
            code=code(done, self.task),
            reason=reason,
            proof=prove({"lstm": self._layer}, recording) if status == "done" else {},
            model=fresh,
        )

    def _data(self, seed: int) -> dict[str, Any] | None:
        """What ``fit`` takes, laid out in batches; None where each epoch has its own order."""
        if not has_one_order():
            return None
        task = self.task
        trained_on, tested_on = as_handed((task.x, task.y), (task.x_val, task.y_val))
        samples, asked = len(trained_on[0]), len(tested_on[0])
        return {
            "x": laid_out(trained_on, order_of(seed, samples), BATCH_SIZE),
            "validation_data": laid_out(tested_on, np.arange(asked), BATCH_SIZE),
            "shuffle": False,
        }

    def newest(self) -> LayerRecording | None:
        """The masks of the last two batches; None before the first."""
        return self._recorder.newest("lstm", 2)

    def open_batch(self, layer: LayerRecording, sample: int) -> OpenedBatch | None:
        """Opens the pass of a sample of the batch just done, with the masks that it met.

        Args:
            layer: What ``newest`` gave after that batch, or the recording of the whole run.
            sample: Position in the batch.

        Returns:
            The pass; None where the batch cannot be opened.
        """
        if self._orders is None:
            return None
        return open_batch(self._model, self.task, self._orders, layer, sample)

    def explain(self, spec: RunSpec) -> Verdict:
        """Explains the layer that trains here by the black-box experiment; takes seconds."""
        with self._aside(), interrupts.minded():
            self._rates.set(spec.setting)
            return run_experiment("lstm", self._layer, seed=0)

    def cost(self, spec: RunSpec) -> Cost:
        """Measures training batches with a spec's rates and without dropout, in turn.

        The weights, the optimizer, the random streams, the rates and what was recorded come
        back as they were.
        """
        rows = min(len(self.task.x), _BATCHES * BATCH_SIZE)
        none = replace(spec.setting, dropout=0.0, recurrent_dropout=0.0)
        seconds: list[tuple[float, float]] = []
        with self._aside():
            path, path_without = self._path(spec.setting), self._path(none)
            data = self._first(rows)
            for number in range(_PAIRS + 1):
                halves = {}
                for setting in (spec.setting, none) if number % 2 else (none, spec.setting):
                    self._rates.set(setting)
                    halves[setting is none] = self._timed(data)
                # The first warms up: it may compile.
                seconds += [(halves[False], halves[True])] if number else []
        return Cost(
            batches=self.batches,
            with_dropout=statistics.median(a for a, _ in seconds),
            without=statistics.median(b for _, b in seconds),
            ratio=statistics.median(a / b for a, b in seconds),
            pairs=_PAIRS,
            path=path,
            path_without=path_without,
        )

    def _path(self, setting: Setting) -> tuple[str, ...]:
        """Which way the layer goes with a setting. A graph holds the ways of every setting."""
        self._rates.set(setting)
        with heard_call_paths(self._layer) as paths:
            self._model(self.task.x[:1], training=True)
        return tuple(paths)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Puts back, however the block ends, all that it changes here."""
        acted = self._rates.setting
        bring_home(self._model)
        variables = [*variables_without_riders(self._model), *self._model.optimizer.variables]
        before = [keras.ops.copy(variable.value) for variable in variables]
        try:
            with undisturbed(self._model), self._recorder.resting():
                yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)
            self._rates.set(acted)

    def _first(self, rows: int) -> dict[str, Any]:
        """What ``fit`` takes of the first samples, laid out in batches where that may be."""
        data = self.task.x[:rows], self.task.y[:rows]
        if not has_one_order():
            return {"x": data[0], "y": data[1], "batch_size": BATCH_SIZE}
        handed, _ = as_handed(data, data)
        return {"x": laid_out(handed, np.arange(rows), BATCH_SIZE), "shuffle": False}

    def _timed(self, data: dict[str, Any]) -> float:
        stopwatch = _Stopwatch()
        self._model.fit(**data, verbose=0, callbacks=[stopwatch])
        return statistics.median(stopwatch.seconds)

    def close(self) -> None:
        """Lets go of the model and the recording's memory."""
        atexit.unregister(self.close)
        self._open.close()


class _Stopwatch(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        del batch, logs
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        del batch, logs
        self.seconds.append(time.perf_counter() - self._began)


def shape(spec: RunSpec) -> tuple[Any, ...]:
    """What a compiled model is made for; the rest of a spec may change."""
    return tuple(getattr(spec, name) for name in _SHAPE)


def _copy(source: Model, target: Model) -> None:
    """Copies weights, random streams and the optimizer's state."""
    copy_values(*map(variables_without_riders, (source, target)))
    copy_values(source.optimizer.variables, target.optimizer.variables)
