"""Checks of what a person gives: rates and whole numbers."""

from __future__ import annotations

import math
import numbers

import numpy as np

from dropviz.errors import DropvizError


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
    expected = f"{name} must be at least 0 and below 1. Received: {name}={value!r}."
    try:
        rate = math.nan if isinstance(value, (bool, np.bool_)) else float(value)  # type: ignore[arg-type]
    except OverflowError:
        rate = math.inf
    except (TypeError, ValueError):
        rate = math.nan
    if math.isnan(rate):
        raise DropvizError(f"{expected} Give a number, as in {name}=0.2.")
    if rate < 0:
        raise DropvizError(f"{expected} (Keras would silently use 0; it is a rate to drop.)")
    if rate >= 1:
        raise DropvizError(f"{expected} (Keras from 3.14 on would silently apply none; try 0.9.)")
    return rate


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
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):  # type: ignore[operator]
        raise DropvizError(
            f"{name} must be a whole number from {low}{up_to}. Received: {name}={value!r}."
        )
    return int(value)  # type: ignore[call-overload,no-any-return]
