"""One step of Keras's own training, taken by the page from the same weights, masks and batch."""

from __future__ import annotations

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
    for mine, its, start in zip(after, model.get_weights(), before, strict=True):
        moved = np.abs(its - start).max()
        assert moved > rate / 2  # it has taken a step at all
        np.testing.assert_allclose(np.reshape(mine, its.shape), its, rtol=0, atol=1e-6)
