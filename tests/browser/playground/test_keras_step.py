"""One step of Keras's own training, taken by the page from the same weights, masks and batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.setting import Setting

from .engines import Engine, masks, sequences, weights
from .every_setting import CLASSES, FEATURES, SAMPLES, STEPS, UNITS, slow_cases

pytestmark = pytest.mark.slow


@pytest.mark.few("node-keras-r0.4-float64", "node-moon-r0.4-float32", "node-zoneout-r0.4-float64")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("engine", "setting"), list(slow_cases()), indirect=["engine"])
def test_a_step_of_adam_is_keras_s_own(engine: Engine, setting: Setting, dtype: str) -> None:
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(11)
    given = {name: getattr(setting, name) for name in ("dropout", "recurrent_dropout")}
    layer = dropviz.LSTM(
        UNITS, setting.method, **given, **setting.options, dtype=dtype, name="lstm"
    )
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES), dtype=dtype),
            layer,
            keras.layers.Dense(CLASSES, activation="softmax", dtype=dtype),
        ]
    )
    rate = 1e-3
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss=loss, run_eagerly=True)
    x, y = rng.normal(size=(SAMPLES, STEPS, FEATURES)).astype(dtype), np.array([0, 2, 1])
    before = [np.array(each, np.float64) for each in model.get_weights()]

    with dropviz.record(model) as recording:
        model.train_on_batch(x, y)
    used = {site: mask.of_batch(0) for site, mask in recording["lstm"].items() if mask.entries}

    after = engine.ask(
        "adamSteps",
        weights=weights(*before),
        x=sequences(x),
        y=y.tolist(),
        masks=masks(used),
        rate=rate,
        steps=1,
        precision=dtype,
    )

    assert used
    stepped(after, model, before, rate)


@pytest.mark.parametrize("answer", [0, 1, 2])
@pytest.mark.parametrize("engine", ["node"], indirect=True)
def test_a_hopelessly_wrong_answer_has_keras_s_loss_and_step(engine: Engine, answer: int) -> None:
    # In single precision, as it trains by itself, Keras takes a softmax's logits, so that no loss
    # ends at -log(1e-7), which is 16; a model of doubles loses them where its loss is single.
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES)),
            dropviz.LSTM(UNITS),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    rate = 1e-3
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss=loss, run_eagerly=True)
    bias = np.full(CLASSES, 40.0)
    bias[answer] = 0
    model.layers[-1].set_weights([model.layers[-1].get_weights()[0], bias])
    x, y = np.random.default_rng(11).normal(size=(2, STEPS, FEATURES)), np.full(2, answer)
    before = [np.array(each, np.float64) for each in model.get_weights()]
    given = {
        "weights": weights(*before),
        "x": sequences(x),
        "y": y.tolist(),
        "masks": {},
        "precision": "float32",
    }

    lost = float(model.train_on_batch(x, y))

    mine = engine.ask("gradients", **given)["loss"]
    assert lost > 35
    assert mine == pytest.approx(lost, rel=1e-6)
    after = engine.ask("adamSteps", **given, rate=rate, steps=1)
    # Adam divides by the size of a gradient, and one of nearly nothing is its rounding.
    stepped(after, model, before, rate, near=1e-5)


def stepped(
    after: Any, model: keras.Model, before: list[Any], rate: float, near: float = 1e-6
) -> None:
    """Whether weights moved as Keras moved them."""
    for mine, its, start in zip(after, model.get_weights(), before, strict=True):
        moved = np.abs(its - start).max()
        assert moved > rate / 2  # it has taken a step at all
        np.testing.assert_allclose(np.reshape(mine, its.shape), its, rtol=0, atol=near)
