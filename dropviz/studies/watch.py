"""Watches code that trains models of its own: what `%%lstm_dropout` does to a cell."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.runs import Curves
from dropviz.core.trace_result import Proof
from dropviz.keras_inside import hooks
from dropviz.methods.rate_override import overridden_rates
from dropviz.recording.recorder import Recorder, record_everything
from dropviz.recording.trace import prove
from dropviz.studies.progress import CurveCollector, Listener

Model = Any


@dataclass(frozen=True)
class Fitted:
    """A model that was fitted.

    Attributes:
        name: Its name.
        model: Gives the model, or None where nobody needs it any more.
        collector: Collects its curves.
    """

    name: str
    model: weakref.ref[Model]
    collector: CurveCollector


class Watched:
    """What came by while code was watched.

    Of many models the last one fitted is kept; the others go when nobody needs them.

    Attributes:
        fitted: The models that were fitted, in the order of their last fit.
        model: The last of them, or None.
        recording: The masks of every recurrent layer that trained.
        layers: Gives the recorded layers that are still there, by their names in the recording.
    """

    def __init__(self, recorder: Recorder, listener: Listener | None) -> None:
        self.fitted: list[Fitted] = []
        self.model: Model = None
        self.recording = recorder.recording
        self.layers = recorder.layers
        self._listener = listener
        self._signature = inspect.signature(keras.Model.fit)

    @property
    def curves(self) -> Curves:
        """The curves of the model that was fitted last."""
        return self.fitted[-1].collector.curves if self.fitted else Curves()

    def proof(self) -> dict[str, Proof]:
        """How far NumPy is from the recorded layers that are still there."""
        return prove(self.layers(), self.recording)

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
        again = next((each for each in self.fitted if each.model() is model), None)
        if self.fitted:
            # Keras gives a callback its model for good.
            self.fitted[-1].collector.set_model(None)
        if again is None:
            again = Fitted(model.name, weakref.ref(model), CurveCollector(self._listener))
        else:
            self.fitted.remove(again)
        self.fitted.append(again)
        self.model = model
        return again.collector


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
    with record_everything() as recorder, overridden_rates(dropout, recurrent_dropout):
        watched = Watched(recorder, listener)
        with hooks.before(keras.Model, "fit", watched.on_fit):
            yield watched
