"""Checks the inputs of a pass before the model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.errors import DropvizError, received

Model = Any

_MATRIX = 2  # axes
_NAMED = 4  # shapes of several


def checked_inputs(model: Model, x: Any) -> Any:
    """Checks what is to be run through a model.

    Args:
        model: A built Keras model, or a recurrent layer by itself.
        x: The inputs.

    Returns:
        The inputs as tensors.

    Raises:
        DropvizError: If they do not fit the model, are empty or are not finite.
    """
    _check_shapes(model, x)
    for part in keras.tree.flatten(x):
        values = _as_numbers(part)
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            bad = int(np.count_nonzero(~np.isfinite(values)))
            raise DropvizError(
                f"x must be finite. Received: {bad} of {values.size} values are NaN or infinite."
            )
    return keras.tree.map_structure(keras.ops.convert_to_tensor, x)


def _as_numbers(part: Any) -> NDArray[Any]:
    values = np.asarray(part)
    # Integers too large for any type of NumPy's are objects to it.
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        raise DropvizError(f"x must be arrays of numbers. Received: dtype {values.dtype}.")
    return values


def _check_shapes(model: Model, x: Any) -> None:
    if isinstance(model, keras.layers.RNN):
        size = model.states[0].shape[0] if model.stateful else None
        # Neither a stack of cells nor one that convolves says so what it takes.
        kernel = tuple(getattr(getattr(model.cell, "kernel", None), "shape", ()))
        plain = len(kernel) == _MATRIX
        expected: list[tuple[int | None, ...]] = [(size, None, kernel[0])] if plain else []
    else:
        # What a subclassed model takes is its own to say, and of several inputs Keras's.
        inputs = getattr(model, "inputs", None) or []
        expected = [tuple(each.shape) for each in inputs] if len(inputs) == 1 else []
    try:
        shapes = [np.shape(part) for part in keras.tree.flatten(x)]
    except Exception as error:
        raise DropvizError(
            f"x must be arrays of one shape each. Received: {received(x)}."
        ) from error
    wanted = f"Expected {_listed(expected)}. " if expected else ""
    if not any(shapes):
        wanted = wanted or "Expected arrays, samples first. "
        raise DropvizError(f"x does not fit {model.name!r}. {wanted}Received: {received(x)}.")
    if any(0 in shape for shape in shapes):
        raise DropvizError(
            f"x must not be empty. {wanted}Received: {_listed(shapes)}. Give one sample and one "
            "step at the least."
        )
    if len({shape[:1] for shape in shapes}) > 1:
        raise DropvizError(
            f"x must have as many samples in each of its arrays. Received: {_listed(shapes)}."
        )
    if expected and not (len(shapes) == 1 and _fits(shapes[0], expected[0])):
        raise DropvizError(f"x does not fit {model.name!r}. {wanted}Received: {_listed(shapes)}.")


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    pairs = zip(shape, expected, strict=False)
    return len(shape) == len(expected) and all(b in (None, a) for a, b in pairs)


def _listed(shapes: Sequence[tuple[int | None, ...]]) -> str:
    more = f" and {len(shapes) - _NAMED} more" if len(shapes) > _NAMED else ""
    return f"shape {' and '.join(str(shape) for shape in shapes[:_NAMED])}{more}"
