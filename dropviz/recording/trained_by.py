"""Whether an optimizer of Keras trains what is recorded, or a hand-written loop alone."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import keras

Layer = Any
Variable = Any


class TrainedBy:
    """What was seen to train a layer or a model, which is not held."""

    def __init__(self, trained: Layer) -> None:
        """Has seen nothing yet.

        Args:
            trained: A layer or a model.
        """
        self._trained = weakref.ref(trained)
        self._by_optimizer = False

    def step(self, variables: Iterable[Variable]) -> None:
        """Notes a step of an optimizer.

        Args:
            variables: What the step changes.
        """
        trained = self._trained()
        if self._by_optimizer or trained is None:
            return
        mine = {id(each) for each in trained.trainable_variables}
        # Of a variable of TensorFlow's own nobody knows whose it is.
        self._by_optimizer = any(
            id(each) in mine or not isinstance(each, keras.Variable) for each in variables
        )

    @property
    def by_hand(self) -> bool:
        """Whether it can be trained, is still there, and no optimizer was seen to train it."""
        trained = self._trained()
        return bool(trained is not None and trained.trainable_variables) and not self._by_optimizer
