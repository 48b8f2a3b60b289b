from __future__ import annotations

from typing import Any

import keras
import pytest

from dropviz.errors import DropvizError
from dropviz.experiment.find_explainable import find_explainable

Layer = Any


def built(layer: Layer, features: int = 3) -> Layer:
    layer.build((None, 5, features))
    return layer


def test_a_layer_that_may_be_told_its_states_is_tried_itself() -> None:
    layer = built(keras.layers.LSTM(2, name="one"))

    found, refused = find_explainable(layer)

    assert (list(found), found["one"] is layer, refused) == (["one"], True, {})


def test_what_a_wrapper_holds_is_found_below_it() -> None:
    wrapper = built(keras.layers.Bidirectional(keras.layers.GRU(2), name="both"))

    found, _ = find_explainable(wrapper)

    assert set(found.values()) == {wrapper.forward_layer, wrapper.backward_layer}
    assert all(path.startswith("both/") for path in found)


@pytest.mark.parametrize("make", [keras.layers.LSTMCell, keras.layers.GRUCell])
def test_a_cell_that_no_layer_runs_is_given_one_of_its_size(make: Any) -> None:
    cells = [make(4, name=f"cell{number}") for number in range(2)]
    layer = built(keras.layers.RNN(cells, name="stack"), features=6)

    found, _ = find_explainable(layer)

    runs = list(found.values())
    assert [run.cell for run in runs] == cells
    # Its weights are those of the cell: nothing was made anew for other sizes.
    assert [run.built for run in runs] == [True, True]
    assert [run.weights[0].shape[0] for run in runs] == [6, 4]
    assert [run.weights for run in runs] == [cell.weights for cell in cells]


def test_another_recurrent_layer_is_refused_beside_one_that_is_found() -> None:
    layers = [keras.layers.SimpleRNN(2, return_sequences=True, name="plain"), keras.layers.LSTM(2)]
    model = keras.Sequential([keras.Input((5, 3)), *layers])

    found, refused = find_explainable(model)

    assert list(found.values()) == [layers[1]]
    assert list(refused) == ["plain"]
    assert "Received: (3, 2), (2, 2), (2,)." in refused["plain"]


def inner(name: str) -> Layer:
    layers = [keras.Input((5, 3)), keras.layers.LSTM(3, return_sequences=True, name="lstm")]
    return keras.Sequential(layers, name=name)


def test_layers_of_one_name_in_nested_models_are_all_found_below_their_models() -> None:
    model = keras.Sequential([keras.Input((5, 3)), inner("enc"), inner("dec")])

    found, _ = find_explainable(model)

    assert list(found) == ["enc/lstm", "dec/lstm"]
    assert [found[f"{each.name}/lstm"] for each in model.layers] == [
        each.layers[0] for each in model.layers
    ]


def test_a_layer_that_is_used_twice_is_found_once() -> None:
    shared = inner("shared")
    a, b = keras.Input((5, 3)), keras.Input((5, 3))
    model = keras.Model([a, b], [shared(a), shared(b)])

    assert list(find_explainable(model)[0]) == ["shared/lstm"]


class Pair(keras.layers.Layer):  # type: ignore[misc]
    """Two layers of one name beside each other."""

    def __init__(self) -> None:
        super().__init__(name="pair")
        self.one, self.two = (keras.layers.GRU(2, name="gru") for _ in range(2))

    def build(self, shape: Any) -> None:
        for each in (self.one, self.two):
            each.build(shape)
        super().build(shape)


def test_layers_of_one_name_beside_each_other_have_names_of_their_own() -> None:
    pair = built(Pair())

    found, _ = find_explainable(pair)

    assert found == {"pair/gru": pair.one, "pair/gru#2": pair.two}


def test_a_model_without_any_is_refused() -> None:
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.Dense(2)])

    with pytest.raises(DropvizError, match="has no LSTM or GRU weights"):
        find_explainable(model)
