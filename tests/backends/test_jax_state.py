"""What JAX's steps hand on, and what not; runs on JAX alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import keras
import numpy as np
import pytest

from dropviz.errors import DropvizError
from dropviz.keras_inside.gradient_tape import under_gradient_tape
from dropviz.keras_inside.jax_state import (
    alight,
    is_handed_on,
    ride,
    switch,
    variables_without_riders,
)
from dropviz.recording.jax_store import Store
from dropviz.recording.record import record, record_everything
from tests.backends.matrix import BATCH, FEATURES, STEPS, build, fit

MOVED = "jax/_src: the transformation under way is told otherwise; gradient_tape.py leans on it."
X = np.ones((BATCH, STEPS, FEATURES), "float32")


def variable() -> Any:
    return keras.Variable(np.zeros(2, "float32"), trainable=False)


def test_a_gradient_is_seen_wherever_it_is_taken() -> None:
    found: list[bool] = []

    def asks(x: Any) -> Any:
        found.append(under_gradient_tape())
        return x

    asks(1.0)
    jax.grad(asks)(1.0)
    jax.jit(jax.grad(asks))(1.0)
    jax.jit(asks)(1.0)
    jax.grad(lambda x: jax.lax.scan(lambda c, _: (asks(c), c), x, None, length=2)[0])(1.0)

    assert found[:4] == [False, True, True, False], MOVED
    assert found[4:], MOVED
    assert all(found[4:]), MOVED


def test_a_rider_is_a_variable_and_no_weight() -> None:
    model, extra = build("LSTM", "both", "compiled"), variable()
    layer, before = model.layers[0], [id(each) for each in model.variables]

    ride(layer, [extra])
    ride(layer, [extra])

    assert sum(each is extra for each in model.non_trainable_variables) == 1
    assert all(each is not extra for each in model.weights)
    assert [id(each) for each in variables_without_riders(model)] == before
    alight(layer, [extra])
    assert [id(each) for each in model.variables] == before


def test_a_variable_is_handed_on_where_a_step_knows_it() -> None:
    extra, found = variable(), []
    with keras.StatelessScope(state_mapping=[(extra, extra.value)]):
        found.append(is_handed_on(extra))
    with keras.StatelessScope():
        found.append(is_handed_on(extra))

    def step(x: Any) -> Any:
        found.append(is_handed_on(extra))
        return x

    jax.jit(step)(1.0)

    assert [*found, is_handed_on(extra)] == [True, False, False, True]


def test_what_one_of_several_functions_writes_is_there_after_the_step() -> None:
    extra = variable()

    def case(number: int) -> Any:
        def run() -> Any:
            extra.assign(extra.value + number)
            return extra.value * 2

        return run

    def step(index: Any, value: Any) -> Any:
        with keras.StatelessScope(state_mapping=[(extra, value)]) as scope:
            returned = switch(index, [case(1), case(10)], [extra])
        return returned, scope.get_current_value(extra)

    returned, after = jax.jit(step)(1, extra.value)

    assert np.array_equal(returned, [20, 20])
    assert np.array_equal(after, [10, 10])
    assert np.array_equal(extra.value, [0, 0])


def test_a_loop_of_ones_own_is_recorded_where_it_lists_variables_inside() -> None:
    model = build("LSTM", "both", "compiled")
    trained = [each.value for each in model.trainable_variables]

    def loss(trained: Any, others: Any) -> Any:
        outputs, others = model.stateless_call(trained, others, X, training=True)
        return outputs.sum(), others

    step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    with record(model) as recording:
        others = [each.value for each in model.non_trainable_variables]
        for _ in range(3):
            (_, others), _ = step(trained, others)
        for ref, value in zip(model.non_trainable_variables, others, strict=True):
            ref.assign(value)

    assert recording["layer"].batches == 3


def test_a_loop_of_ones_own_goes_on_under_a_recorder_of_everything() -> None:
    model = build("LSTM", "both", "compiled")
    trained, others = (
        [each.value for each in every]
        for every in (model.trainable_variables, model.non_trainable_variables)
    )
    with record_everything():
        for _ in range(2):
            _, others = model.stateless_call(trained, others, X, training=True)
        fit(model)

    assert len(others) == len(model.non_trainable_variables)


def test_double_precision_that_jax_has_not_is_one_sentence() -> None:
    with pytest.raises(DropvizError, match=r"^JAX computes in float32 .*x64=False"):
        Store(1024, 8, "float64", 1)


# ---------------------------------------------------------------- other threads


class Elsewhere:
    """A training in another thread, which waits in the middle of a step for its data."""

    def __init__(self) -> None:
        keras.utils.set_random_seed(1)
        layers = [keras.Input((STEPS, FEATURES)), keras.layers.LSTM(3, dropout=0.5)]
        self.model = keras.Sequential(layers)
        self.model.compile("adam", "mse")
        self.waits, self.go_on = threading.Event(), threading.Event()

    def batches(self) -> Iterator[Any]:
        for number in range(6):
            if number == 3:
                self.waits.set()
                assert self.go_on.wait(60)
            yield number * X / 6, np.zeros((BATCH, 3), "float32")

    def train_around(self, here: Callable[[], None]) -> list[Any]:
        """Trains, calls what is to be done here while a step waits, and returns all it changed."""
        with ThreadPoolExecutor(1) as executor:
            training = executor.submit(
                self.model.fit, self.batches(), steps_per_epoch=6, shuffle=False, verbose=0
            )
            try:
                assert self.waits.wait(60)
                here()
            finally:
                self.go_on.set()
            training.result(60)
        every = [*self.model.variables, *self.model.optimizer.variables]
        return [np.asarray(each.value) for each in every]


def record_another() -> None:
    model = build("LSTM", "both", "compiled")
    with record(model) as recording:
        fit(model)
    assert recording[model.layers[0].name].batches


def record_whatever_trains() -> None:
    model = build("LSTM", "both", "compiled")
    with record_everything() as recorder:
        fit(model)
    assert [each.batches for each in recorder.recording.values()] == [2]


@pytest.mark.parametrize("here", [record_another, record_whatever_trains])
def test_a_recording_leaves_a_training_in_another_thread_alone(here: Callable[[], None]) -> None:
    plain = Elsewhere().train_around(lambda: None)

    watched = Elsewhere().train_around(here)

    assert len(watched) == len(plain)
    for mine, its in zip(watched, plain, strict=True):
        np.testing.assert_array_equal(mine, its)
