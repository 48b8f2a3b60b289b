"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.cell_masks import kept_masks
from dropviz.keras_inside.inner_loop import (
    class_inner_loop,
    has_own_inner_loop,
    replace_inner_loop,
    replaced_inner_loop,
    restore_inner_loop,
)

MOVED = (
    "keras/src/layers/rnn/rnn.py: RNN.call no longer draws the masks and then calls "
    "inner_loop(sequences, initial_state, mask, training=...); "
    "dropviz/keras_inside/inner_loop.py leans on it."
)
X = np.ones((2, 3, 4), "float32")
KINDS = [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loop_is_called_once_where_masks_are_drawn_and_not_used_yet(kind: Any) -> None:
    layer = kind(5, dropout=0.5, recurrent_dropout=0.5)
    seen: list[tuple[Any, ...]] = []

    def inner_loop(
        sequences: Any,
        initial_state: Any,
        mask: Any,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        masks = kept_masks(layer.cell, "dropout"), kept_masks(layer.cell, "recurrent_dropout")
        seen.append((sequences.shape, training, *(each is not None for each in masks)))
        return class_inner_loop(layer)(sequences, initial_state, mask, training=training)

    with replaced_inner_loop(layer, inner_loop):
        out = layer(X, training=True)

    assert seen == [((2, 3, 4), True, True, True)], MOVED
    assert out.shape == (2, 5), MOVED
    assert kept_masks(layer.cell, "dropout") is None, MOVED


def test_a_replaced_loop_is_told_from_the_class_s_own() -> None:
    layer = keras.layers.LSTM(2)

    replace_inner_loop(layer, print)
    replaced = has_own_inner_loop(layer)
    restore_inner_loop(layer)

    assert (replaced, has_own_inner_loop(layer)) == (True, False)


@pytest.mark.parametrize("before", [None, print])
def test_the_loop_of_before_comes_back_after_an_error(before: Any) -> None:
    layer = keras.layers.LSTM(2)
    if before:
        replace_inner_loop(layer, before)

    with pytest.raises(ZeroDivisionError), replaced_inner_loop(layer, len):
        raise ZeroDivisionError

    assert vars(layer).get("inner_loop") is before
