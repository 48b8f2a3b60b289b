"""A layer that an experiment may run and nothing else: it is somewhere else, with its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dropviz.homework.frames import Array

Run = Callable[[Sequence[Array], bool, int], Array]


class AskedLayer:
    """The near end of a layer.

    Attributes:
        features: Inputs at each step.
        units: Its units.
    """

    def __init__(self, features: int, units: int, run: Run) -> None:
        """Makes the near end of a layer.

        Args:
            features: Inputs at each step.
            units: Its units.
            run: Runs the layer: weights, inputs and states; whether in training; how many of
                the arrays are weights.
        """
        self.features, self.units = features, units
        self._run = run
        self._weights: list[Array] = []

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets kernel, recurrent kernel and bias, shaped and ordered as Keras's LSTM has them."""
        self._weights = [np.asarray(each, np.float32) for each in weights]

    def __call__(
        self, x: Any, initial_state: Sequence[Any] | None = None, *, training: bool = False
    ) -> Array:
        """Runs the layer.

        Args:
            x: Inputs, shape (samples, steps, features).
            initial_state: h and c, shape (samples, units) each; zero by default.
            training: Whether dropout is on.

        Returns:
            The last outputs, shape (samples, units).

        Raises:
            ValueError: If weights, inputs or states have other shapes, or are not finite.
        """
        states = [np.asarray(each, np.float32) for each in initial_state or ()]
        arrays = [*self._weights, np.asarray(x, np.float32), *states]
        return self._run(arrays, training, len(self._weights))
