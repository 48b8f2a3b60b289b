"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import keras
import pytest

from dropviz.keras_inside.untracked import (
    attributes_kept,
    new_parts_removed,
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

    with attributes_kept([layer]), new_parts_removed([layer]):
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

    with new_parts_removed([layer]):
        pass

    assert all(one is other for one, other in zip(layer.weights, before, strict=True))


class Holder(keras.layers.Layer):  # type: ignore[misc]
    """A layer of somebody's own that makes what it holds when it is built."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[keras.layers.Layer] = []
        self.by_name: dict[str, keras.layers.Layer] = {}

    def build(self, shape: tuple[int, ...]) -> None:
        self.one = keras.layers.Dense(2)
        self.inside.append(keras.layers.Dense(3))
        self.by_name["drop"] = keras.layers.Dropout(0.5, seed=1)
        self.seed = keras.random.SeedGenerator(1)
        for each in (self.one, *self.inside):
            each.build(shape)


def test_layers_made_inside_the_block_are_taken_out_wherever_they_are_kept() -> None:
    layer = Holder()

    for _ in range(2):
        with attributes_kept([layer]), new_parts_removed([layer]):
            layer.build((1, 4))
            assert len(layer.weights) == 4
        assert (layer.weights, layer.variables) == ([], []), MOVED
        assert list(layer._flatten_layers(include_self=False)) == [], MOVED
        assert (list(layer.inside), dict(layer.by_name)) == ([], {})

    layer.build((1, 4))
    # Two Dense layers, and two seed generators.
    assert (len(layer.weights), len(layer.variables)) == (4, 6), MOVED
    assert len(list(layer._flatten_layers(include_self=False))) == 3, MOVED
