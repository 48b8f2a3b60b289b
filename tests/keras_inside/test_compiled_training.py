"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.compiled_training import CompiledTraining
from dropviz.keras_inside.fit_batches import as_handed, build_metrics, shuffled_orders
from dropviz.keras_inside.seeding import seed_again
from dropviz.keras_inside.whole_training import WholeTraining

MOVED = (
    "keras/src/backend/tensorflow/trainer.py: fit does more, or in another order, than to reset "
    "metrics, call train_step for each batch and test_step for each batch of validation data; "
    "dropviz/keras_inside/compiled_training.py leans on it."
)
BATCH, EPOCHS = 4, 3
# Training and validation samples: with a rest, without, and with nothing but a rest.
SIZES = [(10, 6), (8, 4), (3, 2), (5, 9)]
Arrays = tuple[Any, Any]


def data(samples: int) -> Arrays:
    draw = np.random.default_rng(samples)
    x = draw.normal(size=(samples, 3)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int64")


def model_of(rate: float = 0.01, **kwargs: Any) -> Any:
    """Makes a small classifier with masks, the same at each call."""
    seed_again(5)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model


def values(model: Any) -> list[Any]:
    return [np.asarray(each) for each in (*model.variables, *model.optimizer.variables)]


def compiled(model: Any, train: Arrays, test: Arrays, **kwargs: Any) -> CompiledTraining:
    before = values(model)[: len(model.variables)]
    training, validation = as_handed(train, test)
    model.optimizer.build(model.trainable_variables)
    build_metrics(model, tuple(each[:1] for each in training), model.output_shape[1:])
    whole = WholeTraining(model, training, validation, BATCH, EPOCHS)
    program = CompiledTraining(whole, **kwargs)
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    return program


def trained(program: CompiledTraining, samples: int) -> dict[str, list[float]]:
    seed_again(5)
    return program.run(shuffled_orders(samples, EPOCHS))


def fitted(model: Any, train: Arrays, test: Arrays) -> Any:
    seed_again(5)
    given: dict[str, Any] = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0}
    return model.fit(*train, validation_data=test, **given).history


@pytest.mark.few("(10, 6)")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_a_training_is_that_of_fit_to_the_bit(sizes: tuple[int, int]) -> None:
    train, test = map(data, sizes)
    model, plain = model_of(), model_of()
    program = compiled(model, train, test, jit_compile=False)

    mine, its = trained(program, sizes[0]), fitted(plain, train, test)

    assert mine == its, MOVED
    assert list(mine) == list(its), MOVED
    for one, other in zip(values(model), values(plain), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=MOVED)


@pytest.mark.full
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_xla_trains_as_fit_does_with_it(sizes: tuple[int, int]) -> None:
    train, test = map(data, sizes)
    model, plain = model_of(), model_of(jit_compile=True)
    program = compiled(model, train, test, jit_compile=True)

    mine, its = trained(program, sizes[0]), fitted(plain, train, test)

    assert list(mine) == list(its)
    for name, points in its.items():
        np.testing.assert_allclose(mine[name], points, rtol=1e-5)
    for one, other in zip(values(model), values(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.full
def test_another_loss_without_metrics_is_trained_to_the_bit() -> None:
    train, test = ((x, x[:, :, None]) for x, _ in map(data, (10, 6)))
    models = []
    for _ in range(2):
        seed_again(5)
        models.append(keras.Sequential([keras.Input((3,)), keras.layers.Reshape((3, 1))]))
        models[-1].add(keras.layers.LSTM(2, return_sequences=True))
        models[-1].add(keras.layers.Dense(1))
        models[-1].compile("sgd", loss="mae")
    program = compiled(models[0], train, test, jit_compile=False)

    mine, its = trained(program, 10), fitted(models[1], train, test)

    assert mine == its
    assert list(mine) == ["loss", "val_loss"]
    for one, other in zip(*map(values, models), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.full
def test_it_trains_on_where_the_model_stands() -> None:
    train, test = data(10), data(6)
    model, plain = model_of(), model_of()
    program = compiled(model, train, test, jit_compile=False)

    mine = [trained(program, 10) for _ in range(2)]
    its = [fitted(plain, train, test) for _ in range(2)]

    assert mine == its
    assert mine[0] != mine[1]


@pytest.mark.full
def test_it_ends_with_the_epoch_whose_loss_is_not_finite() -> None:
    train, test = data(10), data(6)
    model, plain = model_of(1e38), model_of(1e38)
    ends = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: setattr(
            plain, "stop_training", not math.isfinite(logs["loss"])
        )
    )
    program = compiled(model, train, test, jit_compile=False)

    mine = trained(program, 10)
    seed_again(5)
    its = plain.fit(
        *train,
        validation_data=test,
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[ends],
    ).history

    assert 0 < len(mine["loss"]) < EPOCHS
    assert not math.isfinite(mine["loss"][-1])
    for name, points in its.items():
        np.testing.assert_array_equal(mine[name], points)
    for one, other in zip(values(model), values(plain), strict=True):
        np.testing.assert_array_equal(one, other)
