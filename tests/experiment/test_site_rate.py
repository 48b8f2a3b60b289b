"""The rate of a place and what is told of it: counted draws, and multipliers near their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.experiment.chance import interval
from dropviz.experiment.observations import Look, Note, Place

from .test_site_verdict import CALLS, READERS, SAMPLES, SLACK, A, B, drawn, gated, judged, seen
from .test_site_verdict import steps as kept_of

Array = Any


def inside(dropped: Array, **how: Any) -> Place:
    """A place inside the cell, whose mask is drawn at each step."""
    looks: dict[int | None, Look] = {None: seen(dropped, **how)}
    return Place("cell", looks, steps=kept_of(A, B), distinct=READERS)


def test_gates_of_several_rates_have_no_one_rate() -> None:
    place = gated(drawn(rate=0.2), drawn(rate=0.8, seed=1), joint=kept_of(A, B))
    verdict, _ = judged(place)
    assert np.isnan(verdict.rate)
    assert verdict.rate_interval == (0.0, 1.0)


def test_of_samples_that_agree_the_counted_draws_say_little_of_the_rate() -> None:
    half = drawn(CALLS, SAMPLES // 2, READERS)
    bits = np.concatenate([half, half], axis=1)
    verdict, _ = judged(inside(bits))
    assert verdict.rate == pytest.approx(half.mean())
    assert verdict.rate_interval == (0.0, 1.0)
    assert verdict.same_over_samples is None


def test_of_samples_that_agree_less_often_the_draws_count() -> None:
    """As many are dropped in each call: the rate is known at least as well as by chance."""
    bits = np.stack([np.random.default_rng(n).permutation(np.arange(60) < 24) for n in range(80)])
    bits = bits.reshape(20, READERS, SAMPLES).swapaxes(1, 2).astype(float)
    verdict, _ = judged(inside(bits))
    assert verdict.rate == pytest.approx(0.4)
    assert verdict.rate_interval == interval(24 * 80, 60 * 80)


def test_where_nothing_was_told_any_rate_may_be() -> None:
    verdict, _ = judged(inside(np.full((CALLS, SAMPLES, READERS), np.nan)))
    assert np.isnan(verdict.rate)
    assert verdict.rate_interval == (0.0, 1.0)


@pytest.mark.parametrize("hidden", [False, True])
def test_gates_that_saw_one_frozen_draw_count_it_once(*, hidden: bool) -> None:
    one = drawn(1, SAMPLES, READERS)
    if hidden:
        one[0, 0, 0] = np.nan  # in both gates, behind a mask that is frozen too
    other = drawn(1, SAMPLES, READERS, seed=1)
    first, second = (np.repeat(each, CALLS, axis=0) for each in (one, other))
    joint = kept_of(first, first, second)
    verdict, _ = judged(gated(first, first, second, joint=joint, steps=kept_of(A, A)))
    assert verdict.frozen is True
    both = np.concatenate([one, other])
    told = int((~np.isnan(both)).sum())
    assert verdict.rate_interval == interval(int(np.nansum(both)), told)


def test_gates_that_are_drawn_anew_all_count_even_where_they_agree() -> None:
    verdict, _ = judged(gated(A, A, joint=kept_of(A, A), steps=kept_of(A, A)))
    assert verdict.frozen is False
    assert verdict.rate_interval == interval(2 * int(A.sum()), 2 * A.size)


@pytest.mark.parametrize("changes", [False, True])
def test_one_call_does_not_tell_whether_masks_are_drawn_anew(*, changes: bool) -> None:
    place = inside(drawn(1, SAMPLES, READERS))
    place.changes = changes
    verdict, doubts = judged(place)
    assert verdict.frozen is None
    # Where later calls change, that is said of the whole layer.
    anew = "cell: too few draws were seen to tell whether a mask is drawn anew in each call."
    assert doubts == [anew] * (not changes)


@pytest.mark.parametrize("dropped", [True, False])
def test_only_what_drops_may_be_drawn_anew(*, dropped: bool) -> None:
    bits = drawn(1, SAMPLES, READERS) * dropped
    _, doubts = judged(inside(bits))
    assert any("drawn anew" in line for line in doubts) is dropped


@pytest.mark.parametrize("notes", [[], [Note.NEXT_STEP_READS_MASKED]])
def test_a_masked_output_that_the_next_step_reads_reaches_h(notes: list[Note]) -> None:
    place = inside(A)
    place.notes = notes
    assert judged(place)[0].reaches == (("recurrent",) if notes else ())


# ---------------------------------------------------------------- multipliers


@pytest.mark.parametrize(
    ("read", "told"),
    [
        # The slack is .006: so near 1 rounding alone takes a multiplier.
        (1.005, 1.0),
        (0.995, 1.0),
        (1.007, 1.007),
        (0.993, 0.993),
        (-1.0, -1.0),
    ],
)
def test_a_multiplier_within_rounding_of_1_is_1(read: float, told: float) -> None:
    verdict, _ = judged(inside(A, kept=read))
    assert verdict.kept == told
    verdict, _ = judged(inside(A, at_inference=read))
    assert verdict.at_inference == told


MANY = drawn(CALLS, 400, READERS)
LOW, HIGH = interval(int(MANY.sum()), MANY.size)


@pytest.mark.parametrize(
    ("rate", "known"),
    [
        # Beside the limits of what was counted a rate may be off by rounding: by .006.
        (LOW - SLACK / 2, True),
        (LOW - 2 * SLACK, False),
        (HIGH + SLACK / 2, True),
        (HIGH + 2 * SLACK, False),
    ],
)
def test_a_scaling_is_that_of_a_rate_within_its_limits_and_rounding(
    rate: float,
    known: bool,  # noqa: FBT001
) -> None:
    verdict, _ = judged(inside(MANY, kept=1 / (1 - rate)))
    assert verdict.scaling == ("inverted" if known else "other")
    verdict, _ = judged(inside(MANY, kept=1.0, at_inference=1 - rate))
    assert verdict.scaling == ("test-time" if known else "other")
