"""Checks of the data of a task: what cannot be trained on is refused in a sentence."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.goals import Goal
from dropviz.core.number_forms import MOST
from dropviz.errors import DropvizError, received

Array = NDArray[Any]

_SEQUENCES, _TOKENS = 3, 2  # axes of inputs
_WIDEST = 8  # bytes of a number that Keras knows; NumPy's longdouble has more


def as_array(where: str, value: object) -> Array:
    """Takes a value as an array.

    Args:
        where: What it is, as in "x of task 'mine'".
        value: What came.

    Raises:
        DropvizError: If it has no shape, or some of its values are masked.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        count = np.ma.count_masked(value)  # type: ignore[no-untyped-call]
        raise DropvizError(
            f"{where} must have a value everywhere. Received: a masked array, in which {count:,} "
            "are masked. Fill them in, or leave those samples out."
        )
    try:
        return np.asarray(value)
    except Exception as error:
        raise DropvizError(
            f"{where} must be an array of one shape. Received: {received(value)}."
        ) from error


def checked_learning_rate(value: object) -> float:
    """Checks a learning rate.

    Args:
        value: What came.

    Returns:
        The rate.

    Raises:
        DropvizError: If it is no finite real number above 0.
    """
    try:
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        rate = float(value) if real else math.nan  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 (whatever a person's own class raises, or too large an int)
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise DropvizError(
            "learning_rate must be a finite number above 0, as in learning_rate=0.001. Received: "
            f"learning_rate={received(value)}."
        )
    return rate


def check_sequences(where: str, x: Array) -> None:
    """Refuses inputs that are no sequences of numbers.

    Args:
        where: What they are.
        x: The inputs.

    Raises:
        DropvizError: If they are of another shape, empty, no numbers or not finite.
    """
    if x.ndim != _SEQUENCES:
        raise DropvizError(
            f"{where} must have the shape (samples, steps, features). Received: shape "
            f"{x.shape}. For one feature, add an axis with [:, :, None]; for whole numbers that "
            "stand for words, try embedding=32."
        )
    if not x.size:
        raise DropvizError(f"{where} must not be empty. Received: shape {x.shape}.")
    _check_numbers(where, x)


def check_tokens(where: str, x: Array) -> None:
    """Refuses inputs that are no sequences of whole numbers.

    Args:
        where: What they are.
        x: The inputs.

    Raises:
        DropvizError: If they are of another shape, empty, or no integers from 0.
    """
    if x.ndim != _TOKENS:
        raise DropvizError(
            f"{where}, which is embedded, must have the shape (samples, steps). Received: shape "
            f"{x.shape}."
        )
    if not x.size:
        raise DropvizError(f"{where} must not be empty. Received: shape {x.shape}.")
    _check_whole(where, x, "")


def check_answers(where: str, y: Array, x: Array, goal: Goal) -> None:
    """Refuses answers that are not what a goal asks for.

    Args:
        where: What they are.
        y: The answers.
        x: The inputs that they belong to.
        goal: What is asked for.

    Raises:
        DropvizError: If they are of another shape, of another kind or not finite.
    """
    samples, steps = x.shape[:2]
    if not goal.classes:
        _check_targets(where, y, samples)
        return
    if not goal.each_step:
        hint = ' For a class at each step, goal="classes-per-step".' if y.ndim == _TOKENS else ""
        expected, fits = "one class for each of the {} samples", y.shape == (samples,)
    else:
        hint = ""
        expected = (
            f"for each of the {{}} samples a class at each of its last steps, {steps} at most"
        )
        fits = y.ndim == _TOKENS and len(y) == samples and 1 <= y.shape[1] <= steps
    if not fits:
        raise DropvizError(
            f"{where} must have {expected.format(samples)}. Received: shape {y.shape}.{hint}"
        )
    _check_whole(where, y, ' For numbers to predict, goal="numbers".')


def _check_targets(where: str, y: Array, samples: int) -> None:
    if not (y.ndim in (1, 2) and len(y) == samples and y.size):
        raise DropvizError(
            f"{where} must have a number, or a row of numbers, for each of the {samples} samples. "
            f"Received: shape {y.shape}."
        )
    _check_numbers(where, y)


def _check_whole(where: str, values: Array, hint: str) -> None:
    whole = values.dtype.kind in "iu"  # a span of time is an integer to ``np.issubdtype``
    if not whole or values.min() < 0:
        came = f"smallest {values.min()}" if whole else f"dtype {values.dtype}.{hint}"
        raise DropvizError(f"{where} must be integers from 0. Received: {came.rstrip('.')}.")
    if values.max() > MOST:
        raise DropvizError(
            f"{where} must be integers from 0 to {MOST:,}. Received: largest "
            f"{values.max():,}. Number them from 0 on, as np.unique(..., return_inverse=True) does."
        )


def _check_numbers(where: str, values: Array) -> None:
    wide = values.dtype.kind == "f" and values.itemsize > _WIDEST
    if wide or values.dtype.kind not in "fiu":
        hint = ' Try .astype("float64").' if wide else ""
        raise DropvizError(f"{where} must be numbers. Received: dtype {values.dtype}.{hint}")
    # Keras trains in single precision.
    with np.errstate(over="ignore"):
        bad = int(np.count_nonzero(~np.isfinite(values.astype(np.float32, copy=False))))
    if bad:
        raise DropvizError(
            f"{where} must be finite. Received: {bad} of {values.size} values are NaN or "
            "infinite in single precision. Remove or fill them first."
        )
