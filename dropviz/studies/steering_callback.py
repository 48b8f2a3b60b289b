"""Puts what is wanted of a training in force, batch by batch."""

from __future__ import annotations

from typing import Any

import keras

from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.keras_inside.jax_state import bring_home
from dropviz.keras_inside.seeding import backend_streams, put_streams_back
from dropviz.methods.variable_rates import VariableRates
from dropviz.studies.steering import Steering


class SteeringCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Puts what is wanted in force, batch by batch, and notes the changes.

    Attributes:
        changes: The changes so far, in the order of their batches.
        batches: Batches begun so far.
    """

    def __init__(self, rates: VariableRates, spec: RunSpec, steering: Steering) -> None:
        super().__init__()
        self.changes: list[Change] = []
        self._rates = rates
        self._spec = spec
        self._steering = steering
        self.batches = 0
        self._state: Any = None
        rates.set(spec.setting)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Waits, stops, or sets the rates."""
        del batch, logs
        change = self._steering.at(self.batches)
        before = self.changes[-1] if self.changes else self._spec.start
        moves = change.differs(before)
        if moves or self._state is not None:
            bring_home(self.model)  # inside an epoch JAX has taken the variables' values
        if moves:
            if self._rates.set(self._spec.setting_at(change)):
                self._steering.on_compile()
            self.changes.append(change)
            if change.frozen != before.frozen:
                self._state = self._streams() if change.frozen else None
        if self._state is not None:
            # The same random numbers again: the same masks, at the rates of the moment.
            own, beside = self._state
            self._rates.rewind(own)
            put_streams_back(beside)
        self.batches += 1

    def _streams(self) -> tuple[Any, list[Any]]:
        """Where the layer's stream stands, and PyTorch's, from which one without a seed draws.

        The order of PyTorch's next epoch comes from that too: with frozen masks it is one order.
        """
        return self._rates.stream(), backend_streams()
