from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.dropout_mask import (
    call_with_mask,
    drops_by_mask,
    has_foreign_call,
    has_own_call,
    replace_call,
    restore_call,
)

X = tf.random.stateless_normal((3, 5, 4), [1, 2])
MOVED = (
    "Keras no longer draws a Dropout layer's mask once from `seed_generator.next()` "
    "(keras/src/layers/regularization/dropout.py): see dropviz/keras_inside/dropout_mask.py."
)
MADE = {
    "Dropout": lambda: keras.layers.Dropout(0.3, seed=5),
    "one for all steps": lambda: keras.layers.Dropout(0.5, noise_shape=(None, 1, None), seed=5),
    "SpatialDropout1D": lambda: keras.layers.SpatialDropout1D(0.4, seed=5),
    "float16": lambda: keras.layers.Dropout(0.3, seed=5, dtype="float16"),
}


class OfOnesOwn(keras.layers.Dropout):  # type: ignore[misc]
    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return super().call(inputs, training=training) + 1


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", MADE)
def test_the_mask_is_the_one_that_the_outputs_were_multiplied_with(
    name: str, *, compiled: bool
) -> None:
    layer, twin = MADE[name](), MADE[name]()
    x = tf.cast(X, layer.compute_dtype)
    call = tf.function(call_with_mask) if compiled else call_with_mask
    for _ in range(3):
        outputs, mask = (np.asarray(each) for each in call(layer, x))
        np.testing.assert_array_equal(outputs, np.asarray(twin(x, training=True)), MOVED)
        np.testing.assert_array_equal(mask != 0, outputs != 0, MOVED)
        kept = mask[mask != 0]
        # The scale is one number, 1 / (1 - rate), in the type that the layer computes in.
        np.testing.assert_allclose(kept, 1 / (1 - layer.rate), rtol=1e-3)
        assert len(set(kept.tolist())) == 1, MOVED
        np.testing.assert_array_equal(np.asarray(x) * mask, outputs)
    np.testing.assert_array_equal(layer.seed_generator.state, twin.seed_generator.state, MOVED)
    assert type(layer.seed_generator) is keras.random.SeedGenerator


def test_a_replaced_call_is_the_one_that_keras_makes() -> None:
    layer = keras.layers.Dropout(0.5)
    heard: list[bool] = []

    def call(inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        heard.append(training)
        return inputs

    replace_call(layer, call)

    layer(X, training=True)

    assert heard == [True], "Layer.__call__ no longer looks `call` up on the layer"
    assert has_own_call(layer)
    restore_call(layer)
    assert not has_own_call(layer)


def test_the_call_that_somebody_else_gave_a_layer_is_theirs_and_stays() -> None:
    layer, ours, theirs = keras.layers.Dropout(0.5), lambda x: x, lambda x: -x
    told = [has_foreign_call(layer)]
    layer.call = theirs
    told.append(has_foreign_call(layer))
    restore_call(layer)
    told.append(vars(layer)["call"] is theirs)
    replace_call(layer, ours)
    told.append(has_foreign_call(layer))

    assert told == [False, True, True, False]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (keras.layers.Dropout(0.5), True),
        (keras.layers.SpatialDropout1D(0.5), True),
        (keras.layers.GaussianDropout(0.5), False),
        (keras.layers.AlphaDropout(0.5), False),
        (OfOnesOwn(0.5), False),
        (keras.layers.Dense(2), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_only_layers_that_multiply_by_a_mask_do(layer: Any, expected: bool) -> None:  # noqa: FBT001
    assert drops_by_mask(layer) == expected
