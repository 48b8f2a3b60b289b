"""What outcomes that coincide tell of masks, and how often: on outcomes that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from dropviz.core.gates import LSTM_GATES
from dropviz.experiment import decode_masks
from dropviz.experiment.decode_masks import (
    Bit,
    balance_readings,
    choose_probe,
    luck_of_equal_bits,
    read_bits,
)
from dropviz.experiment.harness import Harness
from dropviz.experiment.probe import Probe

HARNESS = Harness(None, "LSTM", LSTM_GATES, 3, 4, (16,))
PROBE = Probe()
THREE = [Bit("input", 1.0, 2, 0), Bit("input", 1.0, 2, 1), Bit("cell", 1.0)]
FOUR = [*THREE[:2], Bit("cell", 1.0, None, 0), Bit("cell", 1.0, None, 1)]


def give(monkeypatch: pytest.MonkeyPatch, *table: float) -> None:
    """Has the patterns of some bits come out so."""
    monkeypatch.setattr(decode_masks, "outcomes", lambda *_: np.array(table))


def test_outcomes_that_coincide_tell_what_their_patterns_have_in_common(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(monkeypatch, 0.0, 0.0, 0.6, 1.0)  # of the second, only beside a first that is kept
    read = read_bits(HARNESS, PROBE, np.array([[0.0, 0.6, 1.0, 0.3]]), THREE[:2])
    np.testing.assert_array_equal(read[:, 0], [[0, 1, 1, np.nan], [np.nan, 0, 1, np.nan]])
    # An output is off by twice a thousandth of the largest outcome at the most.
    read = read_bits(HARNESS, PROBE, np.array([[0.6019, 0.6021, 0.5981, 0.5979]]), THREE[:2])
    np.testing.assert_array_equal(read[1, 0], [0, np.nan, 0, np.nan])


def test_a_bit_of_which_one_value_never_shows_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(monkeypatch, 0.0, 0.0, 1.0, 1.0)
    read = read_bits(HARNESS, PROBE, np.array([[0.0, 1.0]]), THREE[:2])
    np.testing.assert_array_equal(read[:, 0], [[0, 1], [np.nan, np.nan]])
    for table in ((0.0, 0.6, 0.6, 0.6), (0.6, 0.6, 0.6, 1.0)):  # both dropped alone, or kept
        give(monkeypatch, *table)
        assert np.isnan(read_bits(HARNESS, PROBE, np.array([table]), THREE[:2])).all()
    give(monkeypatch, 0.0, 0.6, 0.0, 1.0)  # of the first kept alone, beside a second that is kept
    read = read_bits(HARNESS, PROBE, np.array([[0.0, 0.6, 1.0]]), THREE[:2])
    np.testing.assert_array_equal(read[:, 0], [[np.nan, 0, 1], [0, 1, 1]])


@pytest.mark.parametrize(
    ("table", "shares", "dropped", "kept"),
    [
        ((0.0, 0.3, 0.6, 1.0), [0.25], 1, 1),  # told always
        ((0.0, 0.6, 0.6, 1.0), [0.25], 1, 1 / 3),  # where the second does the same, 1 of 4 times
        ((0.6, 0.0, 1.0, 0.6), [0.25], 1 / 3, 1),  # where the second does the contrary
        ((0.0, 0.0, 0.6, 1.0), [0.25], 1, 1),  # the second is not told
        # Where two others do the same: one of eight times, and three of eight.
        ((0.0, 1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 3.0), [0.25, 0.5], 1, 1 / 3),
        ((0.0, 0.0, 0.6, 0.6), [1.0], 1, 1),  # the second drops always
    ],
)
def test_readings_of_the_value_that_shows_more_often_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
    table: tuple[float, ...],
    shares: list[float],
    dropped: float,
    kept: float,
) -> None:
    give(monkeypatch, *table)
    read = np.repeat([[0.0, 1.0]], 10_000, axis=0)
    fair = balance_readings(HARNESS, PROBE, read, THREE[: 1 + len(shares)], shares)
    # Of ten thousand draws a share is off by .005 as a rule.
    np.testing.assert_allclose((~np.isnan(fair)).mean(axis=0), [dropped, kept], atol=0.02)
    assert (np.isnan(fair) | (fair == read)).all()


def test_luck_counts_only_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever the first two do, a third that drops hides it; and it looks as if all dropped.
    give(monkeypatch, 0.0, 0.0, 0.0, 0.3, 0.0, 0.6, 0.0, 1.0)
    luck = luck_of_equal_bits(HARNESS, PROBE, THREE, [0.2, 0.4, 0.1], 2)
    # Told unless both drop (.08): both are kept (.8 * .6), or one of them is.
    assert luck == pytest.approx(0.48 / 0.92)


# Where a mask beside them stays from step to step, one that is dropped alone looks as another
# does that is kept alone.
UNTOLD = [0.0, 0.4, 0.6, 1.0, 2.0, 2.4, 2.6, 3.0, 1.0, 1.4, 1.6, 2.0, 3.0, 3.4, 3.6, 4.0]


@pytest.mark.parametrize(
    ("beside", "luck"),
    [
        (FOUR[2:], 1.0),
        # Of two sites, both are as often apart as their shares have it: told are all pairs
        # where one of the two drops (.48), and equal ones where both do (.16) or none (.36).
        (
            [FOUR[2], Bit("carried", 1.0, None, 1)],
            (0.58 * 0.48 + 0.09 * 0.16 + 0.49 * 0.36) / (0.48 + 0.09 * 0.16 + 0.49 * 0.36),
        ),
    ],
)
def test_luck_is_the_greater_of_masks_beside_that_stay_or_do_not(
    monkeypatch: pytest.MonkeyPatch, beside: list[Bit], luck: float
) -> None:
    give(monkeypatch, *UNTOLD)
    found = luck_of_equal_bits(HARNESS, PROBE, [*FOUR[:2], *beside], [0.3, 0.3, 0.4, 0.4], 2)
    assert found == pytest.approx(luck)


def test_where_masks_that_stay_tell_nothing_luck_is_that_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Told only where the last two differ.
    give(monkeypatch, *np.ravel([[9.0, each, each, 9.0] for each in (0.0, 1.0, 2.0, 3.0)]))
    found = luck_of_equal_bits(HARNESS, PROBE, FOUR, [0.3, 0.3, 0.4, 0.4], 2)
    assert found == pytest.approx(0.58)


@pytest.mark.parametrize(
    ("table", "better"),
    [
        # Outcomes are apart that are further than five thousandths of the largest, which is
        # more than twice as far as rounding takes an output from its own.
        ((0.0, 0.006, 0.6, 1.0), True),
        ((0.0, 0.004, 0.6, 1.0), False),
        ((0.0, 0.06, 6.0, 10.0), True),
        ((0.0, 0.04, 6.0, 10.0), False),
        # Of as many that are apart, those are better whose nearest are further.
        ((0.0, 0.45, 0.45, 1.0), False),
        ((0.0, 0.5, 0.5, 0.9), False),
        ((0.5, -1.0, 2.0, 0.5), True),
        ((1.0, 1.0, 1.0, 1.0), False),
    ],
)
def test_the_probe_is_chosen_whose_outcomes_are_further_apart_than_rounding_takes_them(
    monkeypatch: pytest.MonkeyPatch,
    table: tuple[float, ...],
    better: bool,  # noqa: FBT001
) -> None:
    plain, other = PROBE, Probe(c=1.0)
    tables = {plain: (0.0, 0.5, 0.5, 1.0), other: table}
    monkeypatch.setattr(decode_masks, "outcomes", lambda _, probe, __: np.array(tables[probe]))
    for probes in ([plain, other], [other, plain]):
        assert choose_probe(HARNESS, probes, THREE[:2]) is (other if better else plain)
