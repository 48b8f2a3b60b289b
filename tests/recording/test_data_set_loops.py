"""A loop over a data set inside a function, which AutoGraph makes one operation of, is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.recording.record import record
from tests.keras_models import FEATURES, STEPS

pytestmark = pytest.mark.slow

SAMPLES, BATCH, EPOCHS = 20, 8, 2
X = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, SAMPLES)
Step = Callable[[Any, Any], Any]


def whole(batches: Any, step: Step) -> Any:
    loss = 0.0
    for x, y in batches:
        loss = step(x, y)
    return loss


def with_break(batches: Any, step: Step) -> Any:
    loss = 0.0
    for number, (x, y) in batches.enumerate():
        if number == 2:
            break
        loss = step(x, y)
    return loss


def reduced(batches: Any, step: Step) -> Any:
    return batches.reduce(0.0, lambda _, batch: step(*batch))


def in_a_condition(batches: Any, step: Step) -> Any:
    loss = 0.0
    for x, y in batches:
        if tf.shape(x)[0] == BATCH:
            loss = step(x, y)
    return loss


def trained(loop: Callable[[Any, Step], Any], around: Callable[[Any], Any]) -> tuple[Any, Any, int]:
    """The variables after two epochs of a loop, its recording, and the steps of the optimizer."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES)),
            keras.layers.LSTM(4, dropout=0.3, recurrent_dropout=0.3, name="lstm"),
            keras.layers.Dropout(0.2, name="dropout"),
            keras.layers.Dense(3),
        ]
    )
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)
    ask = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = ask(y, model(x, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    with around(model) as recording:
        epoch = tf.function(lambda: loop(batches, step))
        for _ in range(EPOCHS):
            epoch()
    return [np.asarray(each) for each in model.variables], recording, int(optimizer.iterations)


class Nothing:
    """No recording."""

    def __init__(self, model: Any) -> None:
        del model

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.filterwarnings("ignore:.*take_while.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("loop", "steps"), [(whole, 6), (with_break, 4), (reduced, 6), (in_a_condition, 4)]
)
def test_each_step_of_a_loop_over_a_data_set_is_a_batch(
    loop: Callable[[Any, Step], Any], steps: int
) -> None:
    plain, _, made = trained(loop, Nothing)
    watched, recording, _ = trained(loop, record)

    for one, other in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(one, other)
    assert made == steps
    assert (recording["lstm"].batches, recording["dropout"].batches) == (steps, steps)
    assert (recording.missed, recording.skipped) == (0, {})
    values = recording["lstm"]["input"].values
    # Each batch has masks of its own.
    assert len({each.tobytes() for each in values}) == len(values)


def test_what_a_data_set_maps_is_still_no_call_of_a_training() -> None:
    layer = keras.layers.LSTM(3, dropout=0.5, name="lstm")
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with record(model) as recording:
        data = tf.data.Dataset.from_tensor_slices(X).batch(BATCH)
        list(data.map(lambda x: layer(x, training=True)))

    assert "dataset.map" in recording.skipped["lstm"]
