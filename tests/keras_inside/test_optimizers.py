"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside import hooks
from dropviz.keras_inside.optimizers import (
    APPLIES,
    is_last_replica,
    living_optimizers,
    steps_made,
    trains_recurrence,
    wrapped_optimizer,
)

APPLY = (
    "keras/src/optimizers/base_optimizer.py: apply is no longer called once for each step, in "
    "Python where a step runs eagerly and while it is traced elsewhere; "
    "dropviz/keras_inside/optimizers.py leans on it."
)
COUNTS = (
    "keras/src/optimizers/base_optimizer.py: _iterations no longer counts each call of apply, in "
    "a graph too; dropviz/keras_inside/optimizers.py leans on it."
)
SCALES = (
    "keras/src/optimizers/loss_scale_optimizer.py: LossScaleOptimizer no longer has an apply of "
    "its own that calls that of its inner_optimizer; "
    "dropviz/keras_inside/optimizers.py leans on it."
)
NAMES = (
    "keras/src/layers/rnn or keras/src/optimizers/base_optimizer.py: a layer's weights are no "
    "longer named recurrent_kernel, or an optimizer keeps them elsewhere than in "
    "_trainable_variables; dropviz/keras_inside/optimizers.py leans on it."
)
REPLICA = (
    "tensorflow/python/distribute: outside of a strategy, or with one replica, there is no last "
    "replica any more; dropviz/keras_inside/optimizers.py leans on it."
)

X, Y = np.ones((6, 3, 2), "float32"), np.ones((6, 1), "float32")
BATCH, BATCHES = 2, 3
KINDS = sorted(
    name
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type)
    and issubclass(kind, keras.optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The optimizers whose step is heard of, at each step."""
    found: list[Any] = []
    with ExitStack() as stack:
        for owner, method in APPLIES:
            stack.enter_context(
                hooks.before(owner, method, lambda optimizer, *_, **__: found.append(optimizer))
            )
        yield found


def model_of(optimizer: Any, layer: Any = None, **settings: Any) -> Any:
    first = layer or keras.layers.SimpleRNN(2, unroll=True)
    model = keras.Sequential([keras.Input((3, 2)), first, keras.layers.Dense(1)])
    model.compile(optimizer, "mse", **settings)
    return model


def fit(model: Any) -> None:
    model.fit(X, Y, batch_size=BATCH, verbose=0)


def applied(optimizer: Any, times: int = 1) -> Any:
    """Makes steps of an optimizer with a weight of its own."""
    weight = keras.Variable([[1.0]])
    for _ in range(times):
        optimizer.apply([tf.constant([[0.5]])], [weight])
    return optimizer


# ---------------------------------------------------------------- hearing of steps


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_optimizer_is_heard_and_counts(name: str, heard: list[Any]) -> None:
    optimizer = getattr(keras.optimizers, name)()
    before = steps_made(optimizer)

    applied(optimizer, 2)

    assert [each is optimizer for each in heard] == [True, True], APPLY
    assert (before, steps_made(optimizer)) == (0, 2), COUNTS


class Whole(keras.optimizers.SGD):  # type: ignore[misc]
    """An optimizer of optimizers, as ``keras.optimizers.MultiOptimizer`` is in newer versions."""

    def __init__(self, parts: Sequence[Any]) -> None:
        super().__init__()
        self.parts = list(parts)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        for part, slope, weight in zip(self.parts, grads, trainable_variables, strict=True):
            part.apply([slope], [weight])
        self.iterations.assign_add(1)


def test_an_optimizer_of_optimizers_is_heard_by_its_parts_and_not_listed_beside_them(
    heard: list[Any],
) -> None:
    parts = keras.optimizers.SGD(), keras.optimizers.Adam()
    whole = Whole(parts)
    weights = keras.Variable([1.0], name="one"), keras.Variable([1.0], name="other")

    whole.apply([tf.constant([1.0])] * 2, weights)

    assert [sum(each is part for each in heard) for part in parts] == [1, 1], APPLY
    assert not any(each is whole for each in (*heard, *living_optimizers())), APPLY
    assert [steps_made(part) for part in parts] == [1, 1], COUNTS


@pytest.mark.full
@pytest.mark.parametrize("jit", [False, True])
def test_a_step_that_is_compiled_is_heard_once_and_counts_each_time(
    heard: list[Any], *, jit: bool
) -> None:
    optimizer = keras.optimizers.SGD()
    fit(model_of(optimizer, jit_compile=jit))

    # While it is traced; how often depends on the sizes of batches and not on their number.
    assert set(heard) == {optimizer}, APPLY
    assert len(heard) < BATCHES, APPLY
    assert steps_made(optimizer) == BATCHES, COUNTS


def test_a_step_that_runs_eagerly_is_heard_each_time(heard: list[Any]) -> None:
    optimizer = keras.optimizers.SGD()
    fit(model_of(optimizer, run_eagerly=True))

    assert heard == [optimizer] * BATCHES, APPLY
    assert steps_made(optimizer) == BATCHES, COUNTS


@pytest.mark.parametrize("name", ["apply", "apply_gradients"])
def test_gradients_are_the_first_that_a_step_is_given(name: str) -> None:
    given: list[list[Any]] = []

    def listen(_: Any, grads: Any, *__: Any, **___: Any) -> None:
        given.append(list(grads))

    optimizer, weight, slope = keras.optimizers.SGD(), keras.Variable([1.0]), tf.constant([0.5])
    with hooks.before(*APPLIES[0], listen):
        if name == "apply":
            optimizer.apply([slope], [weight])
            optimizer.apply(grads=[slope], trainable_variables=[weight])
        else:
            optimizer.apply_gradients([(slope, weight)])

    assert all(len(each) == 1 and each[0] is slope for each in given), APPLY
    assert len(given) == {"apply": 2, "apply_gradients": 1}[name], APPLY


def test_steps_that_only_accumulate_gradients_count_too(heard: list[Any]) -> None:
    optimizer = applied(keras.optimizers.SGD(gradient_accumulation_steps=3), 4)

    assert (len(heard), steps_made(optimizer)) == (4, 4), COUNTS


# ---------------------------------------------------------------- scaled losses


@pytest.mark.parametrize("settings", [{"run_eagerly": True}, {}])
def test_an_optimizer_that_scales_is_heard_before_the_one_it_wraps(
    settings: dict[str, bool], heard: list[Any]
) -> None:
    inner = keras.optimizers.SGD()
    scales = keras.optimizers.LossScaleOptimizer(inner)
    fit(model_of(scales, **settings))

    assert wrapped_optimizer(scales) is inner, SCALES
    assert heard[::2] == [scales] * (len(heard) // 2), SCALES
    assert heard[1::2] == [inner] * (len(heard) // 2), SCALES
    assert (len(heard) == 2 * BATCHES) == bool(settings), SCALES
    assert steps_made(inner) == BATCHES, SCALES


@pytest.mark.parametrize("kind", [keras.optimizers.SGD, keras.optimizers.Adam])
def test_an_optimizer_that_scales_nothing_wraps_none(kind: Any) -> None:
    assert wrapped_optimizer(kind()) is None


def test_a_step_that_overflows_is_heard_and_the_one_inside_does_not_count() -> None:
    inner = keras.optimizers.SGD()
    scales = keras.optimizers.LossScaleOptimizer(inner)
    weight = keras.Variable([1.0])

    for slope in (1.0, np.inf, 1.0):
        scales.apply([tf.constant([slope], tf.float32)], [weight])

    assert steps_made(inner) == 2, SCALES


# ---------------------------------------------------------------- which there are


def test_optimizers_are_listed_while_they_live() -> None:
    optimizer = keras.optimizers.SGD()
    known = id(optimizer)
    there = [each for each in living_optimizers() if each is optimizer]
    assert len(there) == 1

    del optimizer, there
    gc.collect()

    assert known not in {id(each) for each in living_optimizers()}


def test_an_optimizer_that_wraps_another_is_not_listed_beside_it() -> None:
    inner = keras.optimizers.SGD()
    scales = keras.optimizers.LossScaleOptimizer(inner)

    found = {id(each) for each in living_optimizers()}

    assert id(inner) in found
    assert id(scales) not in found


def test_an_optimizer_of_ones_own_is_listed_and_heard(heard: list[Any]) -> None:
    class Own(keras.optimizers.SGD):  # type: ignore[misc]
        pass

    optimizer = applied(Own())

    assert any(each is optimizer for each in living_optimizers())
    assert heard == [optimizer], APPLY


# ---------------------------------------------------------------- what they train

RECURRENT = {
    "LSTM": lambda: keras.layers.LSTM(2),
    "GRU": lambda: keras.layers.GRU(2),
    "SimpleRNN": lambda: keras.layers.SimpleRNN(2),
    "cells": lambda: keras.layers.RNN([keras.layers.LSTMCell(2), keras.layers.GRUCell(2)]),
    "both ways": lambda: keras.layers.Bidirectional(keras.layers.LSTM(2)),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_an_optimizer_that_trains_a_recurrent_layer_is_told(name: str) -> None:
    model = model_of(keras.optimizers.SGD(), RECURRENT[name]())
    model.optimizer.build(model.trainable_variables)

    assert trains_recurrence(model.optimizer), NAMES


def test_an_optimizer_of_other_layers_or_of_none_trains_no_recurrence() -> None:
    model = model_of(keras.optimizers.SGD(), keras.layers.Flatten())
    model.optimizer.build(model.trainable_variables)

    assert not trains_recurrence(model.optimizer), NAMES
    assert not trains_recurrence(keras.optimizers.SGD()), NAMES
    frozen = model_of(keras.optimizers.SGD(), keras.layers.LSTM(2, trainable=False))
    frozen.optimizer.build(frozen.trainable_variables)
    assert not trains_recurrence(frozen.optimizer), NAMES


# ---------------------------------------------------------------- replicas


def test_without_a_strategy_there_is_one_replica_and_it_is_the_last() -> None:
    found: list[bool] = [is_last_replica()]
    tf.function(lambda: found.append(is_last_replica()), autograph=False)()

    assert found == [True, True], REPLICA


def test_the_only_replica_is_the_last() -> None:
    strategy, found = tf.distribute.MirroredStrategy(["cpu:0"]), list[bool]()

    strategy.run(lambda: found.append(is_last_replica()))
    with strategy.scope():
        found.append(is_last_replica())

    assert found == [True, True], REPLICA


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_whose_making_was_broken_off_is_none(kind: str) -> None:
    made = vars(keras.optimizers)[kind]
    broken = made.__new__(made)

    assert not any(each is broken for each in living_optimizers())
