"""Functions that were compiled where no gradient was taken: what is not known is said."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import tensorflow as tf

from dropviz.recording.record import record
from tests.keras_models import FEATURES, STEPS, data, quick

X, Y = data(8, STEPS, FEATURES)
WHERE = (
    "made where no gradient was seen to be taken, as without a tape, or by a function that was "
    "compiled there"
)


def stepping(model: Any) -> Any:
    """A forward pass that is a function of its own, and a step of training with it."""
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)
    forward = tf.function(lambda x: model(x, training=True), autograph=False)

    def step(samples: int) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((forward(tf.constant(X[:samples])) - Y[:samples]) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    return forward, step


def test_a_function_that_was_warmed_up_without_a_tape_has_calls_and_no_batches() -> None:
    model = quick()
    with record(model) as recording:
        forward, step = stepping(model)
        forward(tf.constant(X))
        step(8)
        step(8)

    layer = recording["rnn"]
    assert layer.batches == layer.calls == 3
    assert layer.note == f"its calls were {WHERE}, so each of them is counted as a batch."


def test_of_a_function_traced_twice_the_calls_that_are_left_out_are_said() -> None:
    model = quick()
    with record(model) as recording:
        forward, step = stepping(model)
        forward(tf.constant(X))
        step(8)
        step(5)

    layer = recording["rnn"]
    assert layer.batches == 1
    assert layer.note == f"2 calls of it are not among these, {WHERE}."


class AlwaysOn(keras.Model):  # type: ignore[misc]
    """Drops in predictions too, as for Monte Carlo dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = keras.layers.SimpleRNN(4, dropout=0.4, name="rnn")
        self.head = keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.head(self.rnn(x, training=True))


@pytest.mark.full
@pytest.mark.parametrize("eager", [True, False], ids=["eager", "graph"])
def test_predictions_with_dropout_on_beside_a_training_are_said(*, eager: bool) -> None:
    model = AlwaysOn()
    model.compile("sgd", "mse", run_eagerly=eager)
    with record(model) as recording:
        model.fit(X, Y, batch_size=4, verbose=0)
        model.predict(X, verbose=0)

    assert recording["rnn"].batches == 2
    assert recording["rnn"].note == f"1 call of it is not among these, {WHERE}."


def test_a_layer_called_by_hand_where_nothing_trains_has_no_note() -> None:
    model = quick()
    with record(model) as recording:
        model(X, training=True)

    assert recording["rnn"].batches == 1
    assert not recording["rnn"].note


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("calls", [1, 3])
def test_a_gradient_that_is_taken_after_the_last_step_trains_nothing(
    calls: int, *, compiled: bool
) -> None:
    model = quick()

    def asked() -> Any:
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(model(x, training=True))
        return tape.gradient(total, x)

    with record(model) as recording:
        model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
        before = recording[next(iter(recording))].batches
        ask = tf.function(asked) if compiled else asked
        for _ in range(calls):
            ask()

    layer = recording[next(iter(recording))]
    assert (before, layer.batches) == (4, 4)
    assert f"{calls} call" in layer.note
    assert "no batch, made after the optimizer's last step." in layer.note
