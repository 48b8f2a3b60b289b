"""Reading masks off outputs, on equations worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.experiment.decode_masks import (
    Bit,
    balance_readings,
    choose_probe,
    luck_of_equal_bits,
    multipliers,
    outcomes,
    patterns,
    predict,
    read_bits,
    rounding_of,
    share_explained,
)
from dropviz.experiment.harness import Harness
from dropviz.experiment.probe import Probe

LSTM = Harness(None, "LSTM", LSTM_GATES, 3, 4, (16,))
GRU = Harness(None, "GRU", GRU_GATES, 3, 4, (2, 12))
STORED = 0.2
ADDED = float(np.arctanh(STORED))  # a bias that adds as much as is stored
BOTH = Probe(c=STORED, b=(0, 0, ADDED, 0))
TWO = [Bit("carried", 1.0), Bit("candidate", 1.0)]


def out(carried: float, candidate: float = 1.0) -> float:
    """What a reader gives out under BOTH: half the tanh of half of what is there."""
    return float(0.5 * np.tanh(0.5 * STORED * (carried + candidate)))


def test_a_prediction_is_the_equation() -> None:
    np.testing.assert_allclose(predict(LSTM, BOTH, {}, 2), [out(1)] * 2)
    # h' = z h + (1 - z) tanh(b) at z = 1/2.
    wanted = 0.5 * 0.3 + 0.5 * np.tanh(0.7)
    assert predict(GRU, Probe(h=0.3, b=(0, 0, 0.7)), {}, 1) == pytest.approx(wanted)


def test_a_prediction_reads_the_h_of_a_source_and_the_c_of_its_reader() -> None:
    probe = Probe(wh=(0, 0, 0.7, 0), source=0.4, c=0.3)
    wanted = 0.5 * np.tanh(0.5 * 0.3 + 0.5 * np.tanh(0.7 * 0.4))
    assert predict(LSTM, probe, {}, 1) == pytest.approx(wanted)
    # One unit is its own source.
    single = replace(LSTM, units=1, bias=(4,))
    assert predict(single, probe, {}, 1) == pytest.approx(wanted)


def test_a_prediction_is_that_of_the_last_of_several_steps() -> None:
    steps = Probe(c=0.3, b=(0, 0, 0.7, 0), steps=3)
    c = 0.3
    for _ in range(3):
        c = 0.5 * c + 0.5 * np.tanh(0.7)
    assert predict(LSTM, steps, {}, 1) == pytest.approx(0.5 * np.tanh(c))


@pytest.mark.parametrize("after", [True, False])
def test_a_grus_r_multiplies_h_after_the_kernel_or_before_it(after: bool) -> None:  # noqa: FBT001
    harness = GRU if after else replace(GRU, bias=(12,))
    # The reader's r is shut where the source's is half open, and counts after the kernel only.
    probe = Probe(wh=(0, -50.0, 0.7), source=0.4)
    read = 0.0 if after else 0.5 * 0.4
    assert predict(harness, probe, {}, 1) == pytest.approx(0.5 * np.tanh(0.7 * read), abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0, 1 / 0.6, 5.0, -1.5])
def test_a_multiplier_is_read_off(value: float) -> None:
    seen = np.full((2, 3), out(value))
    read, shows = multipliers(LSTM, BOTH, seen, "carried")
    np.testing.assert_allclose(read, value, rtol=1e-3, atol=1e-6)
    assert shows


def test_a_multiplier_of_x_at_one_gate() -> None:
    probe = Probe(wx=(0, 0, 0.1, 0))
    seen = np.array([[0.5 * np.tanh(0.5 * np.tanh(0.1 * 2.5))]])
    read, _ = multipliers(LSTM, probe, seen, "input", 2)
    assert read == pytest.approx(2.5, rel=1e-3)


@pytest.mark.parametrize("value", [0.05, 0.3, 0.6, 0.9, -0.3, -0.9, 2.5, 10.0])
def test_a_multiplier_is_read_off_where_the_output_follows_it_in_a_curve(value: float) -> None:
    probe = Probe(wx=(0, 2.0, 0, 0), c=STORED)  # what opens f also shuts it, far from a half
    seen = np.array([[0.5 * np.tanh(STORED / (1 + np.exp(-2.0 * value)))]])
    read, _ = multipliers(LSTM, probe, seen, "input", 1)
    assert read[0, 0] == pytest.approx(value, rel=0.01)


def test_other_sites_are_allowed_for_and_hide_where_they_drop() -> None:
    probe = Probe(c=STORED)
    seen = 0.5 * np.tanh(0.5 * STORED * np.array([[2.0 * 1.25, 0.0]]))
    read, shows = multipliers(LSTM, probe, seen, "carried", None, {"cell": 1.25}, ["cell"])
    assert read[0, 0] == pytest.approx(2, rel=1e-3)
    assert np.isnan(read[0, 1])  # zero: dropped here, or there
    assert not shows


def test_what_hides_is_told_by_what_is_left_where_it_drops() -> None:
    # Without what is stored, f has nothing to let through; what is added is given out still.
    probe = Probe(wx=(0, 1.0, 0, 0), c=STORED, b=(0, 0, ADDED, 0))
    open_ = 0.5 * np.tanh(STORED / (1 + np.exp(-2.0)) + 0.5 * STORED)
    read, shows = multipliers(
        LSTM, probe, np.array([[open_, out(1), out(0)]]), "input", 1, {}, ["carried"]
    )
    np.testing.assert_allclose(read, [[2.0, 0.0, np.nan]], rtol=0.01)
    assert shows
    # A candidate that is dropped leaves what a dropped x does.
    probe = Probe(wx=(0, 0, ADDED, 0), c=STORED)
    twice = 0.5 * np.tanh(0.5 * (STORED + np.tanh(2 * ADDED)))
    read, shows = multipliers(
        LSTM, probe, np.array([[twice, out(1), out(1, 0)]]), "input", 2, {}, ["candidate"]
    )
    np.testing.assert_allclose(read, [[2.0, 1.0, np.nan]], rtol=0.01)
    assert not shows


def test_next_to_nothing_is_a_dropped_entry_and_a_gate_shut_far_off_tells_nothing() -> None:
    read, _ = multipliers(LSTM, BOTH, np.array([[out(0.005), out(-0.005), out(0.05)]]), "carried")
    np.testing.assert_array_equal(read[0, :2], 0)
    assert read[0, 2] == pytest.approx(0.05, rel=0.01)
    # Noise takes x to -10 times itself, hardly ever further: something else silences.
    probe = Probe(wx=(0, 0.25, 0, 0), c=STORED)
    seen = 0.5 * np.tanh(STORED / (1 + np.exp(0.25 * np.array([[10.0, 20.0, 40.0]]))))
    read, _ = multipliers(LSTM, probe, seen, "input", 1)
    np.testing.assert_allclose(read, [[-10.0, np.nan, np.nan]], rtol=0.01)


@pytest.mark.parametrize(
    ("others", "times"), [({}, 1), ({"cell": 1.25}, 5), ({"cell": 1.25, "output": 0.8}, 9)]
)
def test_rounding_moves_a_multiplier_as_far_as_the_output_it_is_read_off(
    others: dict[str, float], times: int
) -> None:
    # Straight, so that each is as uncertain as the output; what was read off itself, four times.
    blur = rounding_of(LSTM, Probe(c=STORED), "carried", None, others)
    assert blur == pytest.approx(times * LSTM.noise, rel=0.02)


@pytest.mark.parametrize("weight", [0.5, 2.0, 4.0])
def test_rounding_moves_a_multiplier_further_where_the_output_hardly_follows_it(
    weight: float,
) -> None:
    probe = Probe(wx=(0, weight, 0, 0), c=STORED)
    blur = rounding_of(LSTM, probe, "input", 1, {})
    # Of c = f(w) c_0 with f' = w f (1 - f).
    shut = 1 / (1 + np.exp(weight))
    assert blur == pytest.approx(LSTM.noise / (weight * shut), rel=0.05)
    assert rounding_of(LSTM, probe, "input", 0, {}) == np.inf


def test_an_output_out_of_reach_is_not_read() -> None:
    read, _ = multipliers(LSTM, BOTH, np.array([[0.9, out(1)]]), "carried")
    assert np.isnan(read[0, 0])
    assert read[0, 1] == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("stored", [STORED, -STORED])
def test_rounding_may_take_an_output_past_the_last_that_a_multiplier_comes_to(
    stored: float,
) -> None:
    probe = Probe(wx=(0, 0.25, 0, 0), c=stored)  # f is wide open where x is taken sixty times
    open_ = 0.5 * np.tanh(stored)
    # By a thousandth; two are the most.
    seen = open_ * np.array([[0.999, 1.001, 1.003]])
    read, _ = multipliers(LSTM, probe, seen, "input", 1)
    assert (read[0, :2] > 20).all()
    assert np.isnan(read[0, 2])


def test_masks_of_the_source_and_of_the_reader_are_told_apart() -> None:
    # The source's bias brings up its h, which the reader reads at the second step.
    probe = Probe(source_b=(0, 0, 0.7, 0), b=(0, 0, 0.3, 0), wh=(0, 0, 0.5, 0), steps=2)
    bits = [Bit("candidate", 2.0, source=True), Bit("candidate", 3.0)]
    wanted = []
    for source, reader in ((0, 0), (0, 3), (2, 0), (2, 3)):
        h = 0.5 * np.tanh(0.5 * source * np.tanh(0.7))
        c = 0.5 * reader * np.tanh(0.3)
        c = 0.5 * c + 0.5 * reader * np.tanh(0.3 + 0.5 * h)
        wanted.append(0.5 * np.tanh(c))
    np.testing.assert_allclose(outcomes(LSTM, probe, bits), wanted)


def test_patterns_and_their_outcomes() -> None:
    np.testing.assert_array_equal(patterns(TWO), [[0, 0], [0, 1], [1, 0], [1, 1]])
    table = outcomes(LSTM, BOTH, TWO)
    np.testing.assert_allclose(table, [out(0, 0), out(0, 1), out(1, 0), out(1, 1)])
    scaled = outcomes(LSTM, BOTH, [Bit("carried", 2.0), Bit("candidate", 3.0)])
    np.testing.assert_allclose(scaled, [out(0, 0), out(0, 3), out(2, 0), out(2, 3)])


def test_bits_of_steps_and_gates() -> None:
    probe = Probe(wx=(0, 0, 0.4, 0), x=(1.0, 0.5), steps=2)
    bits = [Bit("input", 2.0, 2, 0), Bit("input", 2.0, 2, 1)]
    wanted = []
    for first, second in patterns(bits):
        c = 0.5 * np.tanh(0.8 * first)
        c = 0.5 * c + 0.5 * np.tanh(0.4 * second)
        wanted.append(0.5 * np.tanh(c))
    np.testing.assert_allclose(outcomes(LSTM, probe, bits), wanted)


def test_bits_are_read_where_the_output_tells_them() -> None:
    # Either of two equal parts dropped: which one does not show.
    seen = np.array([[out(0, 0), out(0, 1), out(1, 1), 0.4]])
    read = read_bits(LSTM, BOTH, seen, TWO)
    np.testing.assert_array_equal(read[0, 0], [0, np.nan, 1, np.nan])
    np.testing.assert_array_equal(read[1, 0], [0, np.nan, 1, np.nan])


def test_unequal_parts_tell_both_bits() -> None:
    probe = replace(BOTH, c=0.5)
    seen = outcomes(LSTM, probe, TWO)[:, np.newaxis]
    np.testing.assert_array_equal(read_bits(LSTM, probe, seen, TWO)[:, :, 0].T, patterns(TWO))


def test_a_bit_that_never_shows_dropped_is_not_told_at_all() -> None:
    # The memory through two masks: zero does not say which of them dropped.
    bits = [Bit("carried", 1.0), Bit("cell", 1.0)]
    probe = Probe(c=STORED)
    assert np.isnan(read_bits(LSTM, probe, np.array([[0.0, out(1, 0)]]), bits)).all()


def test_the_share_that_fits() -> None:
    seen = np.array([[out(0, 0), out(1, 1)], [out(0, 1), 0.4]])
    assert share_explained(LSTM, BOTH, seen, TWO) == 0.75


def test_the_telling_probe_is_chosen() -> None:
    dull, tied, good = Probe(), BOTH, replace(BOTH, c=0.5)
    for probes in ([dull, tied, good], [good, tied, dull]):
        assert choose_probe(LSTM, probes, TWO) is good
    near = replace(BOTH, c=STORED * 1.1)
    assert choose_probe(LSTM, [near, good], TWO) is good


def test_readings_are_kept_as_often_for_either_value() -> None:
    # The other bit drops one time in five: a dropped first bit shows where both drop (0.2),
    # a kept one where both keep (0.8).
    random = np.random.default_rng(1)
    kept = random.random((2, 20_000)) > np.array([[0.4], [0.2]])
    seen = np.array([[out(*pair) for pair in kept.T.astype(float)]]).T
    read = read_bits(LSTM, BOTH, seen, TWO)[0]
    assert np.nanmean(read) == pytest.approx(0.6 * 0.8 / (0.6 * 0.8 + 0.4 * 0.2), abs=0.01)
    fair = balance_readings(LSTM, BOTH, read, TWO, [0.2])
    assert np.nanmean(fair) == pytest.approx(0.6, abs=0.02)
    np.testing.assert_array_equal(fair[read == 0], 0)
    assert np.isnan(fair[np.isnan(read)]).all()


@pytest.mark.parametrize("shares", [(0.3, 0.3), (0.2, 0.6), (0.9, 0.1)])
def test_bits_that_are_told_are_equal_as_often_as_their_shares_have_it(
    shares: tuple[float, float],
) -> None:
    one, other = shares
    luck = luck_of_equal_bits(LSTM, replace(BOTH, c=0.5), TWO, shares, 2)
    assert luck == pytest.approx(one * other + (1 - one) * (1 - other))
    # Of two equal parts both or neither are told to be dropped.
    assert luck_of_equal_bits(LSTM, BOTH, TWO, shares, 2) == 1


@pytest.mark.parametrize("harness", [LSTM, GRU], ids=["LSTM", "GRU"])
def test_whatever_was_drawn_is_read_back_or_not_told(harness: Harness) -> None:
    random = np.random.default_rng(0)
    bits = [Bit("input", 2.0, 2, 0), Bit("input", 2.0, 2, 1), Bit("candidate", 1.5)]
    told = 0
    for _ in range(30):
        given: dict[str, Any] = {"h": 0.4, "x": tuple(random.uniform(0.5, 1, 2)), "steps": 2}
        probe = Probe(wx=(0, 0, random.uniform(0.2, 1), 0), b=(0, 0, 0.3, 0), **given)
        read = read_bits(harness, probe, outcomes(harness, probe, bits)[:, np.newaxis], bits)
        right = (patterns(bits) == read[:, :, 0].T) | np.isnan(read[:, :, 0].T)
        assert right.all()
        told += int((~np.isnan(read)).sum())
    assert told > 100
