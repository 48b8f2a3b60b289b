"""TensorFlow's warning that a function is traced often, where what it counts are new models.

It counts by the place where a function is written, which is one and the same for the step of
every model of Keras. Tried with TensorFlow 2.18 to 2.21.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_retracing_warnings() -> Iterator[None]:
    """Keeps the warning from whoever trains a model of our own inside the block, in this thread.

    A model that is made for each training is traced in each; there is nothing in it that a
    person could mend.

    Yields:
        Nothing.
    """
    thread = threading.get_ident()

    def needed(record: logging.LogRecord) -> bool:
        return record.thread != thread or "tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(needed)
    try:
        yield
    finally:
        logger.removeFilter(needed)
