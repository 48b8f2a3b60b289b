"""What chance explains of bits, on bits written by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dropviz.experiment.chance import (
    agree_beyond_luck,
    agreement,
    apart_by_luck,
    draws_to_miss,
    draws_to_tell,
    independent,
    interval,
    rates_are_one,
    repeats,
    same,
    same_along,
    some_are_one,
)

NAN = math.nan


def drawn(rate: float, *shape: int, seed: int = 0) -> Any:
    """Bits, 1 with this chance."""
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


def wilson(dropped: int, draws: int) -> list[float]:
    """The rates p at which |share - p| is 3.89 times sqrt(p (1 - p) / draws)."""
    share, z2 = dropped / draws, 3.89**2
    roots = np.roots([1 + z2 / draws, -(2 * share + z2 / draws), share**2])
    return sorted(float(root) for root in np.clip(roots.real, 0, 1))


@pytest.mark.parametrize(
    ("dropped", "draws"),
    [(0, 10), (10, 10), (5, 10), (1, 400), (160, 400), (4000, 10_000), (0, 1), (1, 1), (1, 2)],
)
def test_the_interval_is_wilsons(dropped: int, draws: int) -> None:
    np.testing.assert_allclose(interval(dropped, draws), wilson(dropped, draws), atol=1e-7)


def test_without_a_draw_a_rate_can_be_anything() -> None:
    assert interval(0, 0) == (0.0, 1.0)


def test_the_interval_covers_the_rate_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    for rate in (0.02, 0.1, 0.5, 0.9):
        misses = 0
        for dropped in random.binomial(400, rate, 2000):
            low, high = interval(int(dropped), 400)
            misses += not low <= rate <= high
        assert misses <= 2  # .2 on average; at a rate of .02 Wilson's covers a little less


def test_equal_bits_are_the_same_mask_where_luck_is_ruled_out() -> None:
    bits = drawn(0.5, 40)
    assert same(bits, bits.copy(), 0.5) is True


def test_one_other_bit_is_another_mask() -> None:
    bits = drawn(0.5, 40)
    other = bits.copy()
    other[7] = 1 - other[7]
    assert same(bits, other, 0.5) is False


@pytest.mark.parametrize(("count", "answer"), [(19, None), (20, True)])
def test_few_equal_bits_prove_nothing(count: int, answer: bool | None) -> None:  # noqa: FBT001
    # At a rate of .5 two bits agree by luck half the time: .5 ** 20 < 1e-6 < .5 ** 19.
    assert same(np.zeros(count), np.zeros(count), 0.5) is answer


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_where_all_or_nothing_is_dropped_equality_proves_nothing(rate: float) -> None:
    assert same(np.full(1000, rate), np.full(1000, rate), rate) is None


def test_bits_that_were_not_told_are_left_out() -> None:
    one = np.array([1.0, NAN, 0.0, 1.0] * 20)
    other = np.array([1.0, 1.0, 0.0, NAN] * 20)
    assert same(one, other, 0.5) is True
    assert same(one[:4], other[:4], 0.5) is None
    assert same(np.array([NAN, 1.0]), np.array([1.0, NAN]), 0.5) is None
    assert same(np.array([NAN, 1.0]), np.array([1.0, 0.0]), 0.5) is False


def test_the_same_along_an_axis() -> None:
    by_sample = drawn(0.4, 3, 50, 1) * np.ones((1, 1, 4))
    assert same_along(by_sample, 2, 0.4) is True
    assert same_along(by_sample, 1, 0.4) is False
    assert same_along(by_sample, 0, 0.4) is False
    assert same_along(by_sample[:, :, :1], 2, 0.4) is None
    assert same_along(np.broadcast_to(by_sample[:1], (3, 50, 4)), 0, 0.4) is True


def test_the_last_of_many_is_compared_too() -> None:
    bits = np.repeat(drawn(0.5, 1, 60), 5, axis=0)
    bits[4, 59] = 1 - bits[4, 59]
    assert same_along(bits, 0, 0.5) is False


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9])
def test_as_many_draws_as_it_takes_tell(rate: float) -> None:
    many = draws_to_tell(rate)
    assert same(np.zeros(many), np.zeros(many), rate) is True
    assert same(np.zeros(many - 2), np.zeros(many - 2), rate) is None


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_no_number_of_draws_tells_where_all_or_nothing_is_dropped(rate: float) -> None:
    assert draws_to_tell(rate) == 1


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_draws_without_a_drop_rule_a_rate_out_once_chance_is_one_in_a_million(rate: float) -> None:
    many = draws_to_miss(rate)
    assert (1 - rate) ** many <= 1e-6 < (1 - rate) ** (many - 1)


def test_one_draw_rules_out_that_all_is_dropped() -> None:
    assert draws_to_miss(1.0) == 1


def by_counting(neither: int, one: int, other: int, both: int) -> float:
    """The chance that so many or more coincide: of all ways to place the second mask's drops."""
    draws, first, second = neither + one + other + both, one + both, other + both
    ways = [
        math.comb(first, many) * math.comb(draws - first, second - many)
        for many in range(both, min(first, second) + 1)
        if second - many <= draws - first
    ]
    return sum(ways) / math.comb(draws, second)


@pytest.mark.parametrize(
    "counts",
    [
        *((100, 0, 0, 5), (100, 0, 0, 3), (200, 0, 0, 4), (30, 5, 5, 9), (0, 0, 0, 50)),
        *((40, 10, 10, 40), (25, 25, 25, 25), (1, 60, 2, 90), (0, 100, 0, 5), (900, 20, 20, 10)),
    ],
)
def test_luck_is_what_chance_gives_once_in_a_million(counts: tuple[int, int, int, int]) -> None:
    assert apart_by_luck(*counts) is (by_counting(*counts) > 1e-6)


def test_masks_drawn_apart_are_never_taken_for_one() -> None:
    random = np.random.default_rng(0)
    for rate in (0.05, 0.5, 0.9):
        for _ in range(200):
            one, other = random.random((2, 512)) < rate
            kinds = (~one & ~other, one & ~other, ~one & other, one & other)
            assert apart_by_luck(*(int(kind.sum()) for kind in kinds))


@pytest.mark.parametrize(("pairs", "answer"), [(19, None), (20, True)])
def test_along_an_axis_as_many_equal_pairs_prove_as_much(pairs: int, answer: bool | None) -> None:  # noqa: FBT001
    bits = np.zeros((1, pairs + 1, 1))  # at one half, 2 ** -20 is below one in a million
    assert same_along(bits, 1, 0.5) is answer
    told = np.concatenate([np.full((1, 3, 1), NAN), bits], axis=1)
    assert same_along(told, 1, 0.5) is answer
    told[0, -1] = 1
    assert same_along(told, 1, 0.5) is False


def test_bits_agree_beyond_luck_where_they_share_some_draws() -> None:
    one, other, third = (drawn(0.4, 2, 256, 3, seed=seed) for seed in (1, 2, 3))

    assert not agree_beyond_luck(one, other)
    assert agree_beyond_luck(one, np.where(third > 0, one, other))
    # Told apart by their readers alone: two are always kept, and agree without sharing a draw.
    kept = np.array([1, 0, 0])
    assert not agree_beyond_luck(one * kept, other * kept)
    assert not agree_beyond_luck(one * NAN, other)


def test_calls_and_readers_that_repeat_one_another_are_no_draws() -> None:
    bits = drawn(0.4, 2, 256, 3)
    calls, readers = np.repeat(bits[:1], 2, axis=0), np.repeat(bits[..., :1], 3, axis=2)

    assert independent(bits).shape == (2, 256, 3)
    assert independent(calls).shape == (1, 256, 3)
    assert independent(readers).shape == (2, 256, 1)
    assert repeats(calls, 0)
    assert not repeats(calls, 2)


def test_draws_by_themselves_agree_as_chance_has_it() -> None:
    for number, rate in enumerate([0.01, 0.3, 0.5, 0.95] * 5):
        bits = drawn(rate, 2 + number % 3, 128, 1 + number % 7, seed=number)
        bits[drawn(0.2, *bits.shape, seed=99) > 0] = NAN
        assert [agreement(bits, axis) for axis in range(3)] == [0, 0, 0]
    # Readers may each have a rate of their own.
    uneven = np.concatenate([drawn(0.1, 2, 256, 2), drawn(0.8, 2, 256, 2)], axis=2)
    assert [agreement(uneven, axis) for axis in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("axis", range(3))
def test_what_shares_draws_in_part_agrees_more_often(axis: int) -> None:
    own, common = drawn(0.3, 3, 256, 6, seed=1), drawn(0.3, 3, 256, 6, seed=2)
    either = np.maximum(own, common.take([0], axis))
    assert agreement(either, axis) == 1


def test_what_drops_as_many_each_time_agrees_less_often() -> None:
    order = np.random.default_rng(0).random((2, 256, 8)).argsort(axis=2)
    assert agreement((order < 4).astype(float), 2) == -1


def test_of_one_draw_or_none_no_agreement_is_told() -> None:
    assert agreement(drawn(0.4, 1, 1, 1), 2) == 0
    assert agreement(drawn(0.4, 2, 50, 3) * NAN, 1) == 0


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ((5, 10), (50, 100), True),
        # Fisher's exact test, one-sided: 1.2e-6 and 6.2e-7; a millionth is the limit.
        ((39, 100), (10, 100), True),
        ((40, 100), (10, 100), False),
        ((10, 100), (40, 100), False),
        ((0, 0), (40, 100), True),
        ((0, 1000), (1000, 1000), False),
    ],
)
def test_two_shares_are_of_one_rate_as_far_as_chance_goes(
    one: tuple[int, int],
    other: tuple[int, int],
    are_one: bool,  # noqa: FBT001
) -> None:
    assert rates_are_one(one, other) is are_one


def test_two_readers_that_show_the_same_throughout_share_a_mask() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (2, 100, 5)).astype(float)
    assert not some_are_one(bits, 0.5)
    twins = bits.copy()
    twins[..., 3] = twins[..., 0]
    assert some_are_one(twins, 0.5)
    assert not some_are_one(twins[:1, :10], 0.5)  # ten draws may be luck
    twins[0, 0, 3] = np.nan  # not told
    assert not some_are_one(twins, 0.5)
    still = bits.copy()
    still[..., :2] = 0  # never dropped, which two may be without one mask
    assert not some_are_one(still, 0.5)


@pytest.mark.parametrize("many", [1, 6, 13, 27])
def test_what_never_agrees_does_not_do_so_beyond_luck(many: int) -> None:
    kept, dropped = np.zeros((1, many, 1)), np.ones((1, many, 1))
    assert not agree_beyond_luck(kept, dropped)
    assert not agree_beyond_luck(dropped, kept)
