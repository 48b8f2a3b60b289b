"""A whole training as one compiled program, for many trainings that differ in rates and seed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.cell_result import CellResult
from dropviz.core.curves import Curves
from dropviz.core.recording import Recording
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE, batches_of
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.fit_batches import as_handed, build_metrics, shuffled_orders
from dropviz.keras_inside.jax_state import variables_without_riders
from dropviz.keras_inside.seeding import seed_again, seeded
from dropviz.keras_inside.whole_training import WholeTraining
from dropviz.methods.variable_rates import VariableRates
from dropviz.studies.fitting import not_finite
from dropviz.studies.plain_training import build_for, check_trainable, record_plainly

Model = Any

SEEDS_KEPT = 8  # whose starts are kept


class _Compiled(Protocol):
    """A compiled training, of whichever backend."""

    def run(self, orders: Any) -> dict[str, list[float]]: ...


class TrainingProgram:
    """One Keras model whose whole training is compiled, to be trained again and again.

    Loops over epochs and batches run inside TensorFlow or JAX, round the model's own
    ``train_step`` and ``test_step``; rates, weights, random streams and the order of
    samples are what goes in. Each training begins anew from its seed.

    With the engine "exact" every training is to the bit that of plain Keras ``fit`` on the
    same machine: weights, the optimizer's state, curves and random streams. With "xla" it is
    that of ``fit`` with ``jit_compile=True``: with the same masks, and to the bit but for
    sums that XLA orders otherwise, which differ by a rounding of float32;
    ``compare_with_plain`` says how much. XLA draws other random numbers than TensorFlow's
    graphs do, so that one seed gives other masks with "xla" than with "exact".

    With JAX, which XLA compiles in any case, "exact" is to the bit plain Keras too, and there is no
    "xla". With TensorFlow, ``fit`` on arrays takes the samples in one order in all epochs, once
    seeds are set; so does this.

    Attributes:
        spec: Method, options, units, epochs and task of all its trainings, and the rates and
            the seed of one that is asked for without them.
        task: The data.
        engine: "exact" or "xla".
        model: The model, as the last training left it; its rates are variables.
    """

    def __init__(self, spec: RunSpec, task: Task, engine: str = "exact") -> None:
        """Builds the model; it is compiled when it is first trained.

        Args:
            spec: What is to be trained; its schedule is that of all trainings.
            task: The data.
            engine: "exact" for TensorFlow's graphs or JAX's functions, of which there is one
                for each case of rates that are 0 or above; "xla" for TensorFlow's XLA, which
                compiles for longer and trains faster.

        Raises:
            DropvizError: If the model needs more memory than there is, there is no such
                engine, masks are frozen on the way, or Keras runs on neither TensorFlow nor JAX.
        """
        check_trainable(spec, engine)
        self.spec = spec
        self.task = task
        self.engine = engine
        with interrupts.minded():
            self.model = build_for(spec, task, engine)
            self._data = as_handed((task.x, task.y), (task.x_val, task.y_val))
            self.model.optimizer.build(self.model.trainable_variables)
            some = tuple(part[:1] for part in self._data[0])
            build_metrics(self.model, some, self.model.output_shape[1:])
            self._rates = VariableRates(self.model.get_layer("lstm"), spec.setting)
        self._compiled: dict[Any, _Compiled] = {}
        self._untrained = _copies(self.model.optimizer.variables)
        self._start = lru_cache(SEEDS_KEPT)(self._fresh_values)
        self._last: RunSpec | None = None

    def spec_of(
        self,
        dropout: float | None = None,
        recurrent_dropout: float | None = None,
        seed: int | None = None,
    ) -> RunSpec:
        """The spec of one training; arguments and errors as of ``train``."""
        given: dict[str, Any] = {
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "seed": seed,
        }
        return replace(self.spec, **{name: v for name, v in given.items() if v is not None})

    def train(
        self,
        dropout: float | None = None,
        recurrent_dropout: float | None = None,
        seed: int | None = None,
    ) -> CellResult:
        """Trains once, from fresh weights.

        May seed Keras, NumPy, TensorFlow and Python as ``keras.utils.set_random_seed`` does.
        An interrupt acts when the training has come to its end.

        Args:
            dropout: Drop rate for the inputs, ``0 <= rate < 1``; that of the program's spec
                by default.
            recurrent_dropout: Drop rate of the method's other site, likewise.
            seed: Seed, 0 to 2**32 - 1, likewise.

        Returns:
            What it came to.

        Raises:
            DropvizError: If a value is out of range, or the method cannot act with it.
        """
        spec = self.spec_of(dropout, recurrent_dropout, seed)
        known = len(self._compiled)
        with interrupts.minded():
            self._last = None
            found, seconds = self._trained(spec)
            curves = Curves(found)
            self._last = spec
        failed = not math.isfinite(curves["loss"][-1])
        return CellResult(
            dropout=spec.dropout,
            recurrent_dropout=spec.recurrent_dropout,
            seed=spec.seed,
            curves=curves,
            status="failed" if failed else "done",
            reason=not_finite(curves.epochs) if failed else "",
            seconds=seconds,
            compiled=len(self._compiled) > known,
        )

    def record(
        self,
        dropout: float | None = None,
        recurrent_dropout: float | None = None,
        seed: int | None = None,
    ) -> Recording:
        """Records the masks of a training, by training it once more with plain Keras.

        Args:
            dropout: As of ``train``.
            recurrent_dropout: As of ``train``.
            seed: As of ``train``.

        Returns:
            The masks of the last batches.

        Raises:
            DropvizError: As ``train`` does.
        """
        return record_plainly(
            self.spec_of(dropout, recurrent_dropout, seed), self.task, self.engine
        )

    @property
    def weights(self) -> list[NDArray[Any]]:
        """The weights after the last training, as of ``keras.Model.get_weights``."""
        weights: list[NDArray[Any]] = self.model.get_weights()
        return weights

    @property
    def last(self) -> RunSpec | None:
        """What was trained last; None where nothing was, or it did not come to its end."""
        return self._last

    def _trained(self, spec: RunSpec) -> tuple[Mapping[str, Sequence[float]], float]:
        """The history, and the seconds that it took."""
        training = self._training_of(spec)
        orders = _orders(spec.seed, len(self.task.x), spec.epochs)
        model, start = self.model, [*self._start(spec.seed), *self._untrained]
        # What trainings of one seed share is no cost of the first of them.
        began = time.perf_counter()
        every = [*variables_without_riders(model), *model.optimizer.variables]
        for variable, value in zip(every, start, strict=True):
            variable.assign(value)
        self._rates.set(spec.setting)
        curves = training.run(orders)
        self._rates.set(spec.settings[-1])
        return curves, time.perf_counter() - began

    def _training_of(self, spec: RunSpec) -> _Compiled:
        settings, xla = spec.settings, self.engine == "xla"
        # With XLA a program more takes longer than to draw masks of ones; rates that change on
        # the way are constants of a program.
        cases = {self._rates.case(each, or_zero=xla) for each in settings}
        key = frozenset(cases), spec.setting if spec.schedule else None
        if key not in self._compiled:
            with self._rates.held_for(settings, xla=xla):
                before = self._schedule(spec) if spec.schedule else None
                whole = WholeTraining(self.model, *self._data, BATCH_SIZE, spec.epochs, before)
                self._compiled[key] = _compile(whole, xla=xla)
        return self._compiled[key]

    def _schedule(self, spec: RunSpec) -> Callable[[Any], None]:
        """What sets the rates of each batch of a training whose rates change."""
        batches = batches_of(self.task, spec.epochs)
        begins = [0, *(change.batch for change in spec.schedule)]
        at = np.searchsorted(begins, np.arange(batches), side="right") - 1
        # A change of the first batch takes the place of the start.
        settings = spec.settings
        return self._rates.each_batch([settings[number] for number in at])

    def _fresh_values(self, seed: int) -> list[NDArray[Any]]:
        """Weights and random streams of a model that is built once seeds are set."""
        with seeded(seed):
            fresh = build_for(self.spec, self.task, self.engine)
        return _copies(fresh.variables)


def _compile(whole: WholeTraining, *, xla: bool) -> _Compiled:
    """Compiles a training; a backend's own part is loaded only where it is in use."""
    if keras.config.backend() == "jax":
        from dropviz.keras_inside import compiled_training_jax

        return compiled_training_jax.CompiledTraining(whole)
    from dropviz.keras_inside import compiled_cache, compiled_training

    if xla:
        compiled_cache.name_as_before()
    return compiled_training.CompiledTraining(whole, jit_compile=xla)


def _copies(variables: Sequence[Any]) -> list[NDArray[Any]]:
    # NumPy may look at a variable's own memory, which training changes.
    return [np.asarray(each).copy() for each in variables]


@lru_cache(SEEDS_KEPT)
def _orders(seed: int, samples: int, epochs: int) -> Any:
    seed_again(seed)
    return shuffled_orders(samples, epochs)
