from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.random import seed_generator

from dropviz.keras_inside.seeding import (
    forget_shared_generator,
    forget_tensorflow_seed,
    seed_again,
    seeded,
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


def weights() -> list[Any]:
    """Of layers that nobody gave a seed."""
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(2, dropout=0.5, name="lstm")])
    drawn = model.get_layer("lstm").cell.get_dropout_mask(keras.ops.ones((2, 2)))
    return [np.asarray(each).tolist() for each in [*model.get_weights(), drawn]]


def as_keras_does(seed: int) -> tuple[list[Any], float]:
    keras.utils.set_random_seed(seed)
    return weights(), random.random()  # noqa: S311 (the stream under test)


DISTURBED: dict[str, Callable[[], object]] = {
    "drawn from": lambda: random.sample(range(100), 10),  # as Dask does, from its own thread
    "seeded": lambda: random.seed(1),
    "put back": lambda: random.setstate(random.Random(2).getstate()),  # noqa: S311
    "drawn from by Keras": weights,
}


@pytest.mark.parametrize("how", DISTURBED)
def test_another_threads_numbers_change_no_model_that_is_built(how: str) -> None:
    wanted = as_keras_does(5)
    thread = threading.Thread(target=DISTURBED[how])
    with seeded(5):
        thread.start()
        thread.join()
        built = weights()

    assert (built, random.random()) == wanted  # noqa: S311


def test_a_model_inside_another_ones_seeds_leaves_them_alone() -> None:
    (inner, _), (outer, _) = as_keras_does(6), as_keras_does(5)
    before = seed_generator.python_random
    with seeded(5):
        with seeded(6):
            assert weights() == inner
        assert weights() == outer
    assert seed_generator.python_random is before is random


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
