from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.seeding import (
    forget_shared_generator,
    forget_tensorflow_seed,
    seed_again,
    shared_generator,
    tensorflow_seed_kept,
)


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


MOVED = (
    "keras/src/backend/common/global_state.py or keras/src/random/seed_generator.py: the "
    "generator of draws without a seed is kept elsewhere; dropviz/keras_inside/seeding.py leans "
    "on it."
)


def test_the_generator_of_draws_without_a_seed_is_found_and_forgotten() -> None:
    forget_shared_generator()
    assert shared_generator() is None, MOVED

    keras.random.normal((1,))
    generator = shared_generator()

    assert generator is not None, MOVED
    before = np.asarray(generator.state).tolist()
    keras.random.normal((1,))
    assert np.asarray(generator.state).tolist() != before, MOVED
    forget_shared_generator()
    assert shared_generator() is None, MOVED


SHUFFLED = "tensorflow/python/eager/context.py: the seed of TensorFlow is kept elsewhere."


def shuffled() -> list[Any]:
    """Two passes over a data set that shuffles, and the seeds of the operation that comes next."""
    data = tf.data.Dataset.range(1).map(lambda _: tf.random.shuffle(tf.range(50)))
    passes = [np.asarray(each).tolist() for _ in range(2) for each in data]
    return [*passes, tf.compat.v1.get_seed(None)]


@pytest.mark.parametrize("seed", [None, 5])
def test_tensorflow_goes_on_as_if_it_had_not_been_seeded(seed: int | None) -> None:
    with tensorflow_seed_kept():
        forget_tensorflow_seed()
        if seed is not None:
            seed_again(seed)
        wanted = shuffled()
        if seed is not None:
            seed_again(seed)
        with tensorflow_seed_kept():
            seed_again(9)
            assert shuffled()[0] == shuffled()[1], SHUFFLED
            forget_tensorflow_seed()
            first, second, _ = shuffled()
            assert first != second, SHUFFLED
        found = shuffled()

    assert (found == wanted) == (seed is not None), SHUFFLED
    assert (found[0] == found[1]) == (seed is not None), SHUFFLED
