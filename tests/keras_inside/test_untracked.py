"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import keras
import pytest

from dropviz.keras_inside.untracked import (
    attributes_kept,
    new_variables_removed,
    remove_attribute,
    set_attributes,
)

MOVED = (
    "keras/src/layers/layer.py or keras/src/utils/tracking.py: a layer keeps its attributes or "
    "its variables otherwise; dropviz/keras_inside/untracked.py leans on them."
)


def test_what_is_set_is_there_and_not_tracked() -> None:
    layer, variable = keras.layers.LSTM(2), keras.Variable([1.0])
    before = list(layer.variables)

    set_attributes(layer, extra=variable, call="mine")

    assert (layer.extra is variable, layer.call) == (True, "mine"), MOVED
    assert layer.variables == before, MOVED


def test_a_built_layer_takes_it_too() -> None:
    layer = keras.layers.Dense(2)
    layer.build((1, 2))

    set_attributes(layer, extra=keras.Variable([1.0]))

    assert len(layer.variables) == 2, MOVED


def test_what_was_set_is_taken_away_and_the_class_s_own_shows_again() -> None:
    layer = keras.layers.LSTM(2)
    set_attributes(layer, inner_loop="mine")

    remove_attribute(layer, "inner_loop")
    remove_attribute(layer, "inner_loop")

    assert layer.inner_loop.__func__ is keras.layers.LSTM.inner_loop


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_attributes_come_back_and_new_ones_go(error: type[BaseException] | None) -> None:
    layer, other = keras.layers.LSTM(2), keras.layers.Dense(1)
    set_attributes(layer, kept="before")

    def change() -> None:
        with attributes_kept([layer, other]):
            set_attributes(layer, kept="after", new=1)
            set_attributes(other, new=1)
            if error:
                raise error

    if error:
        with pytest.raises(error):
            change()
    else:
        change()

    assert layer.kept == "before"
    assert not hasattr(layer, "new")
    assert not hasattr(other, "new")


def test_variables_made_inside_the_block_are_taken_out() -> None:
    layer = keras.layers.Dense(2)

    with attributes_kept([layer]), new_variables_removed([layer]):
        layer.build((1, 3))
        assert len(layer.weights) == 2

    assert layer.weights == [], MOVED
    assert not layer.built, MOVED
    layer.build((1, 5))
    assert [tuple(weight.shape) for weight in layer.weights] == [(5, 2), (2,)], MOVED


def test_variables_that_were_there_stay() -> None:
    layer = keras.layers.Dense(2)
    layer.build((1, 3))
    before = list(layer.weights)

    with new_variables_removed([layer]):
        pass

    assert all(one is other for one, other in zip(layer.weights, before, strict=True))
