from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.seeding import forget_shared_generator, seed_again


def draws() -> list[Any]:
    """Draws from every stream, those of a data set's shuffling included."""
    data = tf.data.Dataset.range(2).map(lambda _: tf.random.shuffle(tf.range(50)))
    return [
        random.random(),  # noqa: S311 (a stream under test)
        np.random.random(3).tolist(),  # noqa: NPY002 (the one that is shared)
        np.asarray(keras.random.normal((3,))).tolist(),
        np.asarray(keras.initializers.GlorotUniform()((4, 4))).tolist(),
        [np.asarray(each).tolist() for each in data],
    ]


def begin() -> None:
    """Lets the draws without a seed begin where Keras does not, when it is seeded."""
    if tuple(map(int, keras.__version__.split(".")[:2])) < (3, 10):
        forget_shared_generator()


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_every_stream_begins_as_keras_has_it_begin(seed: int) -> None:
    begin()
    keras.utils.set_random_seed(seed)
    wanted = draws()
    draws()  # moves all of them on
    for _ in range(2):
        begin()
        seed_again(seed)
        assert draws() == wanted
    begin()
    seed_again(seed ^ 1)
    assert all(one != other for one, other in zip(draws(), wanted, strict=True))


def test_what_seeds_tensorflow_is_as_it_was_afterwards() -> None:
    before = tf.random.set_seed
    seed_again(1)
    assert tf.random.set_seed is before
    with pytest.raises(ValueError, match="integer"):
        seed_again("one")  # type: ignore[arg-type]
    assert tf.random.set_seed is before
