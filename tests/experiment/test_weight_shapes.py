from __future__ import annotations

from typing import Any

import keras
import pytest

from dropviz.experiment.weight_shapes import looks_recurrent

FEATURES = 3
Layer = Any


def built(layer: Layer, *shape: int | None) -> Layer:
    layer.build(shape or (None, None, FEATURES))
    return layer


@pytest.mark.parametrize(
    ("layer", "answer"),
    [
        (lambda: built(keras.layers.LSTM(4)), True),
        (lambda: built(keras.layers.LSTM(4, use_bias=False)), True),
        (lambda: built(keras.layers.GRU(4)), True),
        (lambda: built(keras.layers.GRU(4, reset_after=False)), True),
        (lambda: built(keras.layers.SimpleRNN(4)), False),
        (lambda: built(keras.layers.Dense(4), None, 3), False),
        (lambda: keras.layers.LSTM(4), False),
        (lambda: built(keras.layers.ConvLSTM1D(2, 2), None, 4, 6, 3), False),
    ],
)
def test_what_looks_recurrent(layer: Any, answer: bool) -> None:  # noqa: FBT001
    assert looks_recurrent(layer()) is answer
