from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.recording import undisturbed as module
from dropviz.recording.undisturbed import undisturbed
from tests.keras_models import (
    BATCH,
    FEATURES,
    KINDS,
    STEPS,
    Model,
    compiled,
    data,
    fit,
    fresh,
    lstm,
    quick,
)

X, Y = data()

LOOKS: dict[str, Callable[[Model], object]] = {
    "evaluate": lambda model: model.evaluate(X[:BATCH], Y[:BATCH], verbose=0),
    "predict": lambda model: model.predict(X[:BATCH], verbose=0),
    "test_on_batch": lambda model: model.test_on_batch(X[:BATCH], Y[:BATCH]),
    "call": lambda model: model(X[:BATCH]),
    "training call": lambda model: model(X[:BATCH], training=True),
}


def state(model: Model) -> list[NDArray[Any]]:
    return [np.asarray(each) for each in (*model.variables, *model.metrics_variables)]


def assert_equal(mine: list[NDArray[Any]], its: list[NDArray[Any]]) -> None:
    for one, other in zip(mine, its, strict=True):
        np.testing.assert_array_equal(one, other)


def _busy() -> Model:
    """A model with every kind of state that a forward pass changes."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(BATCH, STEPS, FEATURES)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            lstm(stateful=True),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    return model


@pytest.mark.few(4)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("make", [_busy, quick], ids=["busy", "simple"])
def test_a_look_leaves_every_variable_as_it_was(
    make: Callable[[], Model], look: Callable[[Model], object]
) -> None:
    model = make()
    model.train_on_batch(X[:BATCH], Y[:BATCH])
    before = state(model)

    with undisturbed(model):
        look(model)

    assert_equal(state(model), before)


def test_the_streams_that_a_layer_of_one_s_own_may_draw_from_stay_where_they_are() -> None:
    def drawn() -> tuple[float, float, float]:
        mine = np.asarray(keras.random.uniform(()))
        return random.random(), float(np.random.random()), float(mine)  # noqa: NPY002, S311

    model = quick()
    keras.utils.set_random_seed(5)
    expected = drawn()
    keras.utils.set_random_seed(5)
    with undisturbed(model):
        drawn()

    assert drawn() == expected


def test_without_it_a_look_does_change_variables() -> None:
    model = _busy()
    model.train_on_batch(X[:BATCH], Y[:BATCH])
    before = state(model)
    LOOKS["evaluate"](model)

    assert any(
        not np.array_equal(one, other) for one, other in zip(state(model), before, strict=True)
    )


@pytest.mark.full
@pytest.mark.few("rnn of cells")
@pytest.mark.parametrize("name", ["lstm", "bidirectional", "rnn of cells", "nested"])
def test_the_training_that_follows_is_as_without_a_look(name: str) -> None:
    kind = KINDS[name]
    x, y = data(*kind.shape)
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = compiled(kind.build(), run_eagerly=True)
        model.train_on_batch(x, y)
        if wanted:
            with undisturbed(model):
                model.evaluate(x, y, verbose=0)
        losses = model.fit(x, y, batch_size=BATCH, verbose=0).history
        outcomes.append((losses, state(model)))

    (losses, variables), (its_losses, its_variables) = outcomes
    assert losses == its_losses
    assert_equal(variables, its_variables)


def test_a_look_between_batches_leaves_the_losses_as_they_were() -> None:
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = quick()

        def look(_batch: int, logs: object, *, model: Model = model, wanted: bool = wanted) -> None:
            del logs
            if wanted:
                with undisturbed(model):
                    model.evaluate(X, Y, verbose=0)

        watch = keras.callbacks.LambdaCallback(on_train_batch_begin=look)
        outcomes.append((fit(model, epochs=2, callbacks=[watch]).history, state(model)))

    assert outcomes[0][0] == outcomes[1][0]
    assert_equal(outcomes[0][1], outcomes[1][1])


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_look_that_fails_leaves_every_variable_as_it_was(error: type[BaseException]) -> None:
    model = _busy()
    before = state(model)

    def fail() -> None:
        model(X[:BATCH], training=True)
        raise error

    with pytest.raises(error), undisturbed(model):
        fail()

    assert_equal(state(model), before)


@pytest.mark.usefixtures("_mixed")
def test_a_look_in_mixed_precision_leaves_every_variable_as_it_was() -> None:
    model = quick(run_eagerly=True)
    model.train_on_batch(X, Y)
    before = state(model)

    with undisturbed(model):
        model.evaluate(X, Y, verbose=0)

    assert_equal(state(model), before)


def test_weights_trained_inside_the_block_stay_trained() -> None:
    model = quick(run_eagerly=True)
    before = [np.asarray(each) for each in model.trainable_variables]

    with undisturbed(model):
        model.train_on_batch(X, Y)

    assert any(
        not np.array_equal(one, other)
        for one, other in zip(model.trainable_variables, before, strict=True)
    )


def test_what_jax_holds_in_a_step_comes_home_before_a_look_and_before_all_is_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = _busy()
    before, came = state(model), []

    def home(whose: Model) -> None:
        changed = any(
            not np.array_equal(one, other) for one, other in zip(state(model), before, strict=True)
        )
        came.append((whose is model, changed))

    monkeypatch.setattr(module, "bring_home", home)

    with undisturbed(model):
        model(X[:BATCH], training=True)

    assert came == [(True, False), (True, True)]
    assert_equal(state(model), before)
