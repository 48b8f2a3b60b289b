"""What repeated looks add up to, on bits written by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dropviz.experiment.observations import Look, Place, draws_to_show, summed_up

NAN = math.nan

SLACK = 0.006


def drawn(rate: float, *shape: int, seed: int = 0) -> Any:
    """Bits, 1 with this chance."""
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


@pytest.mark.parametrize(("share", "draws"), [(0.2, 132), (0.5, 49), (1.0, 20)])
def test_what_few_draws_showed_is_looked_for_at_half_the_share(share: float, draws: int) -> None:
    assert draws_to_show(seen_at(share)) == draws


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


def test_what_is_summed_up_says_nothing_of_inference_and_of_what_hides_it() -> None:
    look = summed_up([np.array([[0.0], [2.0]])])
    assert (look.at_inference, look.random) == (1.0, False)
    assert (look.shows, look.shared, look.blur, look.explained) == (True, False, 0.0, 0.0)


def test_a_place_of_which_nothing_was_read_has_one_entry_and_no_doubt() -> None:
    place = Place("input", {0: undropped(1, 4, 1)})
    assert (place.joint, place.steps, place.sources, place.only) == (None, None, None, None)
    assert (place.distinct, place.notes, place.luck, place.perhaps) == (1, [], {}, "")
    assert (place.single, place.late, place.changes) == (False, False, False)


def test_what_rounding_may_show_is_nothing_up_to_its_bound() -> None:
    scaled = Look(1.5, 0.0, np.zeros((1, 1, 1)), blur=0.5)
    assert not scaled.masked(SLACK)
    scaled.blur = 0.25
    assert scaled.masked(SLACK)


# ---------------------------------------------------------------- drawn each by itself

APART = drawn(0.5, 8, 61, 4, seed=7)  # calls, samples, readers


def of_calls(*calls: Any) -> Any:
    return np.stack(calls)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(2, 256, 2), (8, 61, 4), (6, 1, 2), (1, 2, 1)])
def test_entries_drawn_each_by_itself_depend_on_nothing(
    share: float, shape: tuple[int, ...]
) -> None:
    for seed in range(5):
        bits = drawn(share, *shape, seed=seed)
        assert Look(2.0, 0.0, bits).dependence(shape[2]) == ("", 0)


HALF = APART[:, :30]


@pytest.mark.parametrize(
    "bits",
    [
        np.repeat(HALF, 2, axis=1),
        np.concatenate([HALF, HALF], axis=1),
        np.concatenate([HALF, HALF[:, ::-1]], axis=1),
        # Of an odd number of samples, the last one is on its own.
        np.concatenate([np.repeat(HALF, 2, axis=1), APART[:, 60:]], axis=1),
        np.concatenate([HALF, HALF, APART[:, 60:]], axis=1),
        np.concatenate([HALF, APART[:, 60:], HALF[:, ::-1]], axis=1),
    ],
    ids=["neighbours", "halves", "mirrored", "odd neighbours", "odd halves", "odd mirrored"],
)
@pytest.mark.parametrize("calls", [1, 8])
def test_samples_that_share_a_draw_with_one_other_agree(bits: Any, calls: int) -> None:
    # Of one call 30 pairs of each of four readers: all of 120 pairs agree, where half would.
    assert Look(2.0, 0.0, bits[:calls]).dependence(4) == ("samples", 1)


def test_as_many_samples_dropped_each_time_agree_less_often_than_by_chance() -> None:
    order = np.random.default_rng(0).permuted(np.ones((20, 1, 4)) * np.arange(60)[:, None], axis=1)
    half = (order < 30).astype(float)
    assert Look(2.0, 0.0, half).dependence(4) == ("samples", -1)


def test_calls_that_come_back_agree_and_calls_that_take_turns_do_so_less_often() -> None:
    four = APART[:4]
    assert Look(2.0, 0.0, np.concatenate([four, four])).dependence(4) == ("calls", 1)
    # Half of all calls drop an entry, never all and never none.
    in_turns = of_calls(*(bits for each in four for bits in (each, 1 - each)))
    assert Look(2.0, 0.0, in_turns).dependence(4) == ("calls", -1)


def test_entries_that_share_a_draw_agree_and_those_that_leave_each_other_do_so_less_often() -> None:
    one = APART[..., :2]
    together = np.concatenate([one, one], axis=2)
    assert Look(2.0, 0.0, together).dependence(4) == ("entries", 1)
    # Readers beyond the distinct ones read the same entries again.
    assert Look(2.0, 0.0, together).dependence(2) == ("", 0)
    assert Look(2.0, 0.0, np.concatenate([one, 1 - one], axis=2)).dependence(4) == ("entries", -1)


def test_what_all_samples_share_is_no_agreement_of_samples() -> None:
    bits = np.repeat(drawn(0.5, 40, 1, 4), 60, axis=1)
    assert Look(2.0, 0.0, bits, shared=True).dependence(4) == ("", 0)
    assert Look(2.0, 0.0, bits).dependence(4) == ("samples", 1)
