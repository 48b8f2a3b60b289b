"""What a harness gives a layer to run on, and what it takes: heard by a layer that only listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.experiment import harness as harness_module
from dropviz.experiment.harness import NOISE, Harness, mounted
from dropviz.experiment.probe import EVERYTHING, Probe, drive
from dropviz.experiment.run_limit import Asked, listening

Array = Any
UNITS, FEATURES, SAMPLES, STEPS = 4, 3, 2, 3
# What it gives out: each number says its sample, step and unit.
OUTPUTS = np.arange(float(SAMPLES * STEPS * UNITS)).reshape(SAMPLES, STEPS, UNITS)


@dataclass
class Call:
    """One call of a layer."""

    weights: list[Array]
    x: Array
    states: list[Array]
    training: bool


@dataclass
class Listener:
    """A layer that gives out what it is told to, and notes what it is called with.

    Attributes:
        outputs: What it gives out, once all answers were given.
        answers: What it gives out first, one a call.
        calls: What it was called with.
        name: As of Keras's layers.
    """

    outputs: Any = field(default_factory=OUTPUTS.copy)
    answers: list[Any] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    name: str = "listener"

    def set_weights(self, weights: Sequence[Array]) -> None:
        self._weights = [np.asarray(each) for each in weights]

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        states = [np.asarray(each) for each in initial_state]
        self.calls.append(Call(self._weights, np.asarray(x), states, training))
        return self.answers.pop(0) if self.answers else self.outputs


def harness_of(layer: Listener, kind: str = "LSTM", **how: Any) -> Harness:
    gates = LSTM_GATES if kind == "LSTM" else GRU_GATES
    bias = (4 * UNITS,) if kind == "LSTM" else (2, 3 * UNITS)
    return Harness(layer, kind, gates, FEATURES, UNITS, **{"bias": bias, "samples": SAMPLES, **how})


def by_gate(weights: Array, kind: str = "LSTM") -> Array:
    """Weights (rows, gates, units)."""
    return weights.reshape(-1, 4 if kind == "LSTM" else 3, UNITS)


def test_a_harness_begins_with_a_layer_of_which_nothing_is_known() -> None:
    harness = harness_of(Listener())
    assert (harness.backwards, harness.alone, harness.unrolled) == (False, False, False)
    assert (harness.turn, harness.sequence, harness.calls) == (0, None, 0)


@pytest.mark.parametrize("dtype", NOISE)
def test_the_noise_of_a_type_is_more_than_its_last_digit_and_less_than_any_mask(dtype: str) -> None:
    # bfloat16 has eight binary digits; the other types are NumPy's.
    digit = 2**-7 if dtype == "bfloat16" else float(np.finfo(dtype).eps)
    assert digit < NOISE[dtype] <= 0.05


def test_a_probe_has_nothing_in_it_but_an_input_of_1_for_one_step() -> None:
    harness = harness_of(Listener())
    assert not any(np.any(each) for each in harness.weights(Probe()))
    assert not any(np.any(each) for each in harness.states(Probe(), SAMPLES))
    np.testing.assert_array_equal(harness.inputs(Probe(), 2), np.ones((2, 1, FEATURES)))
    np.testing.assert_array_equal(harness.inputs(Probe(), 1, small=True), [[[1]]])


def test_what_a_site_is_driven_by_is_as_large_as_its_weights() -> None:
    assert drive("input", (1, 2, 3, 4)) == {"wx": (1, 2, 3, 4)}
    assert drive("recurrent", (1, 2, 3, 4)) == {"wh": (1, 2, 3, 4), "source": 1.0}


def test_when_everything_speaks_every_gate_hears_x_h_and_a_bias_twice() -> None:
    layer = Listener()
    harness_of(layer).run(EVERYTHING)
    (call,) = layer.calls
    kernel, recurrent, bias = call.weights
    for heard in (by_gate(kernel)[0], by_gate(recurrent)[0], by_gate(bias)[0]):
        assert np.all((heard[:, 3] > 0) & (heard[:, 3] < 1))  # so small that no gate is shut
    assert call.x.shape[1] == 2
    for state in call.states:
        assert np.all((state > 0) & (state < 1))


def test_steps_are_given_in_the_order_in_which_the_layer_takes_them() -> None:
    layer = Listener()
    harness = harness_of(layer)
    probe = Probe(x=(1, 2, 3), steps=3)
    harness.run(probe)
    harness.run(probe, backwards=True)
    harness.backwards = True
    harness.run(probe, training=False)
    harness.run(probe, backwards=False)
    assert [call.x[0, :, 0].tolist() for call in layer.calls] == [
        *([1, 2, 3], [3, 2, 1]),
        *([3, 2, 1], [1, 2, 3]),
    ]
    assert [call.training for call in layer.calls] == [True, True, False, True]


def test_the_last_outputs_of_the_readers_are_taken() -> None:
    harness = harness_of(Listener())
    np.testing.assert_array_equal(harness.run(Probe(steps=3)), [[11, 10], [23, 22]])
    np.testing.assert_array_equal(harness.sequence, OUTPUTS)
    harness.layer.outputs = OUTPUTS[:, -1] + 100
    np.testing.assert_array_equal(harness.run(Probe()), [[111, 110], [123, 122]])
    assert harness.sequence is None
    assert harness.calls == 2


@pytest.mark.parametrize("several", [list, tuple])
def test_of_a_layer_that_gives_out_its_states_too_the_outputs_are_taken(several: type) -> None:
    harness = harness_of(Listener(several([OUTPUTS, -OUTPUTS, OUTPUTS])))
    np.testing.assert_array_equal(harness.run(Probe()), [[11, 10], [23, 22]])


@pytest.mark.parametrize(
    ("late", "early", "backwards"),
    [
        (0.1, 0.3, True),
        (0.3, 0.1, False),
        (-0.1, -0.3, True),
        (-0.3, 0.1, False),
        (0.2, 0.2, False),
    ],
)
def test_the_input_that_weighs_more_came_last(
    late: float, early: float, *, backwards: bool
) -> None:
    layer = Listener(answers=[np.full((SAMPLES, UNITS), each) for each in (late, early)])
    harness = harness_of(layer, backwards=False)
    harness.find_direction()
    assert harness.backwards is backwards
    assert [call.training for call in layer.calls] == [False, False]
    # One step has an input and the other has none; it is heard through the candidate alone.
    assert [call.x[0, :, 0].tolist() for call in layer.calls] == [[0, 1], [1, 0]]
    for call in layer.calls:
        assert np.nonzero(np.any(by_gate(call.weights[0]), axis=(0, 2)))[0].tolist() == [2]


# ---------------------------------------------------------------- two entries at once


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize(("site", "which"), [("input", 0), ("recurrent", 1)])
def test_two_entries_of_x_or_h_are_read_by_each_reader(kind: str, site: str, which: int) -> None:
    layer = Listener()
    probe = Probe(**drive(site, (0, 0.3, 0, 0)), b=(5, 6, 7, 8), c=0.7)
    out = harness_of(layer, kind).run_pairs(probe, site, 1, [2, 3])
    np.testing.assert_array_equal(out, [[10, 11], [22, 23]])
    (call,) = layer.calls
    assert call.training
    wanted = np.zeros((UNITS if which else FEATURES, len(harness_of(layer, kind).gates), UNITS))
    wanted[0, 1, 2:] = 0.1  # a third of .3, and two thirds
    wanted[1, 1, 2:] = 0.2
    np.testing.assert_allclose(by_gate(call.weights[which], kind), wanted, rtol=1e-6)
    assert not call.weights[1 - which].any()
    wanted = np.zeros_like(wanted[0])
    wanted[:, 2:] = np.array([5, 6, 7, 8])[: len(wanted), np.newaxis]
    np.testing.assert_array_equal(by_gate(call.weights[2], kind)[0], wanted)
    h, *c = call.states
    # The h that is read is that of the first two units.
    np.testing.assert_array_equal(h, [[which, which, 0, 0]] * SAMPLES)
    assert len(c) == (kind == "LSTM")
    assert all((each == np.float32(0.7)).all() for each in c)
    np.testing.assert_array_equal(call.x, np.ones((SAMPLES, 1, FEATURES)))


def test_two_inputs_are_read_with_the_h_that_is_asked_for() -> None:
    layer = Listener()
    harness = harness_of(layer, "GRU")
    for probe in (Probe(h=0.5, source=3.0), Probe(source=3.0)):
        harness.run_pairs(probe, "input", 2, [2, 3])
    harness.run_pairs(Probe(h=0.5, source=3.0), "recurrent", 2, [2, 3])
    assert [call.states[0][0].tolist() for call in layer.calls] == [
        *([0.5] * 4, [0] * 4),
        [3, 3, 0, 0],
    ]


def test_the_recurrent_bias_of_a_gru_is_that_of_the_candidate() -> None:
    layer = Listener()
    harness_of(layer, "GRU").run_pairs(Probe(reset=2.0), "input", 2, [1, 3])
    wanted = np.zeros((2, 3, UNITS))
    wanted[1, 2, [1, 3]] = 2
    np.testing.assert_array_equal(by_gate(layer.calls[0].weights[2], "GRU"), wanted)


@pytest.mark.parametrize(("kind", "bias"), [("GRU", (3 * UNITS,)), ("GRU", None), ("LSTM", None)])
def test_two_entries_are_read_without_a_second_bias_or_any(
    kind: str, bias: tuple[int, ...] | None
) -> None:
    layer = Listener()
    probe = Probe(wx=(0, 0.3, 0, 0), b=(5, 6, 7, 8), reset=2.0)
    harness_of(layer, kind, bias=bias).run_pairs(probe, "input", 1, [1])
    _, _, *biases = layer.calls[0].weights
    assert [each.reshape(3, UNITS)[:, 1].tolist() for each in biases] == [[5, 6, 7]] * bool(bias)


# ---------------------------------------------------------------- mounted


@pytest.mark.parametrize(
    ("dtype", "noise"), [("float32", 1e-3), ("float64", 1e-4), ("mixed_float16", 3e-3)]
)
def test_a_mounted_layer_is_heard_as_closely_as_its_type_rounds(dtype: str, noise: float) -> None:
    layer = keras.layers.LSTM(UNITS, dtype=dtype)
    layer.build((None, None, FEATURES))
    with mounted(layer, 0) as harness:
        assert harness.noise == noise
        assert harness.samples == 256


def test_who_listens_is_told_the_name_of_the_mounted_layer() -> None:
    layer = keras.layers.LSTM(UNITS, name="mine")
    layer.build((None, None, FEATURES))
    told: list[Asked] = []
    with listening(told.append), mounted(layer, 0) as harness:
        harness.run(Probe())
    assert {asked.layer for asked in told} == {"mine"}


@pytest.mark.parametrize(
    ("backend", "ways", "unrolled"),
    [
        ("jax", ["loop"], True),
        ("jax", ["fused"], False),
        ("jax", [], False),
        ("tensorflow", ["loop"], False),
    ],
)
def test_only_jax_unrolls_and_only_a_layer_whose_cell_is_called_at_each_step(
    monkeypatch: pytest.MonkeyPatch, backend: str, ways: list[str], *, unrolled: bool
) -> None:
    heard: list[str] = []

    @contextmanager
    def paths(_: Any) -> Iterator[list[str]]:
        yield heard

    def traced(layer: Any, x: Array) -> None:
        assert x.shape == (SAMPLES, 2, FEATURES)
        layer.calls.append(x)
        heard.extend(ways)

    monkeypatch.setattr(keras.config, "backend", lambda: backend)
    monkeypatch.setattr(harness_module, "heard_call_paths", paths)
    monkeypatch.setattr(harness_module, "trace_only", traced)
    layer: Any = Listener()
    harness = harness_of(layer)
    harness.unroll()
    assert harness.unrolled is unrolled
    assert getattr(layer, "unroll", False) is unrolled
    assert len(layer.calls) == (backend == "jax")
