"""What chance explains of masks that were read whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.core.verdict import SiteVerdict
from dropviz.homework.mask_draws import (
    Share,
    by_luck,
    drop_together,
    independent_draws,
    own_rates,
    share_at,
)

FOUND = SiteVerdict(
    site="cell",
    rate=0.5,
    rate_interval=(0.45, 0.55),
    life="step",
    tying="",
    scaling="inverted",
    kept=2.0,
    at_inference=1.0,
    gates=(),
    missing=(),
    same_over_samples=False,
    same_over_units=False,
    frozen=False,
)


def drawn(rate: float, *shape: int, seed: int = 0) -> Array:
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


@pytest.mark.parametrize(
    ("count", "draws", "rate", "lucky"),
    [
        (50, 100, 0.5, True),
        (0, 100, 0.5, False),
        (100, 100, 0.5, False),
        (0, 20, 0.25, True),
        (0, 70, 0.25, False),
        (3, 100, 0.0, False),
        (0, 100, 0.0, True),
        (100, 100, 1.0, True),
        (0, 0, 0.5, True),
    ],
)
def test_chance_brings_counts_near_their_rate(
    count: int, draws: int, rate: float, *, lucky: bool
) -> None:
    assert by_luck(count, draws, rate) is lucky


@pytest.mark.parametrize("rate", [0.25, 0.35, 0.4, 0.5])
def test_entries_that_are_dropped_each_by_itself_are_found_so(rate: float) -> None:
    for seed in range(300):
        draws = drawn(rate, 200, 3, seed=seed)
        draws[drawn(0.3, 200, 3, seed=seed + 1000) == 1] = np.nan

        assert drop_together(draws) == 0
        assert own_rates(draws) is None


@pytest.mark.parametrize("rate", [0.25, 0.35, 0.5])
def test_a_pair_that_shares_its_draws_is_found(rate: float) -> None:
    draws = drawn(rate, 200, 3)
    draws[:, 2] = draws[:, 0]

    assert drop_together(draws) == 1


def test_one_of_three_dropped_each_time_is_found() -> None:
    draws = np.eye(3)[np.random.default_rng(0).integers(0, 3, 200)]

    assert drop_together(draws) == -1


def test_rates_of_their_own_are_found() -> None:
    draws = np.stack([drawn(rate, 300, seed=7) for rate in (0.2, 0.6, 0.2)], axis=1)

    low, high = own_rates(draws) or (0, 0)

    assert 0.1 < low < 0.3
    assert 0.5 < high < 0.7


def test_entries_that_were_not_told_are_not_counted() -> None:
    assert drop_together(np.full((5, 3), np.nan)) == 0
    assert own_rates(np.full((5, 3), np.nan)) is None


def test_what_is_shared_is_one_draw() -> None:
    one = drawn(0.5, 3, 1, 200, 1)
    units = independent_draws(one.repeat(3, 3), replace(FOUND, same_over_units=True))
    samples = independent_draws(one.repeat(3, 3), replace(FOUND, same_over_samples=True))

    assert units.shape == (3, 1, 200, 1)
    assert samples.shape == (3, 1, 1, 3)


def test_a_step_that_never_drops_is_none_that_may_be() -> None:
    share = share_at(2, np.zeros((1, 100, 3)), FOUND, alike=True)

    assert share == Share(2, 0, 300, may_be=False)
    assert share.words == "at step 2, 0 of 300 entries dropped"
    assert share_at(1, drawn(0.5, 1, 100, 3), FOUND, alike=True).may_be


def test_where_entries_differ_what_was_found_holds_of_some() -> None:
    bits = drawn(0.5, 1, 300, 3)
    bits[..., 1:] = 0

    assert not share_at(0, bits, FOUND, alike=True).may_be
    assert share_at(0, bits, FOUND, alike=False).may_be


def test_without_a_rate_something_drops_all_the_same() -> None:
    found = replace(FOUND, rate_interval=(0.0, 1.0))

    assert share_at(0, drawn(0.1, 1, 100, 3), found, alike=True).may_be
    assert not share_at(0, np.zeros((1, 100, 3)), found, alike=True).may_be


def test_a_fixed_number_of_few_units_is_another_rate_than_of_many() -> None:
    note = "entries agree less often than chance has it: they are not dropped each by itself."
    draws = drawn(0.8, 1, 100, 3)

    assert not share_at(0, draws, FOUND, alike=True).may_be
    assert share_at(0, draws, replace(FOUND, notes=(note,)), alike=True).may_be


def test_masks_that_explain_nothing_are_said_to() -> None:
    assert Share(9, 0, 0, may_be=False).words == "at step 9, the outputs come of no such mask"
