"""Each part of the steps a layer must have: the ends of tanh, a sigmoid, and where chance acts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core import oracle
from dropviz.errors import DropvizError
from dropviz.experiment import preconditions
from dropviz.experiment.harness import Harness
from dropviz.experiment.preconditions import check_fit
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, observer_of
from .test_harness_runs import Listener, harness_of
from .test_preconditions import Activation, other

Array = Any


# ---------------------------------------------------------------- one part wrong


def late_growth(a: Array) -> Array:
    """It is tanh up to 50, and grows beyond."""
    return np.tanh(a) + np.sign(a) * np.maximum(np.abs(a) - 50, 0)


def lopsided(a: Array) -> Array:
    """It ends at -.5 and 1."""
    return np.where(a < -20, -0.5, np.tanh(a))


def lopsided_far_out(a: Array) -> Array:
    """It is tanh wherever a candidate is looked at; only c gets where it is not."""
    return np.where(a < -90, -0.5, np.tanh(a))


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("GRU", late_growth),
        ("GRU", lopsided),
        ("LSTM", late_growth),
        ("LSTM", lopsided),
        ("LSTM", lopsided_far_out),
    ],
)
def test_each_end_of_the_candidate_and_of_the_memory_is_asked(
    kind: str, function: Activation
) -> None:
    with pytest.raises(DropvizError, match="with activation='tanh'"):
        check_fit(observer_of(other(kind, activation=function)).harness)


SIGMOID = [float(oracle.sigmoid(np.array(a))) for a in (0.0, 1.0, 2.0)]


@pytest.mark.parametrize(
    ("outs", "like"),
    [
        (SIGMOID, True),
        ([-0.01 * each for each in SIGMOID], True),
        # Within one and a half hundredths.
        ([*SIGMOID[:2], 1.01 * SIGMOID[2]], True),
        ([*SIGMOID[:2], 0.99 * SIGMOID[2]], True),
        ([*SIGMOID[:2], 1.02 * SIGMOID[2]], False),
        ([*SIGMOID[:2], 0.98 * SIGMOID[2]], False),
        # Nothing comes through at 0; nothing changes; it is open at 1 already.
        ([0.0, 0.7, 0.9], False),
        ([0.5, 0.5, 0.5], False),
        ([0.5, 1.0, 1.0], False),
        ([0.5, 1.2, 1.3], False),
        ([0.5, 0.4, 0.9], False),
    ],
)
def test_three_outputs_are_to_each_other_as_a_sigmoid_has_it(
    outs: list[float],
    like: bool,  # noqa: FBT001
) -> None:
    for bias in (True, False):
        harness = observer_of(NumPyLayer(bias=bias)).harness
        assert preconditions._like_sigmoid(harness, outs) is like


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_only_x_may_be_scaled_where_a_gate_is_driven_by_it(scale: float) -> None:
    outs = [float(oracle.sigmoid(np.array(scale * a))) for a in (0.0, 1.0, 2.0)]
    assert preconditions._like_sigmoid(observer_of(NumPyLayer(bias=False)).harness, outs)
    assert not preconditions._like_sigmoid(observer_of(NumPyLayer()).harness, outs)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (2.0, 2.02, True),
        (2.0, 1.98, True),
        (-2.0, -2.02, True),
        (2.0, 2.04, False),
        (2.0, 1.96, False),
        (2.0, -2.0, False),
        (0.0, 0.0, False),
        (np.inf, np.inf, False),
        (1.0, np.nan, False),
    ],
)
def test_two_outputs_are_alike_within_a_hundredth_and_a_half(
    one: float,
    other: float,
    alike: bool,  # noqa: FBT001
) -> None:
    assert preconditions._alike(one, other) is alike


def test_gates_are_driven_by_their_bias_or_by_x_and_the_others_are_left_alone() -> None:
    lstm, gru = observer_of(NumPyLayer()), observer_of(NumPyLayer(kind="GRU"))
    unbiased = observer_of(NumPyLayer(bias=False))
    assert preconditions._lifted(lstm.harness, 1.0, 2.0) == Probe(b=(1.0, 2.0, 0.0, 0.0))
    assert preconditions._lifted(gru.harness, 1.0, 2.0) == Probe(b=(1.0, 2.0, 0.0))
    assert preconditions._lifted(unbiased.harness, 1.0) == Probe(wx=(1.0, 0.0, 0.0, 0.0))


# ---------------------------------------------------------------- chance at inference


def heard(*outs: float) -> tuple[Listener, Harness]:
    """A layer that answers so, a number for each run."""
    layer = Listener(answers=[np.full((2, 4), each) for each in outs])
    return layer, harness_of(layer)


def test_what_comes_through_is_the_value_farthest_from_zero() -> None:
    layer, harness = heard(*[0.0] * 7)
    layer.outputs = np.array([[9.0, 9.0, 0.0, 2.0], [9.0, 9.0, -3.0, 1.0]])
    assert preconditions._out(harness, Probe()) == -3.0  # of the units that are read
    assert [call.training for call in layer.calls] == [False] * 8


def test_where_nothing_comes_through_one_stops_asking() -> None:
    layer, harness = heard(*[0.0] * 100)
    assert preconditions._out(harness, Probe()) == 0.0
    assert len(layer.calls) == 8


@pytest.mark.parametrize("left", [0.1, 0.3])
def test_what_stays_with_the_gate_shut_is_no_part_of_the_sigmoid(left: float) -> None:
    # Each of four places is run twice, to see whether chance acts, and then once more.
    outs = [left, *(left + each for each in SIGMOID)]
    layer, harness = heard(*[each for each in outs for _ in range(2)], *outs)
    assert preconditions._fits(harness, [Probe()] * 4)
    assert [call.training for call in layer.calls] == [False] * 12
    wrong = [left, *(left + each for each in (0.5, 0.6, 0.7))]
    _, harness = heard(*[each for each in wrong for _ in range(2)], *wrong)
    assert not preconditions._fits(harness, [Probe()] * 4)


def test_a_gate_is_not_judged_where_chance_acts_at_inference() -> None:
    _, harness = heard(0.1, 0.1, 0.2, 0.3)
    assert preconditions._fits(harness, [Probe()] * 4)
