"""Arrays that ``fit`` reads without TensorFlow tuning how."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside import hooks
from dropviz.keras_inside.untuned_data import untuned_data

X = np.arange(40, dtype="float32").reshape(10, 4)
Y = np.arange(10) % 2


def model() -> Any:
    keras.utils.set_random_seed(3)
    made = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return made


def tuned(train: Callable[[], Any]) -> list[bool]:
    """Of each data set that is read meanwhile whether TensorFlow may tune it."""
    found: list[bool] = []

    def note(data_set: Any) -> None:
        # Nothing is said where nobody chose.
        found.append(data_set.options().autotune.enabled is not False)

    with hooks.before(tf.data.Dataset, "__iter__", note, any_thread=True):
        train()
    return found


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"shuffle": False},
        {"validation_data": (X, Y)},
        {"epochs": 3, "batch_size": 3, "sample_weight": np.ones(10)},
    ],
)
def test_a_training_inside_the_block_reads_untuned_arrays_alone(given: dict[str, Any]) -> None:
    net = model()

    def train() -> None:
        with untuned_data():
            net.fit(X, Y, verbose=0, **given)

    found = tuned(train)

    assert found, "Keras reads arrays by other data sets than before: see untuned_data"
    assert not any(found), "Keras makes data sets of arrays without options: see untuned_data"
    assert all(tuned(lambda: model().fit(X, Y, verbose=0)))


def test_another_thread_trains_as_ever() -> None:
    net = model()
    beside = threading.Thread(target=lambda: net.fit(X, Y, verbose=0))

    def train() -> None:
        with untuned_data():
            beside.start()
            beside.join()

    found = tuned(train)

    assert found
    assert all(found)


def test_it_changes_no_number() -> None:
    came = []
    for block in (nullcontext, untuned_data):
        net = model()
        with block():
            losses = net.fit(X, Y, epochs=3, batch_size=3, verbose=0).history["loss"]
        came.append((losses, [each.tobytes() for each in net.get_weights()]))

    assert came[0] == came[1]
