"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from numpy.typing import NDArray
from tensorflow.python.eager import context

from dropviz.keras_inside.fit_batches import as_handed, laid_out, shuffled_orders, told_size
from dropviz.keras_inside.seeding import seed_again

SAMPLES, EPOCHS = 23, 5
ANEW = (
    "keras/src/trainers/data_adapters/array_data_adapter.py: the order of samples is drawn "
    "otherwise, or depends on the batch size or the data; dropviz/keras_inside/fit_batches.py "
    "asks for it with all samples in one batch, and for as few epochs as tell all."
)


def seen_by_fit(batch_size: int) -> NDArray[Any]:
    """The samples of a plain ``fit``, in the order in which it trains on them."""
    seen: list[int] = []

    class Seeing(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> Any:
            seen.extend(np.asarray(data[1])[:, 0].astype(int))
            return super().train_step(data)

    model = Seeing()
    model.compile("sgd", "mse", run_eagerly=True)
    x, y = np.random.default_rng(0).normal(size=(SAMPLES, 3)), np.arange(SAMPLES)[:, None]
    model.fit(x, y, batch_size=batch_size, epochs=EPOCHS, verbose=0)
    return np.reshape(seen, (EPOCHS, SAMPLES))


@pytest.mark.few("3")
@pytest.mark.parametrize("seed", [0, 3])
def test_the_orders_are_those_in_which_fit_takes_samples(seed: int) -> None:
    seed_again(seed)
    mine = np.asarray(shuffled_orders(SAMPLES, EPOCHS))

    for batch_size in (4, 100):
        seed_again(seed)
        np.testing.assert_array_equal(mine, seen_by_fit(batch_size), err_msg=ANEW)
    assert mine.dtype == np.int32
    for order in mine:
        assert sorted(order) == list(range(SAMPLES))
    assert list(mine[0]) != list(range(SAMPLES))


def test_another_seed_gives_another_order() -> None:
    orders = []
    for seed in (1, 2):
        seed_again(seed)
        orders.append(np.asarray(shuffled_orders(SAMPLES, 1)))

    one, other = orders
    assert one.shape == (1, SAMPLES)
    assert not np.array_equal(one, other)


def test_orders_that_do_not_repeat_are_all_asked_for() -> None:
    tf.random.set_seed(1)
    context.context()._seed = None
    orders = np.asarray(shuffled_orders(SAMPLES, EPOCHS))
    seed_again(1)

    assert orders.shape == (EPOCHS, SAMPLES)
    assert len({tuple(order) for order in orders}) == EPOCHS
    for order in orders:
        assert sorted(order) == list(range(SAMPLES))


@pytest.mark.parametrize(
    ("given", "handed"), [("float64", "float32"), ("float32", "float32"), ("int32", "int32")]
)
def test_arrays_come_as_train_step_gets_them(given: str, handed: str) -> None:
    draw = np.random.default_rng(0)
    data = [(draw.normal(size=(n, 2)).astype(given), np.arange(n)) for n in (SAMPLES, 2 * SAMPLES)]

    for mine, (x, y) in zip(as_handed(*data), data, strict=True):
        assert [str(np.asarray(each).dtype) for each in mine] == [handed, "int64"]
        np.testing.assert_array_equal(mine[0], x.astype(handed))
        np.testing.assert_array_equal(mine[1], y)


@pytest.mark.few("64")
@pytest.mark.parametrize("batch_size", [4, 23, 64])
def test_what_is_laid_out_trains_as_the_arrays_do_to_the_bit(batch_size: int) -> None:
    x = np.random.default_rng(0).normal(size=(SAMPLES, 3))
    y = np.random.default_rng(1).normal(size=(SAMPLES, 1))
    left = []
    for arrays in (True, False):
        keras.utils.set_random_seed(5)
        order = shuffled_orders(SAMPLES, 1)[0]
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        if arrays:
            given = {"x": x, "y": y, "validation_data": (x, y), "batch_size": batch_size}
        else:
            trained_on, tested_on = as_handed((x, y), (x, y))
            given = {
                "x": laid_out(trained_on, order, batch_size),
                "validation_data": laid_out(tested_on, np.arange(SAMPLES), batch_size),
                "shuffle": False,
            }
        history = model.fit(**given, epochs=EPOCHS, verbose=0).history
        left.append(([np.asarray(each) for each in model.variables], history))

    for one, other in zip(left[0][0], left[1][0], strict=True):
        np.testing.assert_array_equal(one, other, err_msg=ANEW)
    assert left[0][1] == left[1][1]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 23, 64])
@pytest.mark.parametrize("samples", [1, 23, 46, 64, 65, 128])
def test_batches_tell_the_size_that_those_of_fit_tell(
    samples: int, batch_size: int, *, shuffle: bool
) -> None:
    x = np.zeros((samples, 2), "float32")
    adapter = ArrayDataAdapter(x, batch_size=batch_size, shuffle=shuffle)
    told = keras.tree.flatten(adapter.get_tf_dataset().element_spec)[0].shape[0]

    assert told_size(samples, batch_size) == told, ANEW
    mine = laid_out((tf.constant(x),), np.arange(samples), batch_size)
    assert keras.tree.flatten(mine.element_spec)[0].shape == (told, 2)
    assert sum(len(keras.tree.flatten(each)[0]) for each in mine) == samples


def test_batches_that_are_laid_out_are_tuned_by_nobody() -> None:
    batch = (tf.range(10), tf.range(10) * 2)
    order = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])

    batches = laid_out(batch, order, 4)

    assert batches.options().autotune.enabled is False
    assert int(batches.cardinality()) == 3
    assert [each.tolist() for each, _ in batches.as_numpy_iterator()] == [
        *([3, 1, 4, 0], [5, 9, 2, 6], [8, 7]),
    ]
    assert all((2 * one == other).all() for one, other in batches.as_numpy_iterator())
