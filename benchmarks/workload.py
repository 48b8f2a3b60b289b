"""The standard workload: 2,048 sequences, 28 steps, 28 features, 64 units, batch 64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


class Workload:
    """A model with its data, ready to be fitted over and over."""

    def __init__(self, *, jit_compile: bool = False) -> None:
        draw = np.random.default_rng(0)
        self.x = draw.normal(size=(2048, 28, 28)).astype(np.float32)
        self.y = draw.integers(0, 10, size=2048)
        self.model = keras.Sequential(
            [
                keras.Input((28, 28)),
                keras.layers.LSTM(64, dropout=0.3, recurrent_dropout=0.3),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        self.model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit_compile)

    def fit(self, epochs: int = 1, callbacks: list[Any] | None = None) -> None:
        """Trains on, silently."""
        self.model.fit(self.x, self.y, batch_size=64, epochs=epochs, verbose=0, callbacks=callbacks)
