"""A trap about the order in which a training meets its samples."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from dropviz.core.number_forms import counted
from dropviz.keras_inside.seeding import (
    forget_tensorflow_seed,
    seed_again,
    tensorflow_seed_kept,
)
from dropviz.traps.tools import (
    Array,
    Exhibit,
    Finding,
    NotMeasurableError,
    array,
    dense,
    distinct,
)

_SAMPLES, _BATCH, _EPOCHS = 12, 4, 3


class _Noting(keras.layers.Layer):  # type: ignore[misc]
    """A layer that notes what it is given, and changes nothing."""

    def __init__(self) -> None:
        super().__init__(name="noting")
        self.seen: list[Array] = []

    def call(self, x: Any) -> Any:
        """Notes inputs of an eager call."""
        self.seen.append(array(x).ravel())
        return x


def one_order() -> Finding:
    """The orders of several epochs and of several calls, with TensorFlow's seed and without."""
    if keras.config.backend() != "tensorflow":
        raise NotMeasurableError("it is TensorFlow that does so; the others shuffle anew.")

    def orders(fits: int = 1) -> int:
        noting = _Noting()
        model = keras.Sequential([keras.Input((1,)), noting, dense()], name="model")
        model.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
        noting.seen.clear()
        x = np.arange(_SAMPLES, dtype="float32")[:, None]
        how = {"epochs": _EPOCHS // fits, "verbose": 0}
        for _ in range(fits):
            model.fit(x, x, batch_size=_BATCH, **how)
        return distinct(np.concatenate(noting.seen).reshape(_EPOCHS, _SAMPLES))

    with tensorflow_seed_kept():
        seed_again(1)  # as keras.utils.set_random_seed
        seeded, fits = orders(), orders(fits=_EPOCHS)
        forget_tensorflow_seed()
        unseeded = orders()
    said = (
        f"After `keras.utils.set_random_seed`, {_EPOCHS} epochs of `fit(x, y)` on arrays met "
        f"{_SAMPLES} samples in {counted(seeded, 'order')}, and so did {_EPOCHS} calls of `fit` in "
        f"{fits}; without a seed it was {unseeded}."
    )
    evidence = {"seeded": seeded, "fits": fits, "unseeded": unseeded}
    return Finding(seeded == 1 < unseeded, said, evidence)


EXHIBITS = (
    Exhibit(
        name="one-order",
        title="After set_random_seed, fit meets the samples in one order in all epochs",
        expect="`shuffle=True` has `fit` shuffle anew before each epoch.",
        why=(
            "`indices = tf.random.shuffle(indices)` in "
            "keras/src/trainers/data_adapters/array_data_adapter.py stands in a function that a "
            "data set maps over. Once TensorFlow has a seed, that operation has one too, and "
            "begins anew each time the data set does. JAX and torch shuffle anew."
        ),
        advice=(
            "Give `fit` a data set that shuffles itself, such as `tf.data.Dataset.shuffle` or a "
            "`PyDataset`; or say beside the results that there was one order for each seed."
        ),
        measure=one_order,
    ),
)
