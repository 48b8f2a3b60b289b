"""What a ``tf.data`` data set does to its elements, which is no call of a training.

It is traced when the data set is made, by ``StructuredFunctionWrapper`` of tensorflow/python/data/
ops/structured_function.py, and runs in threads of the data set, beside the training and beside
itself. Of a loop over a data set in a function (``for x, y in data:``) AutoGraph makes functions of
data sets too; those are traced inside that function, run one after the other, and may train.
Tried with TensorFlow 2.18.0 and 2.21.0.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from dropviz.keras_inside.inner_loop import looking

_here = threading.local()


def data_set_functions() -> tuple[tuple[type, str], ...]:
    """Class and method of all that traces functions of data sets; none but with TensorFlow."""
    if keras.config.backend() != "tensorflow":
        return ()
    from tensorflow.python.data.ops.structured_function import StructuredFunctionWrapper

    return ((StructuredFunctionWrapper, "__init__"),)


@contextmanager
def for_a_data_set() -> Iterator[None]:
    """Marks the calls of layers inside the block, in this thread, as those of a data set.

    They are looks, too. In a function that is being traced it marks nothing.

    Yields:
        Nothing.
    """
    import tensorflow as tf

    if not tf.executing_eagerly():
        yield
        return
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        with looking():
            yield
    finally:
        _here.depth -= 1


def is_for_a_data_set() -> bool:
    """Whether a call of a layer, now and here, is one of a data set."""
    return getattr(_here, "depth", 0) > 0
