from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.experiment.weight_shapes import looks_recurrent, shape_of

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


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        ([(3, 16), (4, 16), (16,)], ("LSTM", LSTM_GATES, 3, 4, (16,))),
        ([(3, 16), (4, 16)], ("LSTM", LSTM_GATES, 3, 4, None)),
        ([(5, 6), (2, 6), (2, 6)], ("GRU", GRU_GATES, 5, 2, (2, 6))),
        ([(3, 16), (4, 16), (4,)], None),
        ([(3, 16), (4, 12), (16,)], None),
        ([(3, 18), (4, 18), (18,)], None),
        ([(3, 8), (4, 8), (8,)], None),
        ([(3, 16), (4, 16), (16,), (16,)], None),
        ([(3, 16)], None),
    ],
    ids=str,
)
def test_what_the_shapes_of_weights_tell(shapes: list[tuple[int, ...]], told: Any) -> None:
    layer = SimpleNamespace(weights=[SimpleNamespace(shape=shape) for shape in shapes])
    assert shape_of(layer) == told
