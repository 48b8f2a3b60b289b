"""The harness: weights of a probe, worked out by hand; and how a layer is told from others."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.errors import DropvizError
from dropviz.experiment.harness import Harness, mounted
from dropviz.experiment.preconditions import check_fit
from dropviz.experiment.probe import Probe

Layer = Any
UNITS, FEATURES = 4, 3


def lstm_harness(**how: Any) -> Harness:
    usual: dict[str, Any] = {"features": FEATURES, "units": UNITS, "bias": (4 * UNITS,)}
    return Harness(None, "LSTM", LSTM_GATES, **{**usual, **how})


def gru_harness(bias: tuple[int, ...] | None = (2, 3 * UNITS)) -> Harness:
    return Harness(None, "GRU", GRU_GATES, FEATURES, UNITS, bias)


def test_every_other_unit_is_read() -> None:
    assert lstm_harness(units=5).readers == [3, 2]  # whose sources are 0 and 1
    assert lstm_harness(units=2).readers == [1]
    assert lstm_harness(units=1).readers == [0]


def test_the_weights_of_a_probe() -> None:
    probe = Probe(wx=(1, 2, 3, 4), wh=(5, 6, 7, 8), b=(9, 10, 11, 12))
    kernel, recurrent, bias = lstm_harness().weights(probe)
    wanted = np.zeros((FEATURES, 4, UNITS))
    wanted[0, :, 3] = wanted[2, :, 2] = 1, 2, 3, 4  # the first reader reads x_0, the second x_2
    np.testing.assert_array_equal(kernel, wanted.reshape(FEATURES, -1))
    wanted = np.zeros((UNITS, 4, UNITS))
    wanted[0, :, 3] = wanted[1, :, 2] = 5, 6, 7, 8  # each reads the h of its source
    np.testing.assert_array_equal(recurrent, wanted.reshape(UNITS, -1))
    wanted = np.zeros((4, UNITS))
    wanted[:, 3] = wanted[:, 2] = 9, 10, 11, 12
    np.testing.assert_array_equal(bias, wanted.ravel())


def test_sources_and_own_weights() -> None:
    probe = Probe(source_wx=(1, 0, 0, 0), source_wh=(0, 2, 0, 0), own=(0, 0, 3, 0), aligned=True)
    kernel, recurrent, _ = lstm_harness().weights(probe)
    assert [tuple(each) for each in np.argwhere(kernel)] == [(0, 0), (1, 1)]  # x_0 and x_1
    assert recurrent[0, UNITS] == recurrent[1, UNITS + 1] == 2
    assert recurrent[3, 2 * UNITS + 3] == recurrent[2, 2 * UNITS + 2] == 3
    assert np.count_nonzero(recurrent) == 4


def test_the_bias_of_a_gru_has_one_row_or_two_or_none() -> None:
    probe = Probe(b=(0, 0, 1), reset=2)
    two = gru_harness().weights(probe)[2]
    assert two.shape == (2, 3 * UNITS)
    assert two[0, 2 * UNITS + 3] == two[0, 2 * UNITS + 2] == 1
    assert two[1, 2 * UNITS + 3] == two[1, 2 * UNITS + 2] == 2
    assert gru_harness((3 * UNITS,)).weights(probe)[2].shape == (3 * UNITS,)
    assert len(gru_harness(None).weights(probe)) == 2
    assert [gru_harness(b).reset_before for b in ((2, 12), (12,), None)] == [False, True, False]
    assert [gru_harness(b).reset_bias for b in ((2, 12), (12,), None)] == [True, False, False]


def test_the_states_of_a_probe() -> None:
    h, c = lstm_harness().states(Probe(h=1, c=2, source=3, source_c=4), 2)
    np.testing.assert_array_equal(h, [[3, 3, 1, 1]] * 2)
    np.testing.assert_array_equal(c, [[4, 4, 2, 2]] * 2)
    assert len(gru_harness().states(Probe(), 2)) == 1
    single = lstm_harness(units=1).states(Probe(source=3, c=2), 1)
    assert [float(each[0, 0]) for each in single] == [3, 2]


@pytest.mark.parametrize("h", [0.0, 1.0])
def test_a_unit_that_is_source_and_reader_has_the_h_that_is_asked_for(h: float) -> None:
    single = lstm_harness(units=1).states(Probe(source=3, h=h), 1)
    assert float(single[0][0, 0]) == h


def test_inputs_are_the_same_at_all_steps_or_given_by_step() -> None:
    assert (lstm_harness().inputs(Probe(x=2, steps=3), 5) == np.full((5, 3, FEATURES), 2)).all()
    by_step = lstm_harness().inputs(Probe(x=(1, 2), steps=2), 1, small=True)
    np.testing.assert_array_equal(by_step, [[[1], [2]]])


@pytest.mark.parametrize(
    ("units", "samples"), [(1, 256), (128, 256), (256, 128), (1024, 32), (4096, 32)]
)
def test_a_layer_of_many_units_is_run_on_fewer_samples(units: int, samples: int) -> None:
    assert lstm_harness(units=units).enough == samples


@pytest.mark.parametrize(("samples", "times"), [(256, 2), (100, 2), (50, 4), (1, 200)])
def test_few_samples_are_run_more_often(samples: int, times: int) -> None:
    assert lstm_harness(samples=samples).times == times


def built(layer: Layer, *shape: int | None) -> Layer:
    layer.build(shape or (None, None, FEATURES))
    return layer


@pytest.mark.parametrize("backwards", [False, True])
def test_a_run_gives_what_the_equations_give(backwards: bool) -> None:  # noqa: FBT001
    layer = built(keras.layers.LSTM(UNITS, go_backwards=backwards))
    before = layer.get_weights()
    with mounted(layer, 0) as harness:
        assert harness.backwards is backwards
        calls = harness.calls
        # c = f c_0 + i g with f = i = 1/2: half of 0.6, and half of tanh(0.3).
        out = harness.run(Probe(c=0.6, wx=(0, 0, 0.3, 0)))
        check_fit(harness)
    assert harness.calls > calls + 1
    wanted = 0.5 * np.tanh(0.3 + 0.5 * np.tanh(0.3))
    np.testing.assert_allclose(out, np.full((256, 2), wanted), rtol=1e-5)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("samples", "alone"), [(1, True), (2, False)])
def test_a_layer_that_keeps_the_states_of_one_sample_is_alone(samples: int, alone: bool) -> None:  # noqa: FBT001
    keeping = built(keras.layers.LSTM(UNITS, stateful=True), samples, None, FEATURES)
    with mounted(keeping, 0) as harness:
        assert harness.alone is alone
    with mounted(built(keras.layers.LSTM(UNITS)), 0) as harness:
        assert not harness.alone


def test_two_entries_are_read_with_a_third_and_two_thirds() -> None:
    layer = built(keras.layers.LSTM(UNITS))
    with mounted(layer, 0) as harness:
        out = harness.run_pairs(Probe(wx=(0, 0, 0.3, 0)), "input", 2, [2, 3])
        kernel = layer.get_weights()[0]
    np.testing.assert_allclose(kernel[:2, 10:12], [[0.1, 0.1], [0.2, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(out, 0.5 * np.tanh(0.5 * np.tanh(0.3)), rtol=1e-5)


def test_the_harness_gives_a_layer_back_when_the_block_fails() -> None:
    layer = built(keras.layers.LSTM(UNITS, dropout=0.5, seed=1))
    before = [np.asarray(each) for each in layer.variables]

    def fail() -> None:
        with mounted(layer, 0) as harness:
            harness.run(Probe(c=1.0))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    for one, other in zip(before, layer.variables, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))


def test_other_weights_and_weights_that_are_not_finite_are_refused() -> None:
    with (
        pytest.raises(DropvizError, match=r"no LSTM or GRU weights.*\(3, 4\)"),
        mounted(built(keras.layers.Dense(4), None, 3), 0),
    ):
        pass
    layer = built(keras.layers.LSTM(1))
    layer.set_weights([np.full_like(each, np.nan) for each in layer.get_weights()])
    with pytest.raises(DropvizError, match="20 of 20 values"), mounted(layer, 0):
        pass
