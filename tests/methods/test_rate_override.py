from __future__ import annotations

import gc
from typing import Any

import keras
import pytest

from dropviz.methods.rate_override import overridden_rates

GIVEN = {"dropout": 0.1, "recurrent_dropout": 0.2}


def rates(layer: Any) -> tuple[float, float]:
    return layer.dropout, layer.recurrent_dropout


def test_both_rates_of_an_lstm_built_inside_are_set() -> None:
    with overridden_rates(0.3, 0.4):
        layer = keras.layers.LSTM(2, **GIVEN)

    assert rates(layer) == (0.3, 0.4)
    assert rates(layer.cell) == (0.3, 0.4)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"dropout": 0.3}, (0.3, 0.2)),
        ({"recurrent_dropout": 0.4}, (0.1, 0.4)),
        ({"dropout": 0.0, "recurrent_dropout": 0.0}, (0.0, 0.0)),
        ({}, (0.1, 0.2)),
        ({"dropout": None}, (0.1, 0.2)),
    ],
    ids=["dropout", "recurrent_dropout", "zero is a rate", "neither", "none"],
)
def test_a_rate_that_is_not_given_stays_as_the_code_says(
    wanted: dict[str, Any], kept: tuple[float, float]
) -> None:
    with overridden_rates(**wanted):
        layer = keras.layers.LSTM(2, **GIVEN)

    assert rates(layer) == kept


def test_both_directions_of_a_bidirectional_layer_are_set() -> None:
    with overridden_rates(0.3, 0.4):
        layer = keras.layers.Bidirectional(keras.layers.LSTM(2, **GIVEN))

    assert rates(layer.forward_layer) == rates(layer.backward_layer) == (0.3, 0.4)


def test_the_cell_of_an_rnn_is_set() -> None:
    with overridden_rates(0.3, 0.4):
        layer = keras.layers.RNN(keras.layers.LSTMCell(2, **GIVEN))

    assert rates(layer.cell) == (0.3, 0.4)


def test_stacked_cells_are_set() -> None:
    with overridden_rates(0.3, 0.4):
        layer = keras.layers.RNN([keras.layers.LSTMCell(2), keras.layers.LSTMCell(3)])

    assert [rates(cell) for cell in layer.cell.cells] == [(0.3, 0.4)] * 2


def test_an_lstm_made_from_a_config_is_set() -> None:
    config = keras.layers.LSTM(2, **GIVEN).get_config()

    with overridden_rates(0.3, 0.4):
        layer = keras.layers.LSTM.from_config(config)

    assert rates(layer) == (0.3, 0.4)


def test_an_lstm_of_ones_own_class_is_set() -> None:
    class Own(keras.layers.LSTM):  # type: ignore[misc]
        pass

    with overridden_rates(0.3, 0.4):
        assert rates(Own(2)) == (0.3, 0.4)


@pytest.mark.parametrize("kind", [keras.layers.GRU, keras.layers.SimpleRNN])
def test_other_layers_keep_their_rates(kind: Any) -> None:
    with overridden_rates(0.3, 0.4):
        assert rates(kind(2, **GIVEN)) == (0.1, 0.2)


def test_an_lstm_built_before_or_after_keeps_its_rates() -> None:
    before = keras.layers.LSTM(2, **GIVEN)
    with overridden_rates(0.3, 0.4):
        pass
    after = keras.layers.LSTM(2, **GIVEN)

    assert rates(before) == rates(after) == (0.1, 0.2)


def test_a_layer_says_the_set_rates_in_its_config() -> None:
    with overridden_rates(0.3, 0.4):
        config = keras.layers.LSTM(2).get_config()

    assert (config["dropout"], config["recurrent_dropout"]) == (0.3, 0.4)


def test_the_cell_s_other_arguments_arrive_unchanged() -> None:
    with overridden_rates(0.3, 0.4):
        cell = keras.layers.LSTMCell(5, "sigmoid", use_bias=False, name="mine")

    assert cell.units == 5
    assert cell.activation is keras.activations.sigmoid
    assert cell.use_bias is False
    assert cell.name == "mine"


def test_blocks_may_nest_and_the_inner_one_wins() -> None:
    with overridden_rates(0.3, 0.3):
        with overridden_rates(dropout=0.5):
            inner = keras.layers.LSTM(2)
        outer = keras.layers.LSTM(2)

    assert rates(inner) == (0.5, 0.3)
    assert rates(outer) == (0.3, 0.3)


def test_the_cells_that_were_given_rates_are_told() -> None:
    before = keras.layers.LSTM(2, **GIVEN)
    with overridden_rates(0.3) as built:
        inside = keras.layers.LSTM(2)
        keras.layers.GRU(2)
    keras.layers.LSTM(2)

    cells = [cell for reference in built if (cell := reference()) is not None]
    assert any(cell is inside.cell for cell in cells)
    assert not any(cell is before.cell for cell in cells)
    assert not any(isinstance(cell, keras.layers.GRUCell) for cell in cells)


def test_no_cell_is_held_for_the_sake_of_telling() -> None:
    with overridden_rates(0.3) as built:
        keras.layers.LSTMCell(2)
    gc.collect()

    assert [reference() for reference in built] == [None]


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_constructor_is_keras_s_own_after_the_block(error: type[BaseException] | None) -> None:
    original = keras.layers.LSTMCell.__init__

    try:
        with overridden_rates(0.3, 0.4):
            assert keras.layers.LSTMCell.__init__ is not original
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass

    assert keras.layers.LSTMCell.__init__ is original


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((2,), {"units": 2}), ((2,), {"droput": 0.1})],
    ids=["missing", "twice", "misspelt"],
)
def test_a_wrong_call_is_refused_in_keras_s_own_words(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError)) as own:
        keras.layers.LSTMCell(*args, **kwargs)

    with overridden_rates(0.3, 0.4), pytest.raises(type(own.value)) as caught:
        keras.layers.LSTMCell(*args, **kwargs)

    assert str(caught.value) == str(own.value)
