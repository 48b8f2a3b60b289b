"""Legal code that reaches into a layer: it trains as without a recording, and is named truly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.core.recording import Recording
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.find_layers import has_foreign_code, setting
from dropviz.recording.record import record, record_everything

pytestmark = pytest.mark.slow

Layer = Any
Model = Any

SAMPLES, BATCH, STEPS, FEATURES, UNITS = 12, 4, 3, 5, 6
X = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
Y = X[:, 0, :1]
RATES = {"dropout": 0.4, "recurrent_dropout": 0.3}


def lstm(**given: Any) -> Layer:
    return keras.layers.LSTM(UNITS, name="lstm", seed=1, **RATES, **given)


class KeywordOnly(keras.layers.LSTM):  # type: ignore[misc]
    """Its loop takes no arguments by position, as Keras gives it none."""

    def inner_loop(self, *, sequences: Any, initial_state: Any, mask: Any, training: bool) -> Any:
        return super().inner_loop(sequences, initial_state, mask, training=training)


class Attention(keras.layers.Layer):  # type: ignore[misc]
    """Attends over sequences of any length, and drops weights of shape (samples, steps, steps)."""

    def __init__(self) -> None:
        super().__init__(name="attention")
        self.drop = keras.layers.Dropout(0.5, seed=2, name="drop")

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        weights = keras.ops.softmax(keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))))
        return keras.ops.matmul(self.drop(weights, training=training), x)


class ForAll(keras.layers.LSTMCell):  # type: ignore[misc]
    """Draws one mask for all samples of a batch."""

    def _create_dropout_mask(self, step_input: Any, dropout_rate: float) -> Any:
        return super()._create_dropout_mask(step_input[:1], dropout_rate)


def keyword_only() -> Layer:
    return KeywordOnly(UNITS, name="lstm", seed=1, **RATES)


def whole_number_for_a_generator() -> Layer:
    layer = lstm()
    layer.cell.seed_generator = 42
    return layer


def for_all() -> Layer:
    return keras.layers.RNN(ForAll(UNITS, seed=1, **RATES), name="lstm")


def model_of(*layers: Layer, steps: int | None = STEPS) -> Model:
    model = keras.Sequential([keras.Input((steps, FEATURES)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def fit(model: Model) -> None:
    keras.utils.set_random_seed(4)
    model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)


def fit_any_length(model: Model) -> None:
    """Trains on batches of which TensorFlow does not know how long their sequences are."""
    keras.utils.set_random_seed(4)
    batches = [(X[at : at + BATCH], Y[at : at + BATCH]) for at in range(0, SAMPLES, BATCH)]
    specs = tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, 1))
    data = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=specs)
    model.fit(data.repeat(), steps_per_epoch=len(batches), shuffle=False, verbose=0)


def watched_as_plain(make: Callable[[], Model], fit: Callable[[Model], None] = fit) -> Recording:
    """Trains a model plain and another watched, which must end alike, to the bit."""

    def seeded() -> Model:
        keras.utils.set_random_seed(3)  # initializers take their seeds where layers are made
        return make()

    plain, model = seeded(), seeded()
    fit(plain)
    with record(model) as recording:
        fit(model)
    for mine, its in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))
    return recording


@pytest.mark.parametrize("make", [keyword_only, whole_number_for_a_generator])
def test_a_layer_of_odd_code_trains_and_is_recorded(make: Callable[[], Layer]) -> None:
    recording = watched_as_plain(lambda: model_of(make()))

    assert recording["lstm"].batches == SAMPLES // BATCH
    assert recording["lstm"]["input"].entries


def test_one_mask_for_all_samples_is_read_as_that() -> None:
    masks = watched_as_plain(lambda: model_of(for_all()))["lstm"]["input"]

    assert masks.values.shape[3] == 1
    assert masks.same_over_samples is True
    assert masks.entries


def test_what_has_no_fixed_length_is_not_recorded_and_said_to_be_so() -> None:
    recording = watched_as_plain(lambda: model_of(Attention(), lstm(), steps=None), fit_any_length)

    assert recording["lstm"]["input"].entries
    assert "no fixed length" in recording.skipped["attention/drop"]


@pytest.mark.parametrize("seed", [None, 7])
def test_a_dropout_layer_without_a_generator_trains_and_is_named(seed: int | None) -> None:
    def make() -> Model:
        drop = keras.layers.Dropout(0.5, seed=2, name="drop")
        drop.seed_generator = seed
        return model_of(lstm(), drop)

    assert "seed_generator is no" in watched_as_plain(make).skipped["drop"]


class Frames(keras.layers.Layer):  # type: ignore[misc]
    """Drops of pictures, of four axes."""

    def __init__(self) -> None:
        super().__init__(name="frames")
        self.drop = keras.layers.Dropout(0.5, seed=2, name="drop")

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.drop(x[..., None], training=training)[..., 0]


def test_what_drops_of_pictures_is_named() -> None:
    recording = watched_as_plain(lambda: model_of(Frames(), lstm()))

    assert "neither a sequence nor a vector" in recording.skipped["frames/drop"]


def ones(x: Any) -> Any:
    return keras.ops.ones_like(x)


@pytest.mark.parametrize("where", ["the cell", "its class"])
def test_a_getter_of_somebody_s_own_may_leave_masks_out(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = lstm()
    if where == "the cell":
        layer.cell.__dict__["get_dropout_mask"] = ones
    else:
        monkeypatch.setattr(keras.layers.LSTMCell, "get_dropout_mask", lambda _, x: ones(x))
    model = model_of(layer)

    with record(model) as recording:
        fit(model)

    assert recording["lstm"].drawn_only


def test_rates_as_variables_are_no_foreign_code() -> None:
    layer = lstm()
    layer.build((None, STEPS, FEATURES))
    VariableRates(layer, setting(layer.cell))

    assert not has_foreign_code(layer, layer.cell)


def test_a_loop_that_somebody_has_put_on_a_layer_stays_and_is_named() -> None:
    layer = lstm()
    theirs = layer.inner_loop
    layer.__dict__["inner_loop"] = theirs
    model = model_of(layer)

    with record_everything() as recorder:
        fit(model)

    assert "inner_loop was replaced" in recorder.recording.skipped["lstm"]
    assert vars(layer)["inner_loop"] is theirs


def test_a_compiled_step_of_before_goes_on_after_the_recording() -> None:
    model = model_of(lstm())
    fit(model)
    before = model.train_function
    with record(model) as recording:
        fit(model)

    assert recording["lstm"].batches == SAMPLES // BATCH
    assert model.train_function is before
    assert not [name for name in vars(model) if "aside" in name]


@pytest.mark.few(1)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another thread"])
def test_a_step_that_was_compiled_anew_meanwhile_makes_that_of_before_useless(
    *, elsewhere: bool
) -> None:
    model = model_of(lstm())
    fit(model)
    with record(model):
        fit(model)
        if elsewhere:
            thread = threading.Thread(target=model.compile, args=("adam", "mse"))
            thread.start()
            thread.join()
        else:
            model.compile("adam", "mse")
        fit(model)

    assert model.train_function is None
    assert not [name for name in vars(model) if "aside" in name]
    fit(model)
