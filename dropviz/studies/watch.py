"""Watches code that trains models of its own: what `%%lstm_dropout` does to a cell."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.core.recording import Recording
from dropviz.core.runs import Curves
from dropviz.core.trace_result import Proof
from dropviz.keras_inside import hooks
from dropviz.methods.rate_override import overridden_rates
from dropviz.recording.recorder import record_everything
from dropviz.recording.trace import prove
from dropviz.studies.progress import CurveCollector, Listener

Model = Any


class Watched:
    """What came by while code was watched.

    Attributes:
        recording: The masks of every recurrent layer that trained.
        models: The models that were fitted, in the order of their first fit.
    """

    def __init__(self, recording: Recording, listener: Listener | None) -> None:
        self.recording = recording
        self.models: list[Model] = []
        self._collectors: list[CurveCollector] = []
        self._listener = listener
        self._signature = inspect.signature(keras.Model.fit)

    @property
    def curves(self) -> Curves:
        """The curves of the model that was fitted last."""
        return self._collectors[-1].curves if self._collectors else Curves()

    def proof(self) -> dict[str, Proof]:
        """How far NumPy is from the recorded layers of the models that were fitted."""
        found: dict[str, Proof] = {}
        for model in self.models:
            found |= prove(model, self.recording)
        return found

    def on_fit(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Adds a callback to a call of ``fit``."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None  # fit will say so itself, in its own words
        collector = self._collector_for(args[0])
        callbacks = bound.arguments.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            # A list of its own, so that the user's stays as it is.
            bound.arguments["callbacks"] = keras.callbacks.CallbackList(
                [callbacks, collector], model=args[0], **(callbacks.params or {})
            )
        else:
            bound.arguments["callbacks"] = [*keras.tree.flatten(callbacks or []), collector]
        return bound.args, bound.kwargs

    def _collector_for(self, model: Model) -> CurveCollector:
        for number, each in enumerate(self.models):
            if each is model:
                self.models.append(self.models.pop(number))
                self._collectors.append(self._collectors.pop(number))
                return self._collectors[-1]
        self.models.append(model)
        self._collectors.append(CurveCollector(self._listener))
        return self._collectors[-1]


@contextmanager
def watch_everything(
    dropout: float | None = None,
    recurrent_dropout: float | None = None,
    listener: Listener | None = None,
) -> Iterator[Watched]:
    """Records and follows every training inside the block, without disturbing it.

    Args:
        dropout: Where given, the rate of every LSTM built inside the block.
        recurrent_dropout: Likewise.
        listener: Told how trainings with ``fit`` go.

    Yields:
        What came by; complete after the block.
    """
    with record_everything() as recording, overridden_rates(dropout, recurrent_dropout):
        watched = Watched(recording, listener)
        with hooks.before(keras.Model, "fit", watched.on_fit):
            yield watched
