"""What repeated looks add up to, on bits written by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dropviz.experiment.chance import (
    apart_by_luck,
    draws_to_miss,
    draws_to_tell,
    interval,
    same,
    same_along,
)
from dropviz.experiment.observations import Look, Place, draws_to_show, summed_up

NAN = math.nan
SLACK = 0.006


def drawn(rate: float, *shape: int, seed: int = 0) -> Any:
    """Bits, 1 with this chance."""
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


# ---------------------------------------------------------------- the interval


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


# ---------------------------------------------------------------- the same mask, or not


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


@pytest.mark.parametrize(("share", "draws"), [(0.2, 132), (0.5, 49), (1.0, 20)])
def test_what_few_draws_showed_is_looked_for_at_half_the_share(share: float, draws: int) -> None:
    assert draws_to_show(seen_at(share)) == draws


def test_one_draw_rules_out_that_all_is_dropped() -> None:
    assert draws_to_miss(1.0) == 1


# ---------------------------------------------------------------- dropped together, or by luck


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


# ---------------------------------------------------------------- looks


def test_multipliers_are_summed_up() -> None:
    look = summed_up([np.array([[0.0, 2.0], [2.0, NAN]]), np.array([[2.0, 2.0], [0.0, 2.0]])])
    assert look.kept == 2.0
    assert look.spread == 0.0
    np.testing.assert_array_equal(look.dropped, [[[1, 0], [0, NAN]], [[0, 0], [1, 0]]])
    assert look.share == pytest.approx(2 / 7)


def test_where_all_is_dropped_the_kept_multiplier_is_1() -> None:
    look = summed_up([np.zeros((3, 2))])
    assert (look.kept, look.spread, look.share) == (1.0, 0.0, 1.0)


def test_where_nothing_is_told_nothing_is_dropped() -> None:
    look = summed_up([np.full((3, 2), NAN)])
    assert (look.kept, look.share) == (1.0, 0.0)


def test_noise_spreads() -> None:
    noise = np.random.default_rng(0).normal(1, 0.5, (200, 8))
    # From 1 % to 99 % of a normal distribution: twice 2.326 sigma.
    assert summed_up([noise]).spread == pytest.approx(2.326, rel=0.1)


def test_the_spread_is_relative_and_one_stray_value_is_none() -> None:
    values = np.full((1000, 1), 10.0)
    values[0] = 30.0
    assert summed_up([values]).spread == 0.0
    values[:100] = 15.0
    assert summed_up([values]).spread == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ({}, False),
        ({"kept": 1 + SLACK / 2}, False),
        ({"kept": 1.25}, True),
        ({"kept": 0.8}, True),
        ({"spread": 0.1}, True),
        ({"at_inference": 0.7}, True),
        ({"random": True}, True),
        ({"dropped": np.array([[[1.0, 0.0]]])}, True),
        ({"dropped": np.array([[[NAN, 0.0]]])}, False),
    ],
)
def test_whether_anything_happens(how: dict[str, Any], answer: bool) -> None:  # noqa: FBT001
    usual: dict[str, Any] = {"kept": 1.0, "spread": 0.0, "dropped": np.zeros((1, 1, 2))}
    assert Look(**{**usual, **how}).masked(SLACK) is answer


@pytest.mark.parametrize(("pairs", "answer"), [(19, None), (20, True)])
def test_along_an_axis_as_many_equal_pairs_prove_as_much(pairs: int, answer: bool | None) -> None:  # noqa: FBT001
    bits = np.zeros((1, pairs + 1, 1))  # at one half, 2 ** -20 is below one in a million
    assert same_along(bits, 1, 0.5) is answer
    told = np.concatenate([np.full((1, 3, 1), NAN), bits], axis=1)
    assert same_along(told, 1, 0.5) is answer
    told[0, -1] = 1
    assert same_along(told, 1, 0.5) is False


# ---------------------------------------------------------------- where nothing is seen


def seen_at(share: float, kept: float = 1.0, **how: Any) -> Look:
    """A gate where so many of ten were dropped."""
    bits = np.zeros((1, 10, 1))
    bits[0, : round(10 * share)] = 1
    return Look(kept, 0.0, bits, **how)


def undropped(*shape: int) -> Look:
    return Look(1.0, 0.0, np.zeros(shape))


@pytest.mark.parametrize(
    ("draws", "acting", "answer"),
    [
        # At a rate of one half, 20 draws without a drop are one chance in a million.
        (20, [seen_at(0.5)], True),
        (19, [seen_at(0.5)], False),
        # The gate that drops least says how many it takes: 39 at .3, 132 at .1.
        (39, [seen_at(0.5), seen_at(0.3)], True),
        (38, [seen_at(0.3), seen_at(0.5)], False),
        (131, [seen_at(0.1), seen_at(0.5)], False),
        # One of which nothing was dropped says nothing of that.
        (20, [seen_at(0.0), seen_at(0.5)], True),
        (19, [seen_at(0.0), seen_at(0.5)], False),
        # A scale is seen at once, and so is whatever else is at every entry.
        (1, [seen_at(0.5, 2.0)], True),
        (1, [seen_at(0.5, 1 + SLACK / 2)], False),
        (1, [seen_at(0.5), seen_at(0.5, 0.8)], True),
        (1, [seen_at(0.0, at_inference=0.5)], True),
        (0, [seen_at(0.5, 2.0)], False),
    ],
)
def test_nothing_happens_where_what_happens_elsewhere_would_have_shown(
    draws: int,
    acting: list[Look],
    answer: bool,  # noqa: FBT001
) -> None:
    assert undropped(1, draws, 1).seen_enough(acting, 1, SLACK) is answer


def test_readers_of_the_same_entries_and_what_was_not_told_are_no_draws() -> None:
    look = undropped(1, 10, 3)
    assert look.seen_enough([seen_at(0.5)], 2, SLACK)
    assert not look.seen_enough([seen_at(0.5)], 1, SLACK)
    look.dropped[0, 0, 0] = NAN
    assert not look.seen_enough([seen_at(0.5)], 2, SLACK)


def test_samples_that_share_a_mask_elsewhere_are_one_draw_a_call() -> None:
    look = undropped(10, 7, 2)
    assert look.seen_enough([seen_at(0.5, shared=True)], 2, SLACK)
    assert not look.seen_enough([seen_at(0.5, shared=True)], 1, SLACK)
    assert look.seen_enough([seen_at(0.5)], 1, SLACK)


# ---------------------------------------------------------------- places


def test_a_place_knows_which_gates_see_masks() -> None:
    idle, busy = Look(1.0, 0.0, np.zeros((1, 2, 2))), Look(2.0, 0.0, np.zeros((1, 2, 2)))
    place = Place("input", {0: idle, 1: busy, 2: busy, 3: idle})
    assert list(place.acting(SLACK)) == [1, 2]
    assert not place.noisy(SLACK)
    assert Place("input", {0: idle, 1: Look(1.0, 0.3, idle.dropped)}).noisy(SLACK)


def test_draws_that_all_samples_share_are_counted_once_a_call() -> None:
    bits = np.repeat(np.array([[[1.0, 0.0]], [[1.0, 1.0]], [[0.0, NAN]]]), 5, axis=1)
    bits[0, 0] = NAN  # hidden by what drops elsewhere
    assert Look(2.0, 0.0, bits, shared=True).counts == (3, 5)
    assert Look(2.0, 0.0, bits).counts == (14, 23)


def test_what_all_samples_share_counts_once() -> None:
    bits = np.repeat(drawn(0.5, 3, 1, 2), 7, axis=1)
    once = bits[:, :1].copy()
    bits[:, 0] = NAN  # hidden by what drops elsewhere
    each, one = Look(2.0, 0.0, bits), Look(2.0, 0.0, bits, shared=True)
    assert Place("input", {0: each}).once(bits).shape == (3, 7, 2)
    np.testing.assert_array_equal(Place("input", {0: each, 1: one}).once(bits), once)
    steps = np.repeat(drawn(0.5, 4, 3, 1, 2), 7, axis=2)
    np.testing.assert_array_equal(Place("input", {1: one}).once(steps), steps[:, :, :1])
