"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.entry_layer import entry_layer

MOVED = (
    "keras/src/layers/layer.py: Layer.__call__ no longer keeps the outermost layer as "
    "CallContext.entry_layer under 'current_call_ctx'; dropviz/keras_inside/entry_layer.py "
    "leans on it."
)
X = np.ones((2, 3), "float32")


class Asks(keras.layers.Layer):  # type: ignore[misc]
    """Asks, whenever it is called, and has somebody told."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        super().__init__()
        self.tell = tell

    def call(self, x: Any) -> Any:
        self.tell(entry_layer())
        return x


@pytest.fixture
def found() -> list[Any]:
    return []


@pytest.fixture
def models(found: list[Any]) -> tuple[Any, Any, Any]:
    """A layer that asks, a model that it is in, and one that this is in."""
    asks = Asks(found.append)
    inner = keras.Sequential([keras.Input((3,)), asks])
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
    outer.compile("sgd", "mse")
    found.clear()  # Keras called it to build the models
    return asks, inner, outer


def test_the_outermost_model_is_found(models: tuple[Any, Any, Any], found: list[Any]) -> None:
    for each in models:
        each(X)

    assert len(found) == 3, MOVED
    assert all(each is model for each, model in zip(found, models, strict=True)), MOVED


@pytest.mark.parametrize("eager", [False, True])
def test_the_model_that_trains_is_found(
    models: tuple[Any, Any, Any], found: list[Any], *, eager: bool
) -> None:
    *_, outer = models
    outer.compile("sgd", "mse", run_eagerly=eager)

    outer.fit(X, np.ones(2), verbose=0)

    assert found, MOVED
    assert all(each is outer for each in found), MOVED


def test_it_is_found_while_a_function_is_traced(
    models: tuple[Any, Any, Any], found: list[Any]
) -> None:
    *_, outer = models

    tf.function(outer, autograph=False)(X)

    assert found, MOVED
    assert all(each is outer for each in found), MOVED


def test_there_is_none_between_calls_and_in_other_threads(models: tuple[Any, Any, Any]) -> None:
    elsewhere: list[Any] = []

    def ask_there(here: Any) -> None:
        assert here is not None, MOVED
        asking = threading.Thread(target=lambda: elsewhere.append(entry_layer()))
        asking.start()
        asking.join()

    Asks(ask_there)(X)
    models[-1](X)

    assert entry_layer() is None, MOVED
    assert elsewhere == [None], MOVED
