"""A layer that is built for a while is as it was afterwards."""

from __future__ import annotations

import keras
import pytest

from dropviz.errors import DropvizError
from dropviz.experiment.temporary_build import built_for_now


def test_a_layer_that_is_not_built_is_built_inside_and_not_afterwards() -> None:
    layer = keras.layers.LSTM(3)
    with built_for_now(layer):
        assert layer.built
        assert [tuple(weight.shape) for weight in layer.weights] == [(8, 12), (3, 12), (12,)]
    assert not layer.built
    assert layer.weights == []
    layer.build((None, None, 5))
    assert layer.weights[0].shape == (5, 12)


def test_a_stateful_layer_keeps_states_for_many_samples_meanwhile() -> None:
    layer = keras.layers.LSTM(3, stateful=True)
    with built_for_now(layer):
        assert layer.states[0].shape == (64, 3)
    assert not layer.built


def test_a_layer_that_is_built_stays_as_it_is() -> None:
    layer = keras.layers.LSTM(3)
    layer.build((None, None, 2))
    before = layer.weights
    with built_for_now(layer):
        assert layer.weights == before
    assert layer.built


def test_what_cannot_be_built_here_is_one_sentence() -> None:
    model = keras.Sequential([keras.layers.LSTM(3)], name="unbuilt")
    with pytest.raises(DropvizError, match="'unbuilt' is not built yet"), built_for_now(model):
        pass

    class Fails(keras.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: object) -> None:
            raise ValueError(f"no such shape: {input_shape}")

    layer = Fails(name="fails")
    with (
        pytest.raises(DropvizError, match=r"'fails'.*\(64, 4, 8\) failed \(ValueError: no such"),
        built_for_now(layer),
    ):
        pass
    assert not layer.built
