"""Arrays that ``fit`` reads without TensorFlow tuning how it reads them.

``tf.data`` tunes each pipeline in a thread of its own, and whoever lets go of an iterator, as
``fit`` does in each epoch, waits for it: measured, one epoch in fifteen begins .1 to .3 s late,
and none without. Leans on ``ArrayDataAdapter.get_tf_dataset`` of keras/src/trainers/
data_adapters/array_data_adapter.py, which gives its data set options. Tried with Keras 3.8.0 and
3.15.1, and TensorFlow 2.18.0 and 2.21.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.keras_inside import hooks


@contextmanager
def untuned_data() -> Iterator[None]:
    """Has the data sets that this thread makes of arrays, inside the block, stay untuned.

    What they hold, and in which order, is the same. Does nothing but with TensorFlow.

    Yields:
        Nothing.
    """
    if keras.config.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    with hooks.before(tf.data.Dataset, "with_options", _untune):
        yield


def _untune(data_set: Any, options: Any) -> None:
    del data_set
    options.autotune.enabled = False
