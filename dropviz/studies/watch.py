"""Watches code that trains models of its own: what `%%lstm_dropout` does to a cell."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.runs import Curves
from dropviz.core.trace_result import Proof
from dropviz.keras_inside import hooks
from dropviz.keras_inside.interrupts import safe_point
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
        _add_callback(bound, args[0], self._collector_for(args[0]))
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


class _SafePoints(keras.callbacks.Callback):  # type: ignore[misc]
    """Lets interrupts act between the batches of an evaluation or a prediction."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        del batch, logs
        safe_point()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        del batch, logs
        safe_point()


def _add_callback(bound: inspect.BoundArguments, model: Model, callback: Any) -> None:
    callbacks = bound.arguments.get("callbacks")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        # A list of its own, so that the user's stays as it is.
        bound.arguments["callbacks"] = keras.callbacks.CallbackList(
            [callbacks, callback], model=model, **(callbacks.params or {})
        )
    else:
        bound.arguments["callbacks"] = [*keras.tree.flatten(callbacks or []), callback]


@contextmanager
def _whole_batches() -> Iterator[None]:
    """Has interrupts wait, inside the block, until a batch has been evaluated or predicted.

    TensorFlow makes errors of its own of an interrupt that comes while it traces.
    """

    def on_pass(signature: inspect.Signature, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return None
        # One inside of fit brings what acts with it.
        if isinstance(bound.arguments.get("callbacks"), keras.callbacks.CallbackList):
            return None
        _add_callback(bound, args[0], _SafePoints())
        return bound.args, bound.kwargs

    with ExitStack() as stack:
        for name in ("evaluate", "predict"):
            signature = inspect.signature(getattr(keras.Model, name))
            hook = hooks.before(keras.Model, name, functools.partial(on_pass, signature))
            stack.enter_context(hook)
        for name in ("train_on_batch", "test_on_batch", "predict_on_batch"):
            stack.enter_context(hooks.before(keras.Model, name, lambda *_, **__: None))
        yield


@contextmanager
def watch_everything(
    dropout: float | None = None,
    recurrent_dropout: float | None = None,
    listener: Listener | None = None,
) -> Iterator[Watched]:
    """Records and follows every training inside the block, without disturbing it.

    Interrupts wait, where they are minded, until a batch has come to its end.

    Args:
        dropout: Where given, the rate of every LSTM built inside the block.
        recurrent_dropout: Likewise.
        listener: Told how trainings with ``fit`` go.

    Yields:
        What came by; complete after the block.
    """
    with record_everything() as recorder, overridden_rates(dropout, recurrent_dropout):
        watched = Watched(recorder, listener)
        with hooks.before(keras.Model, "fit", watched.on_fit), _whole_batches():
            yield watched
