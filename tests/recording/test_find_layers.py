from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.setting import Setting
from dropviz.methods.lstm import LSTM
from dropviz.recording.find_layers import (
    cells,
    cells_without_layer,
    has_foreign_code,
    kind,
    noise_layers,
    recurrent_layers,
    setting,
    unrecordable,
)
from tests.keras_models import FEATURES, KINDS, STEPS, UNITS, Layer, lstm, rnn, sequential

PATHS = {
    "lstm": ["lstm"],
    "rnn of cells": ["cells"],
    "functional": ["rnn"],
    "subclassed": ["rnn"],
    "nested": ["inner/rnn"],
    "stacked layers": ["lower", "upper"],
    "bidirectional": ["bidirectional/forward_lstm", "bidirectional/backward_lstm"],
    "time distributed": ["td/rnn"],
    "shared": ["rnn"],
}


@pytest.mark.parametrize(("name", "paths"), PATHS.items())
def test_layers_are_found_under_their_paths(name: str, paths: list[str]) -> None:
    assert [found.path for found in recurrent_layers(KINDS[name].build())] == paths


def test_a_recurrent_layer_is_found_in_itself() -> None:
    layer = lstm()

    (found,) = recurrent_layers(layer)

    assert (found.path, found.layer) == ("lstm", layer)


def test_a_wrapper_is_looked_into_from_itself() -> None:
    wrapped = keras.layers.Bidirectional(lstm())

    assert [found.path for found in recurrent_layers(wrapped)] == [
        "forward_lstm",
        "backward_lstm",
    ]


def test_deeply_nested_layers_are_found() -> None:
    model = rnn()
    for name in ("inner", "middle", "outer"):
        model = keras.Sequential([keras.Input((STEPS, FEATURES)), model], name=name)

    assert [found.path for found in recurrent_layers(model)] == ["middle/inner/rnn"]


def test_a_model_used_twice_is_found_once() -> None:
    inner = keras.Sequential([keras.Input((STEPS, FEATURES)), rnn()], name="inner")
    one, two = keras.Input((STEPS, FEATURES)), keras.Input((STEPS, FEATURES))
    model = keras.Model([one, two], inner(one) + inner(two))

    assert [found.path for found in recurrent_layers(model)] == ["inner/rnn"]


def test_layers_in_a_list_of_a_subclassed_model_are_found() -> None:
    class Listed(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.towers = [rnn(name="one"), rnn(name="two")]

    assert [found.path for found in recurrent_layers(Listed())] == ["one", "two"]


class Pair(keras.Model):  # type: ignore[misc]
    """Two layers of one name, as a subclassed model may have them."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = (keras.layers.LSTM(2, name="lstm") for _ in range(2))

    def call(self, x: Any) -> Any:
        return self.one(x) + self.two(x)


def test_layers_of_one_name_have_paths_of_their_own() -> None:
    model = Pair()
    model(np.zeros((1, 2, 3)))

    found = recurrent_layers(model)

    assert [(each.path, each.layer) for each in found] == [
        ("lstm", model.one),
        ("lstm#2", model.two),
    ]


def test_a_model_without_any_has_none() -> None:
    assert recurrent_layers(keras.Sequential([keras.layers.Dense(1)])) == []


def test_a_cell_alone_is_no_recurrent_layer() -> None:
    assert recurrent_layers(keras.layers.LSTMCell(UNITS)) == []


# ---------------------------------------------------------------- cells


def test_a_single_cell_has_its_layers_path() -> None:
    layer = lstm()

    assert cells(layer, "a/lstm") == [("a/lstm", layer.cell)]


def test_stacked_cells_have_paths_of_their_own() -> None:
    layer = KINDS["rnn of cells"].build().layers[0]

    assert cells(layer, "a") == [
        ("a/low", layer.cell.cells[0]),
        ("a/gru_cell", layer.cell.cells[1]),
    ]


@pytest.mark.parametrize(
    ("make", "name", "gates"),
    [
        (keras.layers.LSTMCell, "LSTM", ("i", "f", "g", "o")),
        (keras.layers.GRUCell, "GRU", ("z", "r", "g")),
        (keras.layers.SimpleRNNCell, "SimpleRNN", ("h",)),
    ],
)
def test_a_cell_has_a_kind_and_gates(
    make: Callable[..., Layer], name: str, gates: tuple[str, ...]
) -> None:
    assert kind(make(UNITS)) == (name, gates)


class Unmasked(keras.layers.Layer):  # type: ignore[misc]
    state_size = output_size = UNITS


class Derived(keras.layers.GRUCell):  # type: ignore[misc]
    pass


def test_a_derived_cell_is_of_its_parents_kind() -> None:
    assert kind(Derived(UNITS)) == ("GRU", ("z", "r", "g"))


def test_another_cell_has_its_own_name_and_no_gates() -> None:
    assert kind(Unmasked()) == ("Unmasked", ())


@pytest.mark.parametrize("make", [lstm, rnn, lambda: keras.layers.RNN(Derived(UNITS))])
def test_layers_of_keras_can_be_recorded(make: Callable[[], Layer]) -> None:
    layer = make()

    assert unrecordable(layer, layer.cell) == ""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: keras.layers.ConvLSTM1D(2, 2), "ConvLSTM1D masks images"),
        (lambda: keras.layers.ConvLSTM2D(2, 2), "ConvLSTM2D masks images"),
        (lambda: keras.layers.ConvLSTM3D(2, 2), "ConvLSTM3D masks images"),
        (lambda: keras.layers.RNN(Unmasked()), "its cell Unmasked keeps no dropout masks"),
    ],
)
def test_what_cannot_be_recorded_is_explained(make: Callable[[], Layer], words: str) -> None:
    layer = make()

    assert words in unrecordable(layer, layer.cell)


def test_layers_are_found_in_the_order_of_the_model() -> None:
    model = sequential(*(rnn(name=name, return_sequences=True) for name in "zab"))

    assert [found.path for found in recurrent_layers(model)] == ["z", "a", "b"]


class _ByHand(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.mine = keras.layers.GRUCell(3, dropout=0.2, name="mine")
        self.theirs = keras.layers.LSTM(3, name="theirs")
        self.inner = keras.Sequential([keras.layers.RNN(keras.layers.LSTMCell(3))], name="inner")


def test_a_cell_that_no_layer_runs_is_named_and_those_of_layers_are_not() -> None:
    (found,) = cells_without_layer(_ByHand()).items()

    assert found[0] == "mine"
    assert found[1].startswith("GRUCell is run by code of the model's own")


def test_a_cell_deep_inside_is_named_by_its_path() -> None:
    inner = _ByHand()

    found = cells_without_layer(keras.Sequential([keras.layers.TimeDistributed(inner, name="td")]))

    assert list(found) == [f"td/{inner.name}/mine"]


# ---------------------------------------------------------------- whose code it is


class _Own(keras.layers.GRU):  # type: ignore[misc]
    """A layer of one's own."""


def _drawing_itself() -> Layer:
    layer = keras.layers.LSTM(UNITS)
    original = layer.cell.get_recurrent_dropout_mask

    def own(x: Any) -> Any:
        return original(x)

    layer.cell.get_recurrent_dropout_mask = own
    return layer


def _in_part() -> Layer:
    layer = keras.layers.LSTM(UNITS)
    # As where something has bound an argument of Keras's own code.
    layer.call = functools.partial(layer.call, training=True)
    return layer


@pytest.mark.parametrize(
    ("make", "foreign"),
    [
        (lambda: keras.layers.LSTM(UNITS), False),
        (lambda: LSTM(UNITS, method="moon"), False),
        (_in_part, False),
        (lambda: _Own(UNITS), True),
        (lambda: keras.layers.RNN(Derived(UNITS)), True),
        (lambda: keras.layers.RNN(Unmasked()), True),
        (_drawing_itself, True),
    ],
)
def test_code_of_neither_keras_nor_dropviz_is_foreign(
    make: Callable[[], Layer], *, foreign: bool
) -> None:
    layer = make()

    assert has_foreign_code(layer, layer.cell) is foreign


# ---------------------------------------------------------------- rates


@pytest.mark.parametrize(
    ("rates", "known"),
    [
        ({}, (0, 0)),
        ({"dropout": 0.5}, (0.5, 0)),
        ({"recurrent_dropout": 0.25}, (0, 0.25)),
        ({"dropout": 0.0, "recurrent_dropout": 0.999}, (0, 0.999)),
        # Keras drops nothing at a rate of 1, and takes higher ones for 1.
        ({"dropout": 1.0, "recurrent_dropout": 0.5}, (0, 0.5)),
    ],
)
def test_a_cell_of_keras_has_its_rates_as_far_as_they_drop(
    rates: dict[str, float], known: tuple[float, float]
) -> None:
    found = setting(keras.layers.LSTMCell(UNITS, **rates))

    assert (found.method, found.dropout, found.recurrent_dropout) == ("keras", *known)


def test_a_cell_of_dropviz_says_its_setting_itself() -> None:
    cell = LSTM(UNITS, method="moon", recurrent_dropout=0.25).cell

    assert setting(cell) is cell.setting


def test_a_cell_without_rates_drops_nothing() -> None:
    assert setting(Unmasked()) == Setting("keras")


def test_stacked_cells_of_one_name_have_each_a_path() -> None:
    layer = keras.layers.RNN([keras.layers.LSTMCell(units, name="cell") for units in (4, 6, 2)])

    assert [(path, cell.units) for path, cell in cells(layer, "rnn")] == [
        ("rnn/cell", 4),
        ("rnn/cell#2", 6),
        ("rnn/cell#3", 2),
    ]


@pytest.mark.parametrize("rate", [lambda: 0.3, "half", None])
def test_a_cell_whose_rate_is_no_number_is_named(rate: Any) -> None:
    cell = keras.layers.LSTMCell(2)
    cell.dropout = rate

    assert "no number" in unrecordable(keras.layers.RNN(cell), cell)


class Annealed(keras.layers.Dropout):  # type: ignore[misc]
    """A dropout of somebody's own, which keeps its rate in another way."""

    def __init__(self, rate: Any) -> None:
        super().__init__(0.3)
        self.rate = rate

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002 (Keras's own)
        del training
        return inputs


@pytest.mark.parametrize(
    ("rate", "named"),
    [
        (lambda: keras.ops.ones(()) / 3, True),
        (lambda: len, True),
        (lambda: 0.3, True),
        (float, False),
    ],
    ids=["a tensor", "a function", "a number", "zero"],
)
def test_a_dropout_of_ones_own_is_named_unless_its_rate_is_zero(
    rate: Callable[[], Any], *, named: bool
) -> None:
    model = keras.Sequential([lstm(return_sequences=True), Annealed(rate())])

    assert bool(noise_layers(model)) == named
