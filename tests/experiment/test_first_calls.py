"""The random streams of a layer in the harness, on a layer that is nothing but its variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import DropvizError
from dropviz.experiment import first_calls
from dropviz.experiment.first_calls import reseed, try_first_calls

from .numpy_layer import NumPyLayer, observer_of

Array = Any


def reseeded(seed: int, *values: Array) -> list[Array]:
    """What a layer's variables hold once its streams begin where this seed says."""
    held = [keras.Variable(value, dtype=value.dtype.name, trainable=False) for value in values]
    layer = SimpleNamespace(non_trainable_variables=held)
    reseed(layer, seed)
    return [np.asarray(each) for each in held]


def streams(*numbers: int) -> list[Array]:
    """States of streams, each after some draws."""
    return [np.array([number, 7], np.int64) for number in numbers]


@pytest.mark.parametrize("seed", [0, 5, MOST_SEED - 1, MOST_SEED])
def test_each_stream_of_a_layer_begins_anew_and_apart_from_the_others(seed: int) -> None:
    states = reseeded(seed, *streams(1, 1, 3))
    numbers = [int(number) for number, _ in states]
    assert len(set(numbers)) == len(states)
    assert all(0 <= number <= MOST_SEED for number in numbers)
    assert [int(drawn) for _, drawn in states] == [0, 0, 0]


def test_the_same_seed_gives_the_same_streams_and_another_seed_others() -> None:
    first, again, other = (
        np.stack(reseeded(seed, *streams(*before)))
        for seed, before in ((5, (1, 2)), (5, (8, 9)), (6, (1, 2)))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_streams_of_the_backend_begin_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(first_calls, "seed_backend_streams", seeded.append)
    reseeded(5)
    assert seeded == [5]


def test_what_is_no_stream_stays() -> None:
    others = [np.array([0.5, 0.25], np.float32), np.array([3, 4, 5]), np.array([[1, 2], [3, 4]])]
    for before, after in zip(others, reseeded(0, *others), strict=True):
        np.testing.assert_array_equal(before, after)


class Spoilt(NumPyLayer):
    """A layer that gives out one number for the first sample, in training or always."""

    def __init__(self, number: float, *, always: bool) -> None:
        super().__init__()
        self.number, self.always = number, always

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        outputs = super().__call__(x, initial_state=initial_state, training=training)
        if training or self.always:
            outputs[0] = self.number
        return outputs


@pytest.mark.parametrize("always", [True, False])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_outputs_that_are_no_numbers_are_named_as_the_reason(number: float, always: bool) -> None:  # noqa: FBT001
    harness = observer_of(Spoilt(number, always=always)).harness
    with pytest.raises(DropvizError, match=r"in training: 2 of 512 values are NaN or infinite"):
        try_first_calls(harness)
