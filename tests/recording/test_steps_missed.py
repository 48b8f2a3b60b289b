"""Which steps of optimizers count as not recorded."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.inner_loop import looking
from dropviz.recording.steps_missed import StepsMissed

Layer = Any
Optimizer = Any


class Steps:
    """As much of a store as counts steps."""

    def __init__(self, *, tells: bool = True) -> None:
        self.counted: list[int] = []
        self._tells = tells

    def new_optimizer(self) -> int:
        self.counted.append(0)
        return len(self.counted) - 1

    def count_step(self, optimizer: int, gradients: list[Any]) -> bool:
        assert gradients
        self.counted[optimizer] += 1
        return self._tells


def counter(steps: Steps) -> StepsMissed:
    return StepsMissed(steps, lambda _: None)  # type: ignore[arg-type]


def layer() -> Layer:
    made = keras.layers.SimpleRNN(1)
    made.build((None, 1, 1))
    return made


def built(one: Layer, *, scaled: bool = False) -> Optimizer:
    made = keras.optimizers.SGD(0.1)
    made = keras.optimizers.LossScaleOptimizer(made) if scaled else made
    made.build(one.trainable_variables)
    return made


def apply(optimizer: Optimizer, one: Layer, times: int = 1) -> None:
    for _ in range(times):
        optimizer.apply([np.zeros(each.shape, "float32") for each in one.trainable_variables])


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_steps_that_a_store_has_not_counted_are_missed(*, scaled: bool) -> None:
    one, steps = layer(), Steps()
    optimizer, _idle = built(one, scaled=scaled), built(one)
    apply(optimizer, one)  # before anybody listens
    missed = counter(steps)

    with missed.counting(any_thread=True):
        apply(optimizer, one, 3)

    assert steps.counted == [3]
    assert [missed.count([seen], [one]) for seen in (3, 2, 0, 5)] == [0, 1, 3, 0]


def test_each_optimizer_has_a_number_of_its_own() -> None:
    one, other, steps = layer(), layer(), Steps()
    first, second = built(one), built(other)
    missed = counter(steps)

    with missed.counting(any_thread=True):
        apply(first, one)
        apply(second, other, 2)
        apply(first, one)

    assert steps.counted == [2, 2]
    assert missed.count([2, 2], [one, other]) == 0
    assert missed.count([1, 0], [one]) == 1
    assert missed.count([1, 0], [other]) == 2
    assert missed.count([1, 0], [one, other]) == 3


def test_steps_of_optimizers_that_nobody_heard_are_missed() -> None:
    one, steps = layer(), Steps()
    optimizer, missed = built(one), counter(steps)

    with missed.counting(any_thread=True), looking():
        apply(optimizer, one, 2)

    assert steps.counted == []
    assert missed.count([9], [one]) == 2


def test_of_layers_that_are_not_recurrent_no_step_is_missed() -> None:
    dense = keras.layers.Dense(1)
    dense.build((None, 1))
    one = layer()
    optimizers, missed = (built(dense), built(one)), counter(Steps())

    with missed.counting(any_thread=True), looking():
        for optimizer, its in zip(optimizers, (dense, one), strict=True):
            apply(optimizer, its)

    assert missed.count([], [dense]) == 1
    assert missed.count([], None) == 1


def test_an_optimizer_that_was_made_later_has_missed_nothing() -> None:
    one, missed = layer(), counter(Steps())

    with missed.counting(any_thread=True), looking():
        apply(built(one), one)

    assert missed.count([], [one]) == 0


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_a_step_that_keras_compiles_inside_is_not_missed(*, scaled: bool) -> None:
    one = layer()
    model = keras.Sequential([keras.Input((1, 1)), one])
    optimizer = built(one, scaled=scaled)
    model.optimizer, missed = optimizer, counter(Steps())

    with missed.counting(any_thread=True), looking():
        missed.hears(model)
        missed.hears(keras.layers.Dense(1))  # it has none
        apply(optimizer, one, 2)

    assert missed.count([], [one]) == 0


def test_an_optimizer_in_the_place_of_one_that_is_gone_is_another() -> None:
    one, other, steps = layer(), layer(), Steps()
    optimizer, before = built(one), built(other)
    missed = counter(steps)

    with missed.counting(any_thread=True):
        apply(before, other, 2)
        # As where Python gives the number of the first to a second one.
        missed._numbers[id(optimizer)] = missed._numbers.pop(id(before))
        with looking():
            apply(optimizer, one, 3)
        assert missed.count([2], [one]) == 3  # none of the two that were seen is its own
        apply(optimizer, one)

    assert steps.counted == [2, 1]
    assert missed.count([2, 1], [one]) == 3


def test_the_variables_that_a_step_changes_are_told() -> None:
    one, other, told = layer(), layer(), list[list[Any]]()
    optimizer, unbuilt = built(one), keras.optimizers.SGD(0.1)
    missed = StepsMissed(Steps(), told.append)  # type: ignore[arg-type]

    with missed.counting(any_thread=True):
        apply(optimizer, one)
        unbuilt.apply([np.zeros((1, 1), "float32")], [other.cell.kernel])

    assert [[id(each) for each in step] for step in told] == [
        [id(each) for each in one.trainable_variables],
        [id(other.cell.kernel)],
    ]


def test_steps_that_are_only_traced_are_not_missed() -> None:
    one, steps = layer(), Steps(tells=False)
    optimizer, missed = built(one), counter(steps)

    with missed.counting(any_thread=True):
        apply(optimizer, one, 2)

    assert steps.counted == [2]
    assert missed.count([0], [one]) == 0


@pytest.mark.parametrize("ours", [False, True], ids=["another's", "ours"])
def test_steps_of_a_thread_count_once_a_recorded_layer_was_called_in_it(*, ours: bool) -> None:
    one, steps = layer(), Steps()
    optimizer, missed = built(one), counter(steps)

    def work() -> None:
        if ours:
            missed.hears_thread()
        apply(optimizer, one, 2)

    with missed.counting(any_thread=True):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert steps.counted == ([2] if ours else [])


def test_where_one_thread_is_asked_for_others_are_not_heard() -> None:
    one, steps = layer(), Steps()
    optimizer, missed = built(one), counter(steps)

    def work() -> None:
        missed.hears_thread()
        apply(optimizer, one)

    with missed.counting(any_thread=False):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert steps.counted == []
