"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.eager import context

from dropviz.keras_inside.fit_batches import as_handed, shuffled_orders
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
