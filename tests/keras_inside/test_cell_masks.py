"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.cell_masks import (
    forget_masks,
    keep_masks,
    keeps_masks,
    kept_masks,
    replace_mask_getter,
)

MOVED = (
    "keras/src/layers/rnn/dropout_rnn_cell.py: a cell keeps its masks elsewhere, or draws them "
    "otherwise; dropviz/keras_inside/cell_masks.py leans on it."
)
X = np.ones((2, 4), "float32")
ARGUMENTS = ("dropout", "recurrent_dropout")
CELLS = [keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell]


def drawn(cell: Any, argument: str) -> Any:
    return getattr(cell, f"get_{argument}_mask")(X)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("argument", ARGUMENTS)
def test_what_a_cell_draws_is_what_it_keeps_until_it_forgets(kind: Any, argument: str) -> None:
    cell = kind(4, dropout=0.5, recurrent_dropout=0.5)
    assert kept_masks(cell, argument) is None, MOVED
    assert keeps_masks(cell), MOVED

    masks = drawn(cell, argument)

    assert kept_masks(cell, argument) is masks, MOVED
    assert drawn(cell, argument) is masks, MOVED
    forget_masks(cell)
    assert kept_masks(cell, argument) is None, MOVED


def test_how_many_masks_a_cell_draws_is_said() -> None:
    untied = keras.layers.LSTMCell(4, dropout=0.5, recurrent_dropout=0.5)
    untied.implementation = 1

    assert untied.dropout_mask_count == 4, MOVED
    assert len(drawn(untied, "dropout")) == 4, MOVED


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_masks_that_a_cell_is_given_are_those_it_takes(argument: str) -> None:
    cell = keras.layers.LSTMCell(4, dropout=0.5, recurrent_dropout=0.5)
    mine = [np.zeros((2, 4), "float32")]

    keep_masks(cell, argument, mine)

    assert drawn(cell, argument) is mine, MOVED


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_a_getter_of_one_s_own_is_asked_by_the_layer(argument: str) -> None:
    layer = keras.layers.LSTM(4, dropout=0.5, recurrent_dropout=0.5)
    asked: list[tuple[int, ...]] = []

    def none(step_input: Any) -> Any:
        asked.append(tuple(step_input.shape))
        return [np.ones(step_input.shape, "float32")] * 4

    replace_mask_getter(layer.cell, argument, none)
    layer(np.ones((2, 3, 4), "float32"), training=True)

    assert set(asked) == {(2, 4)}, MOVED


def test_a_layer_that_is_no_cell_keeps_none_and_forgets_without_harm() -> None:
    layer = keras.layers.Dense(2)

    forget_masks(layer)

    assert (keeps_masks(layer), kept_masks(layer, "dropout")) == (False, None)
