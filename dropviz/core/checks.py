"""Checks of what a person gives: rates and whole numbers."""

from __future__ import annotations

import math
import numbers

import numpy as np

from dropviz.core.number_forms import DECIMAL
from dropviz.errors import DropvizError, received


def check_rate(name: str, value: object) -> float:
    """Checks a drop rate.

    Args:
        name: The argument's name, for the message.
        value: What came.

    Returns:
        The rate, ``0 <= rate < 1``.

    Raises:
        DropvizError: If it is none; the message says what Keras would do with it.
    """
    expected = f"{name} must be at least 0 and below 1. Received: {name}={received(value)}."
    rate = _to_float(value)
    if math.isnan(rate):
        raise DropvizError(f"{expected} Give a number, as in {name}=0.2.")
    if rate < 0:
        raise DropvizError(f"{expected} (Keras would silently use 0; it is a rate to drop.)")
    if rate >= 1:
        raise DropvizError(f"{expected} (Keras from 3.14 on would silently apply none; try 0.9.)")
    return rate


def _to_float(value: object) -> float:
    """A number, or a string that writes one in ASCII; NaN for anything else."""
    if isinstance(value, (bool, np.bool_)) or (
        isinstance(value, str) and not DECIMAL.fullmatch(value.strip(" "))
    ):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf
    except Exception:  # noqa: BLE001 (whatever a person's own class raises)
        return math.nan


def check_whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Checks a whole number.

    Args:
        name: The argument's name, for the message.
        value: What came.
        low: The smallest that will do.
        high: The largest that will do, if any.

    Returns:
        The number.

    Raises:
        DropvizError: If it is none, or out of range.
    """
    up_to = f" to {high}" if high is not None else ""
    try:
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        number = int(value) if whole else low - 1  # type: ignore[call-overload]
    except Exception:  # noqa: BLE001 (whatever a person's own class raises)
        number = low - 1
    if number < low or (high is not None and number > high):
        raise DropvizError(
            f"{name} must be a whole number from {low}{up_to}. Received: {name}={received(value)}."
        )
    return int(number)
