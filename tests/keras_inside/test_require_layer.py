from __future__ import annotations

import keras
import pytest

import dropviz
from dropviz.errors import DropvizError
from dropviz.keras_inside.require_layer import require_layer


def of_keras_2() -> object:
    """What passes for a model of Keras 2, which is not installed here."""
    base = type("Model", (), {"__module__": "tf_keras.src.engine.training"})
    return type("Mine", (base,), {"__module__": "__main__"})()


@pytest.mark.parametrize("layer", [keras.layers.LSTM(2), keras.Sequential(), keras.layers.Dense(1)])
def test_layers_and_models_are_let_through(layer: object) -> None:
    require_layer(layer, "recorded")


@pytest.mark.parametrize("given", [None, "lstm", 3, keras.layers.LSTM, [keras.layers.LSTM(2)]])
def test_what_is_no_layer_is_named(given: object) -> None:
    with pytest.raises(DropvizError, match=r"Only a Keras model or layer can be traced\. Rec"):
        require_layer(given, "traced")


def test_a_model_of_keras_2_is_told_what_it_is() -> None:
    with pytest.raises(DropvizError, match=r"tf_keras is one of Keras 2, which cannot be explain"):
        dropviz.explain(of_keras_2())
    with (
        pytest.raises(DropvizError, match=r"cannot be recorded .* unset TF_USE_LEGACY_KERAS"),
        dropviz.record(of_keras_2()),
    ):
        pass
