"""The figures of an epoch's end, measured on a copy of the model while the next epoch trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from dropviz.core.random_streams import process_streams_kept
from dropviz.core.task import Task
from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.jax_state import bring_home, variables_without_riders
from dropviz.keras_inside.seeding import (
    backend_streams,
    backend_streams_kept,
    put_streams_back,
)
from dropviz.methods.variable_rates import VariableRates
from dropviz.studies.on_and_off import OnAndOff
from dropviz.studies.progress import Measurement
from dropviz.studies.steering import Steering

Model = Any
Variable = Any


class MeasureLater:
    """Measures a training with its masks and without them, one pass between two batches.

    Whoever moves a slider as an epoch ends waits for a pass, and not for all of them. The
    figures are those of the epoch's end to the bit.
    """

    def __init__(self, model: Model, rates: VariableRates, copy: Model, task: Task) -> None:
        """Makes what measures.

        Args:
            model: The model that trains, whose recurrent layer has the name "lstm".
            rates: The rates of that layer.
            copy: Another model of the same spec, which takes its place in the measurement.
            task: The data.
        """
        self._model, self._rates, self._copy = model, rates, copy
        self._measure = OnAndOff(copy, task)
        layer = copy.get_layer("lstm")
        self._rates_of_copy = VariableRates(layer, rates.setting, self._measure.models)

    def __call__(self, steering: Steering) -> Measurement:
        """Measures the model as it is now; all at once where its training has time to wait.

        Args:
            steering: Of the training.

        Yields:
            None before each pass, and in the end what ``OnAndOff`` gives.
        """
        bring_home(self._model)
        copy_values(*map(variables_without_riders, (self._model, self._copy)))
        self._rates_of_copy.set(self._rates.setting)
        passes = self._measure.passes()
        found, streams = None, backend_streams()
        while found is None:
            if not steering.waits:
                yield None
            with looking(), process_streams_kept(), backend_streams_kept():
                # On PyTorch a layer without a seed draws from the backend's own, which moves on.
                put_streams_back(streams)
                found, streams = next(passes), backend_streams()
        yield found


def copy_values(source: Sequence[Variable], target: Sequence[Variable]) -> None:
    """Gives variables the values of others, in their order.

    Args:
        source: The variables that they are copied from.
        target: As many of the same shapes.
    """
    for one, other in zip(source, target, strict=True):
        # A step of JAX consumes what it is given: no two models may hold one array.
        other.assign(keras.ops.copy(one.value))
