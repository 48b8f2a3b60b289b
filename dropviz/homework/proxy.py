"""A layer that runs in the process of an answer, as the experiment sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.homework.frames import Array, Frame, Kind
from dropviz.homework.sandbox import Child, RefusedError

_SIDE = 1024  # of a matrix of weights
FEATURES = 3  # of the inputs that an answer's layer is built for


class Proxy(keras.Layer):  # type: ignore[misc]
    """The near end of a layer that an answer makes.

    Keras's own ``__call__`` is passed by: it would wrap what is raised in a page of text.
    """

    def __init__(self, child: Child, number: int, units: int, rate: float, seed: int) -> None:
        """Has the answer make the layer.

        Args:
            child: The process.
            number: How many layers it has made before.
            units: Units.
            rate: Drop rate.
            seed: Where its random streams begin.

        Raises:
            RefusedError: If it makes none, or one with other weights than an LSTM's.
        """
        super().__init__(name="your_layer")
        made = child.ask(
            Frame(Kind.MAKE, [np.array([rate], np.float32)], numbers=(units, FEATURES, seed))
        )
        width = 4 * units
        expected = [(FEATURES, width), (units, width), (width,)]
        came = [_shape(each) for each in made.arrays]
        if came not in (expected, expected[:2]):
            raise child.refuse(
                f"the layer has weights of the shapes {came}, and an LSTM for {FEATURES} features "
                f"and {units} units has {expected}"
            )
        self._remote = _Remote(child, number, units)
        for index, shape in enumerate(came):
            self.add_weight(shape=shape, name=f"weights_{index}", initializer="zeros")
        self.built = True

    def __call__(
        self,
        inputs: Any,
        initial_state: Sequence[Any] | None = None,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's signature)
    ) -> Any:
        """Runs the layer where it is.

        Args:
            inputs: Shape (samples, steps, features).
            initial_state: h and c, shape (samples, units) each.
            training: Whether dropout is on.

        Returns:
            The last outputs, shape (samples, units).

        Raises:
            RefusedError: If what comes is something else, or not finite.
        """
        states = [np.asarray(each, np.float32) for each in initial_state or ()]
        x = np.asarray(inputs, np.float32)
        out = self._remote.run(self.get_weights(), [x, *states], training=training)
        return keras.ops.convert_to_tensor(out)


class _Remote:
    """What changes of a proxy: the experiment puts a layer's own attributes back."""

    def __init__(self, child: Child, number: int, units: int) -> None:
        self._child, self._number, self._units = child, number, units
        self._sent: list[Array] | None = None

    def run(
        self, weights: Sequence[Array], arrays: Sequence[Array], *, training: bool
    ) -> NDArray[np.float32]:
        same = self._sent is not None and all(map(np.array_equal, weights, self._sent))
        new = [] if same else list(weights)
        self._sent = list(weights)
        numbers = (self._number, int(training), len(new))
        reply = self._child.ask(Frame(Kind.CALL, [*new, *arrays], numbers=numbers))
        return self._checked(reply.arrays, *arrays[0].shape[:2])

    def _checked(self, arrays: Sequence[Array], samples: int, steps: int) -> NDArray[np.float32]:
        fits = [(samples, self._units), (samples, steps, self._units)]
        if len(arrays) != 1 or arrays[0].shape not in fits:
            came = arrays[0].shape if arrays else "none"
            raise self._child.refuse(
                f"the layer's output has the shape {came} instead of {fits[0]}"
            )
        if not np.isfinite(arrays[0]).all():
            raise self._child.refuse("the layer's output holds NaN or infinity")
        return np.array(arrays[0])


def _shape(sides: Array) -> tuple[int, ...]:
    """A shape as an answer tells it, which may be anything."""
    flat = np.clip(np.nan_to_num(np.ravel(sides)[:3]), 0, _SIDE)
    return tuple(int(each) for each in flat)


class Maker:
    """Has an answer make layers, one after another."""

    def __init__(self, child: Child, seed: int) -> None:
        """Asks one child.

        Args:
            child: The process that has loaded the answer.
            seed: Where the random streams of its layers begin.
        """
        self._child, self._seed, self._made = child, seed, 0

    def __call__(self, units: int, rate: float) -> Proxy:
        """Makes a layer.

        Args:
            units: Units.
            rate: Drop rate.

        Returns:
            The near end of it.

        Raises:
            RefusedError: If the answer makes none.
        """
        if self._child.refused:
            raise RefusedError(self._child.refused)
        self._made += 1
        return Proxy(self._child, self._made - 1, units, rate, self._seed)
