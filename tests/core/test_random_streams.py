from __future__ import annotations

import random

import numpy as np
import pytest

from dropviz.core.random_streams import process_streams_kept


def test_a_block_that_fails_puts_the_random_streams_back() -> None:
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = random.random(), float(np.random.random())  # noqa: NPY002, S311
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002

    def fail() -> None:
        with process_streams_kept():
            random.random()  # noqa: S311
            np.random.random()  # noqa: NPY002
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (random.random(), float(np.random.random())) == expected  # noqa: NPY002, S311
