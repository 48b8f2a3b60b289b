"""The random streams that belong to the whole process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def process_streams_kept() -> Iterator[None]:
    """Puts the random streams of Python and NumPy back after the block.

    Yields:
        Nothing.
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the shared one)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
