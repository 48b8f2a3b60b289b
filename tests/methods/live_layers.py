"""Layers whose rates are live, their twins whose rates are constants, and how both train."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.setting import Setting
from dropviz.methods.lstm import LSTM
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.record import record
from tests.keras_models import (
    BATCH,
    FEATURES,
    METHOD_CASES,
    UNITS,
    Layer,
    Model,
    compiled,
    data,
    fresh,
    sequential,
)

STEPS = 2
X, Y = data(BATCH + 2, STEPS, FEATURES)  # two batches, the last one smaller
# Setting of each case with its rates left at 0: the methods of the table, by their options.
PLAIN = {
    "keras": Setting(),
    **{
        name: Setting(**{k: v for k, v in case.items() if not k.endswith("dropout")})
        for name, case in METHOD_CASES.items()
    },
}


def has_recurrent(setting: Setting) -> bool:
    """Whether a method reads ``recurrent_dropout`` as it is set."""
    return "recurrent_dropout" in {setting.argument(rule) for rule in setting.row.rules}


def four(setting: Setting) -> list[Setting]:
    """A setting with each rate at 0 and above, where the method reads it."""
    return [
        replace(setting, dropout=d, recurrent_dropout=r)
        for d in (0.0, 0.37)
        for r in ((0.0, 0.11) if has_recurrent(setting) else (0.0,))
    ]


def model_of(setting: Setting, **kwargs: Any) -> Model:
    """Makes a compiled model of one layer, named "lstm", the same at each call."""
    fresh()
    layer = LSTM(UNITS, name="lstm", **vars(setting))
    return compiled(sequential(layer, steps=STEPS), **kwargs)


def live_model(setting: Setting, **kwargs: Any) -> tuple[Model, VariableRates]:
    """The same with rates that can be moved, and those rates."""
    model = model_of(setting, **kwargs)
    return model, VariableRates(model.get_layer("lstm"), setting)


@dataclass(frozen=True)
class Outcome:
    """All that a training leaves behind."""

    history: dict[str, list[float]]
    variables: dict[str, NDArray[Any]]
    recording: LayerRecording


def trained(model: Model, epochs: int = 1, **kwargs: Any) -> Outcome:
    """Trains with validation data and a last batch that is smaller, recorded."""
    with record(model, budget_mib=1) as recording:
        seen = model.fit(
            *(X, Y),
            batch_size=BATCH,
            verbose=0,
            epochs=epochs,
            validation_data=(X[:2], Y[:2]),
            **kwargs,
        )
    return Outcome(seen.history, values(model), recording["lstm"])


def values(model: Model) -> dict[str, NDArray[Any]]:
    """Weights, optimizer's state and seed states by path."""
    every = [*model.variables, *model.optimizer.variables]
    return {each.path: np.asarray(each) for each in every}


def assert_same_recording(mine: LayerRecording, its: LayerRecording) -> None:
    """Compares two recordings, masks to the bit."""
    assert list(mine) == list(its)
    for site, masks in its.items():
        np.testing.assert_array_equal(mine[site].values, masks.values)
        for fact in ("rate", "gates", "time_steps", "batch_sizes", "batches", "reason", "scale"):
            assert getattr(mine[site], fact) == getattr(masks, fact)
    assert (mine.setting, mine.sentences, mine.batches) == (its.setting, its.sentences, its.batches)
    assert (mine.draw_log is None) == (its.draw_log is None)
    if mine.draw_log is not None and its.draw_log is not None:
        np.testing.assert_array_equal(mine.draw_log.states, its.draw_log.states)
        assert (mine.draw_log.plan, mine.draw_log.dtype) == (its.draw_log.plan, its.draw_log.dtype)


def assert_same(mine: Outcome, its: Outcome) -> None:
    """Compares two trainings to the bit."""
    assert mine.history == its.history
    assert set(mine.history) == {"loss", "val_loss"}
    assert list(mine.variables) == list(its.variables)
    assert any("seed_generator_state" in path for path in its.variables)
    for path, value in its.variables.items():
        np.testing.assert_array_equal(mine.variables[path], value, err_msg=path)
    assert_same_recording(mine.recording, its.recording)


BOTH = {
    name: replace(plain, dropout=0.37, recurrent_dropout=0.11 * has_recurrent(plain))
    for name, plain in PLAIN.items()
}
# One of each method, where the options do not matter.
FEW = {each.method: each for each in reversed(BOTH.values())}


def layer_of(setting: Setting, **kwargs: Any) -> Layer:
    """A built layer, the same at each call."""
    keras.utils.set_random_seed(5)
    made = LSTM(UNITS, name="lstm", **vars(setting), **kwargs)
    made.build((None, STEPS, FEATURES))
    return made


def live_layer(setting: Setting, **kwargs: Any) -> tuple[Layer, VariableRates]:
    made = layer_of(setting, **kwargs)
    return made, VariableRates(made, setting)


def live_start(setting: Setting) -> Setting:
    """Other rates to begin with."""
    return replace(setting, dropout=0.6, recurrent_dropout=setting.recurrent_dropout / 2)
