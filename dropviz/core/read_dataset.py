"""Reads a finite data set, such as a ``tf.data.Dataset``, into arrays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.number_forms import counted
from dropviz.errors import DropvizError, one_line, received

Array = NDArray[Any]

# What a task may take in memory, and may have in samples; an endless set is ended by the first
# that it comes to.
MOST_BYTES, MOST_SAMPLES = 2**30, 10**6
_ENDLESS = -1  # what tf.data calls INFINITE_CARDINALITY
_PAIR = 2


def read_dataset(where: str, dataset: Any, axes: int) -> tuple[Array, Array]:
    """Reads a data set into arrays.

    Args:
        where: What it is, as in "train of task 'mine'".
        dataset: Gives pairs of inputs and answers, each of a sample or of a batch.
        axes: Axes of the inputs of one sample.

    Returns:
        The inputs and the answers, samples first.

    Raises:
        DropvizError: If it is empty, endless or too large for the memory of a task, or its
            elements are no such pairs or of several shapes.
    """
    if _count(dataset) == _ENDLESS:
        raise DropvizError(
            f"{where} must have an end. Received: an endless data set. Try .take(1000)."
        )
    parts: list[tuple[Array, Array]] = []
    size = samples = 0
    for x, y in _pairs(where, dataset):
        batched = x.ndim - axes
        if batched not in (0, 1) or (batched and y.shape[:1] != x.shape[:1]):
            raise DropvizError(
                f"{where} must give inputs of {axes} axes, or batches of them, with their "
                f"answers. Received: shapes {x.shape} and {y.shape}."
            )
        parts.append((x, y) if batched else (x[None], y[None]))
        # A batch without a sample counts as one, for even these may have no end.
        size, samples = size + x.nbytes + y.nbytes, samples + max(1, len(parts[-1][0]))
        if size > MOST_BYTES or samples > MOST_SAMPLES:
            raise DropvizError(
                f"{where} must be at most {MOST_SAMPLES:,} samples and {MOST_BYTES >> 20:,} MiB, "
                "for it is read into memory. Received: more than that, or a data set without an "
                "end. Try .take(1000)."
            )
    if not parts:
        raise DropvizError(f"{where} must not be empty. Received: a data set without elements.")
    return _joined(where, [x for x, _ in parts]), _joined(where, [y for _, y in parts])


def _count(dataset: Any) -> int | None:
    """How many elements a data set says that it has; None where it does not know how to say."""
    try:
        return int(dataset.cardinality())
    except Exception:  # noqa: BLE001 (whatever a person's own class raises)
        return None


def _pairs(where: str, dataset: Any) -> Iterator[tuple[Array, Array]]:
    try:
        elements = iter(dataset)
        if not hasattr(dataset, "__iter__"):
            # Python would ask for its entries until one is an error, which slices never are.
            elements = islice(elements, len(dataset))
    except Exception as error:
        raise DropvizError(
            f"{where} must be a data set of pairs (x, y), such as a tf.data.Dataset. Received: "
            f"{received(dataset)}."
        ) from error
    number = 0
    while True:
        try:
            element = next(elements)
        except StopIteration:
            return
        except Exception as error:
            raise DropvizError(
                f"{where} ended after {counted(number, 'element')} with {one_line(error)}"
            ) from error
        if not isinstance(element, tuple | list) or len(element) != _PAIR:
            raise DropvizError(f"{where} must give pairs (x, y). Received: {received(element)}.")
        yield _array(where, element[0]), _array(where, element[1])
        number += 1


def _array(where: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except Exception as error:
        raise DropvizError(f"{where} must give arrays. Received: {received(value)}.") from error
    if array.dtype == object:
        raise DropvizError(f"{where} must give arrays of numbers. Received: {received(value)}.")
    return array


def _joined(where: str, parts: list[Array]) -> Array:
    try:
        return np.concatenate(parts)
    except ValueError as error:
        shapes = " and ".join(map(str, list(dict.fromkeys(part.shape[1:] for part in parts))[:2]))
        raise DropvizError(
            f"{where} must give samples of one shape. Received: shapes {shapes}. Pad or cut them "
            "first."
        ) from error
