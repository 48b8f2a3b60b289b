"""Says in a sentence what a new TensorFlow or Keras has moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.gradient_tape import under_gradient_tape

MOVED = (
    "tensorflow/python/eager/record.py: could_possibly_record no longer says whether a "
    "GradientTape is open in this thread; dropviz/keras_inside/gradient_tape.py leans on it."
)
TRAINER = (
    "keras/src/backend/tensorflow/trainer.py: train_step no longer calls the model under a "
    "tf.GradientTape, or test_step and predict_step do; recordings tell training by it."
)
X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")


def before_inside_and_after() -> list[bool]:
    found = [under_gradient_tape()]
    with tf.GradientTape():
        found.append(under_gradient_tape())
    return [*found, under_gradient_tape()]


def test_a_tape_is_seen_while_it_is_open() -> None:
    assert before_inside_and_after() == [False, True, False], MOVED


@pytest.mark.parametrize("jit", [False, True])
def test_a_tape_is_seen_while_a_function_is_traced(*, jit: bool) -> None:
    found: list[bool] = []

    @tf.function(jit_compile=jit, autograph=False)  # type: ignore[untyped-decorator]
    def once() -> None:
        found.extend(before_inside_and_after())

    once()

    assert found == [False, True, False], MOVED


def test_a_tape_around_the_function_that_is_traced_is_seen() -> None:
    found: list[bool] = []

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def once() -> None:
        found.append(under_gradient_tape())

    with tf.GradientTape():
        once()

    assert found == [True], MOVED


@pytest.mark.parametrize("options", [{"persistent": True}, {"watch_accessed_variables": False}])
def test_a_tape_of_any_kind_is_seen(options: dict[str, bool]) -> None:
    with tf.GradientTape(**options):
        assert under_gradient_tape(), MOVED


def test_a_tape_that_pauses_is_not_seen_meanwhile() -> None:
    with tf.GradientTape() as tape:
        with tape.stop_recording():
            paused = under_gradient_tape()
        goes_on = under_gradient_tape()

    assert (paused, goes_on) == (False, True), MOVED


def test_the_tape_of_another_thread_is_not_seen() -> None:
    found: list[bool] = []
    with tf.GradientTape():
        other = threading.Thread(target=lambda: found.append(under_gradient_tape()))
        other.start()
        other.join()

    assert found == [False], MOVED


RUNS: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "fit": (lambda model: model.fit(X, Y, verbose=0), True),
    "train_on_batch": (lambda model: model.train_on_batch(X, Y), True),
    "evaluate": (lambda model: model.evaluate(X, Y, verbose=0), False),
    "predict": (lambda model: model.predict(X, verbose=0), False),
    "a call": (lambda model: model(X, training=True), False),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("settings", [{}, {"run_eagerly": True}, {"jit_compile": True}])
@pytest.mark.parametrize("name", RUNS)
def test_keras_trains_under_a_tape_and_does_nothing_else_under_one(
    name: str, settings: dict[str, bool]
) -> None:
    run, trains = RUNS[name]
    found: list[bool] = []

    class Asks(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            found.append(under_gradient_tape())
            return x

    model = keras.Sequential([keras.Input((2,)), Asks(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", **settings)
    found.clear()  # Keras called it once to build it

    run(model)

    assert found == [trains] * len(found), TRAINER
    assert found, TRAINER
