"""Whether an optimizer was seen to train what is recorded."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.recording.record import record_everything
from dropviz.recording.trained_by import TrainedBy

Layer = Any
Model = Any

X = np.ones((2, 1, 2), "float32")
BY_CALL = "no optimizer of Keras was seen to train it, so each of its calls is counted as a batch."


def rnn(name: str = "rnn") -> Layer:
    made = keras.layers.SimpleRNN(2, dropout=0.5, unroll=True, name=name)
    made.build((None, 1, 2))
    return made


def test_what_no_optimizer_trains_is_trained_by_hand() -> None:
    one, other = rnn(), rnn()
    trained_by = TrainedBy(one)

    trained_by.step(other.trainable_variables)

    assert trained_by.by_hand


def test_what_an_optimizer_trains_in_part_is_trained_by_it() -> None:
    one = rnn()
    trained_by = TrainedBy(one)

    trained_by.step(one.trainable_variables[1:2])

    assert not trained_by.by_hand


def test_what_cannot_be_trained_is_not_trained_by_hand() -> None:
    one = rnn()
    trained_by = TrainedBy(one)

    one.trainable = False

    assert not trained_by.by_hand


def test_a_variable_of_tensorflow_s_own_may_be_anybody_s() -> None:
    one = rnn()
    trained_by = TrainedBy(one)

    trained_by.step([one.trainable_variables[0].value])

    assert not trained_by.by_hand


def test_of_what_is_gone_nothing_is_said() -> None:
    trained_by = TrainedBy(rnn())
    gc.collect()

    trained_by.step([])

    assert not trained_by.by_hand


# ---------------------------------------------------------------- what a recording says of it


def model_of(*layers: Layer, name: str) -> Model:
    return keras.Sequential([keras.Input((1, 2)), *layers, keras.layers.Dense(1)], name=name)


def gradients(models: list[Model], variables: Any, calls: int = 1) -> list[Any]:
    """Of the outputs of models, each called so many times with dropout."""
    with tf.GradientTape() as tape:
        losses = [tf.reduce_sum(model(X, training=True)) for model in models for _ in range(calls)]
        loss = tf.add_n(losses)
    found: list[Any] = tape.gradient(loss, variables)
    return found


def descends(model: Model) -> None:
    for each, gradient in zip(
        model.trainable_variables, gradients([model], model.trainable_variables), strict=True
    ):
        each.assign_sub(0.1 * gradient)


def by_hand_between_steps(one: Model, other: Model) -> None:
    """One is trained by an optimizer, the other by hand."""
    optimizer = keras.optimizers.SGD(0.1)
    for hands in (3, 1):
        optimizer.apply(gradients([one], one.trainable_variables), one.trainable_variables)
        for _ in range(hands):
            descends(other)


def frozen_teacher(one: Model, other: Model) -> None:
    """The other is called twice in a step, and is not to be trained."""
    other.trainable = False
    optimizer = keras.optimizers.SGD(0.1)
    for _ in range(2):
        there = gradients([one, other], one.trainable_variables, calls=2)
        optimizer.apply(there, one.trainable_variables)


def wrapped_optimizer(one: Model, other: Model) -> None:
    """Both are trained by one optimizer inside another."""
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    variables = one.trainable_variables + other.trainable_variables
    for _ in range(2):
        optimizer.apply(gradients([one, other], variables, calls=2), variables)


def by_hand_alone(one: Model, other: Model) -> None:
    """Nothing of Keras's trains."""
    descends(one)
    for _ in range(3):
        descends(other)


# Of each the batches and calls of both models.
COUNTED: dict[Callable[[Model, Model], None], list[tuple[int, int]]] = {
    by_hand_between_steps: [(2, 2), (4, 4)],
    frozen_teacher: [(2, 4), (2, 4)],
    wrapped_optimizer: [(2, 4), (2, 4)],
    by_hand_alone: [(1, 1), (3, 3)],
}


@pytest.mark.parametrize("train", COUNTED, ids=lambda train: train.__name__)
def test_a_batch_is_a_call_where_no_optimizer_trains_and_that_is_said(
    train: Callable[[Model, Model], None],
) -> None:
    drop = keras.layers.Dropout(0.5, name="drop")
    one, other = model_of(rnn("one"), name="a"), model_of(rnn("other"), drop, name="b")
    with record_everything() as recorder:
        train(one, other)

    recording = recorder.recording
    counted = [(recording[name].batches, recording[name].calls) for name in ("one", "other")]
    assert counted == COUNTED[train]
    assert (recording["drop"].batches, recording["drop"].calls) == counted[1]
    said = [BY_CALL in recording[name].note for name in ("one", "other", "drop")]
    by_hand = counted[1][0] == counted[1][1]
    assert said == [False, by_hand, by_hand]
