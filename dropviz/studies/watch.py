"""Watches code that trains models of its own: what `%%lstm_dropout` does to a cell."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.curves import Curves, Trained, shown_of
from dropviz.core.trace_result import Proof
from dropviz.keras_inside import hooks
from dropviz.keras_inside.step_functions import TRAIN
from dropviz.methods.rate_override import overridden_rates
from dropviz.recording.record import record_everything
from dropviz.recording.recorder import Recorder
from dropviz.recording.trace import prove
from dropviz.recording.trained_models import TrainedModel
from dropviz.recording.whole_batches import add_callback
from dropviz.studies.progress import CurveCollector, Listener

Model = Any


_ALONE = "(in no model)"


@dataclass(frozen=True)
class Fitted:
    """A model that was fitted.

    Attributes:
        trained: What is known of the model.
        collector: Collects its curves.
    """

    trained: TrainedModel
    collector: CurveCollector


class Watched:
    """What came by while code was watched.

    Of many models the last with a recurrent layer is kept, or the first of those without; the
    others go when nobody needs them.

    Attributes:
        fitted: The models that were fitted, in the order of their last fit.
        recording: The masks of every recurrent layer that trained.
        layers: Gives the recorded layers that are still there, by their names in the recording.
        built: References to the cells that were built with the rates given.
    """

    def __init__(
        self, recorder: Recorder, listener: Listener | None, built: Sequence[weakref.ref[Any]]
    ) -> None:
        self.fitted: list[Fitted] = []
        self.recording = recorder.recording
        self.layers = recorder.layers
        self.built = built
        self._recorder = recorder
        self._kept: Model = None
        self._listener = listener
        self._signature = inspect.signature(keras.Model.fit)

    @property
    def models(self) -> tuple[Trained, ...]:
        """The models that trained, in the order in which each did last.

        Layers that no model is known of, as in a loop that calls them by themselves, come
        first, in one entry; where there is no model at all, there is none.
        """
        curves = {each.trained: each.collector.curves for each in self.fitted}
        known = list(self._recorder.models)
        trained = [each for each in known if each in curves or not each.only_called]
        silent = self._recorder.dropouts.silent
        models = [
            Trained(
                each.name,
                tuple(name for name in each.layers if name not in silent),
                curves.get(each, Curves()),
            )
            # Where none trained, those that were called are what there is to see.
            for each in trained or known
            if each.layers or each in curves
        ]
        inside = {name for each in known for name in each.layers}
        alone = tuple(name for name in self._recorder.cells.paths if name not in inside)
        return (*([Trained(_ALONE, alone)] if alone and models else []), *models)

    @property
    def model(self) -> Model:
        """The model that a report shows; None where there is none, or it is gone."""
        shown = shown_of(self.models)
        kept = next((each for each in self._recorder.models if each.model() is self._kept), None)
        return self._kept if shown and kept and kept.name == shown.name else None

    @property
    def curves(self) -> Curves:
        """The curves of that model."""
        shown = shown_of(self.models)
        return shown.curves if shown else Curves()

    def proof(self) -> dict[str, Proof]:
        """How far NumPy is from the recorded layers that are still there."""
        return prove(self.layers(), self.recording)

    def on_make(self, model: Model, *_: Any, **__: Any) -> None:
        """Keeps a model that is about to train."""
        if self._kept is None or self._recorder.models.trains(model).layers:
            self._kept = model

    def on_fit(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Adds a callback to a call of ``fit``."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None  # fit will say so itself, in its own words
        add_callback(bound, args[0], self._collector_for(args[0]))
        return bound.args, bound.kwargs

    def _collector_for(self, model: Model) -> CurveCollector:
        trained = self._recorder.models.trains(model)
        again = next((each for each in self.fitted if each.trained is trained), None)
        if self.fitted:
            # Keras gives a callback its model for good.
            self.fitted[-1].collector.set_model(None)
        if again is None:
            again = Fitted(trained, CurveCollector(self._listener))
        else:
            self.fitted.remove(again)
        self.fitted.append(again)
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
    rates = overridden_rates(dropout, recurrent_dropout)
    with record_everything() as recorder, rates as built:
        watched = Watched(recorder, listener, built)
        # After the recorder's own: it knows the model's layers then.
        make = hooks.before(keras.Model, f"make_{TRAIN}", watched.on_make)
        with hooks.before(keras.Model, "fit", watched.on_fit), make:
            yield watched
