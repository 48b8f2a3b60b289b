"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import keras

from dropviz.keras_inside.sublayers import direct_sublayers, layer_and_sublayers

MOVED = (
    "keras/src/layers/layer.py: Layer._flatten_layers is gone or walks otherwise; "
    "dropviz/keras_inside/sublayers.py leans on it."
)


def nested() -> keras.Model:
    inner = keras.Sequential([keras.layers.LSTM(2, name="deep")], name="inner")
    lstm = keras.layers.LSTM(2, return_sequences=True, name="lstm")
    both = keras.layers.Bidirectional(lstm, name="both")
    return keras.Sequential([keras.Input((3, 2)), both, inner], name="outer")


def test_the_layers_that_a_model_holds_itself_are_listed() -> None:
    names = [layer.name for layer in direct_sublayers(nested())]

    assert names[-2:] == ["both", "inner"], MOVED
    assert not {"forward_lstm", "deep"} & set(names), MOVED


def test_the_layers_inside_wrappers_are_listed() -> None:
    both = keras.layers.Bidirectional(keras.layers.LSTM(2, name="lstm"), name="both")
    timed = keras.layers.TimeDistributed(keras.layers.Dense(2, name="dense"), name="timed")

    names = [layer.name for layer in direct_sublayers(both)]
    assert names == ["forward_lstm", "backward_lstm"], MOVED
    assert [layer.name for layer in direct_sublayers(timed)] == ["dense"], MOVED


def test_a_layer_and_all_below_it_are_listed_however_deep() -> None:
    names = {layer.name for layer in layer_and_sublayers(nested())}

    assert names >= {"outer", "both", "forward_lstm", "inner", "deep", "lstm_cell"}, MOVED
