"""The two drop rates of a layer as variables, in the form that each backend's drawing needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.method_options import RATES
from dropviz.core.setting import Setting
from dropviz.keras_inside.jax_precision import has_doubles

Tensor = Any
Array = NDArray[np.float64]


class RateVariables:
    """Both rates, and the numbers that are made of them, for graphs to read.

    Variables of no layer: the model and its saved file hold what they held before.

    Attributes:
        setting: The method with the rates that act now.
    """

    def __init__(self, dtype: str, setting: Setting) -> None:
        """Makes variables.

        Args:
            dtype: Floating type that the layer computes in.
            setting: The method, and the rates to begin with.
        """
        own: dict[str, Any] = {"trainable": False, "autocast": False}
        self._as_bits = keras.config.backend() == "jax"  # which has no doubles by default
        rates = np.zeros(len(RATES))
        exact = "uint32" if self._as_bits else "float64"
        # JAX draws in a precision of its own, whatever that of the mask is.
        drawn = dtype if not self._as_bits else "float64" if has_doubles() else "float32"
        self._exact = keras.Variable(self._written(rates), dtype=exact, **own)
        self._numbers = keras.Variable(_numbers_of(rates), dtype=drawn, **own)
        self.set(setting)

    @property
    def variables(self) -> list[Any]:
        """The variables."""
        return [self._exact, self._numbers]

    def set(self, setting: Setting) -> None:
        """Sets the rates for the next batch."""
        self.setting = setting
        rates = _rates_of(setting)
        self._exact.assign(self._written(rates))
        self._numbers.assign(_numbers_of(rates))

    def each_batch(self, settings: Sequence[Setting]) -> Callable[[Tensor], None]:
        """Makes what sets the rates of a batch from inside a graph.

        Args:
            settings: The rates of each batch of a training.

        Returns:
            A function that takes the number of a batch, from 0.
        """
        rates = np.stack([_rates_of(each) for each in settings])
        exact, numbers = (
            keras.ops.cast(table, variable.dtype)
            for table, variable in (
                (self._written(rates), self._exact),
                (_numbers_of(rates), self._numbers),
            )
        )

        def set_rates(batch: Tensor) -> None:
            self._exact.assign(keras.ops.take(exact, batch, axis=0))
            self._numbers.assign(keras.ops.take(numbers, batch, axis=0))

        return set_rates

    @property
    def exact(self) -> Tensor:
        """Both rates in double precision; with JAX their bits, uint32 of shape (2, 2)."""
        return self._exact.value

    @property
    def above(self) -> Tensor:
        """For each rate 1 where it is above 0, else 0; int32."""
        above = keras.ops.cast(self.exact > 0, "int32")
        return keras.ops.max(above, axis=-1) if self._as_bits else above

    def numbers(self, argument: str) -> tuple[Tensor, Tensor, Tensor]:
        """Of one rate the rate, the scale of what is kept, and the share of it."""
        rate, scale, share = (self._numbers.value[RATES.index(argument), at] for at in range(3))
        return rate, scale, share

    def _written(self, rates: Array) -> NDArray[Any]:
        # Plus 0.0, so that a zero has no sign, and no bit.
        return (rates + 0.0).view(np.uint32).reshape(*rates.shape, 2) if self._as_bits else rates


def _rates_of(setting: Setting) -> Array:
    return np.array([getattr(setting, name) for name in RATES])


def _numbers_of(rates: Array) -> Array:
    """For each rate the rate, the scale of what is kept, and the share of it."""
    # Worked out here in double precision, as Keras does, and rounded once.
    return np.stack([rates, 1 / (1 - rates), 1 - rates], axis=-1)
