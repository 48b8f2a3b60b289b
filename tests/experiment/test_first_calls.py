"""The first calls of a layer in the harness, on layers in NumPy and on mere variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import DropvizError
from dropviz.experiment import first_calls
from dropviz.experiment.first_calls import (
    check_finite,
    free_batch,
    kept_samples,
    reseed,
    try_first_calls,
)
from dropviz.experiment.harness import Harness

from .numpy_layer import NumPyLayer
from .zoo_truth import at

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


@pytest.mark.parametrize(
    ("seed", "apart", "numbers"),
    [
        (5, {}, [6, 7, 8]),
        (5, {keras.config.backend(): 10}, [15, 25, 35]),
        # A number above the greatest seed is none; it goes on from 0.
        (MOST_SEED - 1, {}, [MOST_SEED, 0, 1]),
    ],
)
def test_streams_begin_at_the_numbers_after_the_seed_as_far_apart_as_the_backend_needs(
    monkeypatch: pytest.MonkeyPatch, seed: int, apart: dict[str, int], numbers: list[int]
) -> None:
    monkeypatch.setattr(first_calls, "SEEDS_APART", apart)
    assert [int(number) for number, _ in reseeded(seed, *streams(1, 1, 3))] == numbers


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


# ---------------------------------------------------------------- whether it runs


def harness_of(layer: NumPyLayer, samples: int = 2) -> Harness:
    about = layer.kind, layer.gates, layer.features, layer.units, layer.bias_shape
    return Harness(layer, *about, samples)


class Failing(NumPyLayer):
    """Raises what it is told to, at inference or in training."""

    def __init__(self, error: Exception, *, in_training: bool) -> None:
        super().__init__()
        self.error, self.in_training = error, in_training

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        if training == self.in_training:
            raise self.error
        return super().__call__(x, initial_state=initial_state, training=training)


@pytest.mark.parametrize("backwards", [True, False])
def test_a_layer_that_runs_has_its_direction_found(backwards: bool) -> None:  # noqa: FBT001
    harness = harness_of(NumPyLayer(backwards=backwards))
    try_first_calls(harness)
    assert harness.backwards is backwards


@pytest.mark.parametrize(
    ("in_training", "asked"),
    [(False, "must take layer"), (True, "runs at inference but not in training")],
)
def test_a_layer_that_does_not_run_is_refused(in_training: bool, asked: str) -> None:  # noqa: FBT001
    with pytest.raises(DropvizError, match=asked) as refused:
        try_first_calls(harness_of(Failing(KeyError("no h"), in_training=in_training)))
    assert str(refused.value).endswith("Received from it: 'no h'.")


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
    harness = harness_of(Spoilt(number, always=always))
    with pytest.raises(DropvizError, match=r"in training: 2 of 4 values are NaN or infinite"):
        try_first_calls(harness)


AROUND = "Exception encountered when calling LSTM.call()."


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ("No h.\nMore of it.", "No h"),
        (f"{AROUND}\n\n  \x1b[1mNo h\x1b[0m.\nMore.", "No h"),
        (f"{AROUND}", AROUND.rstrip(".")),
        ("{{function_node __wrapped}} {{a}} No h. [Op:MatMul]", "No h. [Op:MatMul]"),
        ("", "ValueError"),
        (" \n ", "ValueError"),
    ],
)
def test_of_an_error_the_line_is_said_that_is_its_own(came: str, said: str) -> None:
    with pytest.raises(DropvizError) as refused:
        try_first_calls(harness_of(Failing(ValueError(came), in_training=True)))
    assert str(refused.value).rpartition("Received from it: ")[2] == f"{said}."


def test_weights_that_are_not_finite_are_counted() -> None:
    layer = SimpleNamespace(name="mine")
    check_finite(layer, [np.ones((3, 4)), np.zeros(4)])
    with pytest.raises(DropvizError, match="4 of 16 values"):
        check_finite(layer, [np.full((3, 4), [1, np.nan, 1, 1]), np.array([0, 0, 0, np.inf])])


# ---------------------------------------------------------------- on any batch


@dataclass
class Stateful(NumPyLayer):
    """A layer that keeps states for two samples, and draws from a stream as Keras's do.

    Attributes:
        bound: Whether it takes no other batch without its states either.
        unlike: By how much more it gives out without its states.
    """

    stateful: bool = True
    bound: bool = False
    unlike: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stream = keras.Variable(np.array([8, 3]), dtype="int64", trainable=False)
        self.non_trainable_variables = [self.stream]

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        if (self.stateful or self.bound) and len(x) != 2:
            raise ValueError("two samples, please")
        number, drawn = (int(each) for each in np.asarray(self.stream))
        self._random = np.random.default_rng([number, drawn])
        self.stream.assign(np.array([number, drawn + 1]))
        out = super().__call__(x, initial_state=initial_state, training=training)
        return out if self.stateful else out + self.unlike


@pytest.mark.parametrize(
    ("layer", "free"),
    [
        (Stateful([at("input")]), True),
        (Stateful([at("input")], bound=True), False),
        (Stateful([at("input")], unlike=0.01), False),
    ],
    ids=["free", "bound", "unlike"],
)
def test_a_stateful_layer_runs_on_many_samples_where_that_changes_nothing(
    layer: Stateful,
    free: bool,  # noqa: FBT001
) -> None:
    layer = replace(layer)
    harness = harness_of(layer)
    free_batch(harness, 5)

    assert harness.samples == (harness.enough if free else 2)
    assert layer.stateful is not free
    # What was drawn to find that out is drawn again.
    np.testing.assert_array_equal(np.asarray(layer.stream), [6, 0])


@pytest.mark.parametrize(("stateful", "samples"), [(False, 2), (True, 256), (True, 300)])
def test_a_layer_of_any_batch_or_of_a_large_one_is_left_as_it_is(
    stateful: bool,  # noqa: FBT001
    samples: int,
) -> None:
    layer = Stateful(stateful=stateful)
    harness = harness_of(layer, samples)
    free_batch(harness, 5)

    assert (harness.samples, harness.calls, layer.stateful) == (samples, 0, stateful)
    np.testing.assert_array_equal(np.asarray(layer.stream), [8, 3])


@pytest.mark.parametrize(
    ("states", "samples"),
    [([(2, 4), (2, 4)], 2), ([(3, 4)], 3), ([[(5, 1)], [(6, 1)]], 5), ([], None), (None, None)],
)
def test_a_layer_keeps_states_for_as_many_samples_as_they_have_rows(
    states: Any, samples: int | None
) -> None:
    def made(shape: Any) -> Any:
        return [made(each) for each in shape] if isinstance(shape, list) else np.zeros(shape)

    layer = SimpleNamespace(states=states and made(states))
    assert kept_samples(layer) == samples
    assert kept_samples(SimpleNamespace()) is None


def test_a_layer_that_says_nothing_of_states_is_left_as_it_is() -> None:
    harness = harness_of(NumPyLayer())
    harness.layer = SimpleNamespace()
    free_batch(harness, 5)
    assert (harness.samples, harness.calls) == (2, 0)
