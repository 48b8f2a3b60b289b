"""What is noted of masks that depend on each other, on bits made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.site_notes import (
    agreeing,
    gates_agree,
    has_one_rate,
    notes_on,
    steps_share_in_part,
)

SLACK = 0.01
MOVED = "the rate is another one at another step."
RATES = "gates, or the calls in which they were looked at, have rates of their own."


def drawn(rate: float = 0.5, *shape: int, seed: int = 0) -> Array:
    """Bits (calls, samples, readers), 1 where they are so."""
    shape = shape or (2, 128, 3)
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


def seen(rate: float = 0.5, kept: float = 2.0, seed: int = 0, **how: Any) -> Look:
    return Look(kept, 0.0, drawn(rate, seed=seed), **how)


def place(site: str = "input", **how: Any) -> Place:
    return Place(site, {}, **{"distinct": 3, **how})


A, B, C, D = (drawn(seed=seed) for seed in range(4))

# ---------------------------------------------------------------- one rate


def unseen(kept: float = 5.0) -> Look:
    """A look that told nothing."""
    return Look(kept, 0.0, np.full((2, 128, 3), np.nan))


@pytest.mark.parametrize(
    ("looks", "one"),
    [
        ([], True),
        ([seen()], True),
        ([seen(), seen(seed=1)], True),
        # Of 768 draws a rate is known to .07.
        ([seen(0.5), seen(0.54, seed=1)], True),
        ([seen(0.3), seen(0.6, seed=1)], False),
        ([seen(0.6), seen(0.3, seed=1)], False),
        ([seen(0.3), seen(0.3, seed=1), seen(0.6, seed=2)], False),
        # What told nothing, or not of what was dropped, has no rate and no multiplier.
        ([seen(), unseen()], True),
        ([seen(0.3), seen(0.6, kept=5.0, shows=False)], True),
        ([unseen(), unseen(2.0)], True),
        # As far apart as twice the slack, of the larger one.
        ([seen(kept=-4.0), seen(kept=-4.07)], True),
        ([seen(kept=-4.0), seen(kept=-4.09)], False),
        ([seen(kept=4.07), seen(kept=4.0)], True),
        ([seen(kept=0.5), seen(kept=0.515)], True),
        ([seen(kept=0.5), seen(kept=0.525)], False),
        # One rate, and two multipliers; two rates, and one multiplier.
        ([seen(kept=2.0), seen(kept=1.5, seed=1)], False),
        ([seen(0.3, kept=2.0), seen(0.6, kept=1.5, seed=1)], False),
        # Of what was dropped throughout nothing was kept.
        ([seen(1.0, kept=1.0), seen(1.0, kept=2.0)], True),
        ([seen(1.0, kept=1.0), seen(0.99, kept=2.0, seed=1)], True),
    ],
)
def test_gates_that_drop_as_often_and_keep_alike_have_one_rate(
    looks: list[Look],
    one: bool,  # noqa: FBT001
) -> None:
    assert has_one_rate(looks, place(), SLACK) is one
    assert (RATES in notes_on(place(), SLACK, looks)) is not one


def test_draws_that_are_repeated_tell_a_rate_no_better() -> None:
    # Of 24 draws a rate is known to .4, however often each of them was seen.
    few = [drawn(rate, 1, 1, 24, seed=seed) for seed, rate in enumerate((0.3, 0.6))]
    for shape, how in (((40, 1, 1), {}), ((1, 40, 1), {"shared": True})):
        looks = [Look(2.0, 0.0, bits * np.ones(shape), **how) for bits in few]
        shared = Place("input", dict(enumerate(looks)), distinct=24)
        assert has_one_rate(looks, shared, SLACK)
    looks = [seen(0.3), seen(0.6, seed=1)]
    for look in looks:
        look.dropped = np.concatenate([look.dropped[..., :1]] * 3, axis=-1)
    assert not has_one_rate(looks, place(distinct=1), SLACK)


# ---------------------------------------------------------------- what agrees


def test_what_agrees_is_said_once_of_gates_that_show_it() -> None:
    half = drawn(0.5, 2, 64, 3)
    look = Look(2.0, 0.0, np.concatenate([half, half], axis=1))
    assert agreeing([look, look], place()) == {"samples": 1}
    assert agreeing([seen(), look], place()) == {"samples": 1}
    assert agreeing([seen(), seen(seed=1)], place()) == {}
    look.shows = False
    assert agreeing([look], place()) == {}


@pytest.mark.parametrize(
    ("gates", "how"),
    [
        ([A, B, C, D], 0),
        # One mask beside those of each gate; gates that leave each other; some that share one.
        ([np.maximum(A, D), np.maximum(B, D), np.maximum(C, D)], 1),
        ([A, 1 - A], -1),
        ([A, A, B, C], 0),
        ([A, B, B], 0),
        ([A, A], 0),
    ],
)
def test_gates_with_masks_of_their_own_may_agree(gates: list[Array], how: int) -> None:
    joint = 1 - np.stack(gates)
    assert gates_agree(place(joint=joint)) == how
    notes = notes_on(place(joint=joint), SLACK, [])
    words = {1: "gates agree more often", -1: "gates agree less often"}
    assert [note[:22] for note in notes] == ([words[how]] if how else [])


def test_gates_agree_by_readers_of_other_entries_alone() -> None:
    joint = 1 - np.stack([A, B])
    joint[1, ..., 2] = joint[0, ..., 2]  # a third reader, of an entry that was read before
    assert gates_agree(place(joint=joint, distinct=2)) == 0
    assert gates_agree(place(joint=joint, distinct=3)) == 1
    assert gates_agree(place()) == 0


# ---------------------------------------------------------------- steps


@pytest.mark.parametrize(
    ("steps", "part"),
    [
        ([A, B, C], False),
        ([A, A, A], False),
        ([A, A, B], True),
        ([A, B, A], True),
        ([A, np.where(C > 0, A, B)], True),
        ([A, 1 - A], False),
    ],
)
def test_steps_that_agree_and_differ_share_masks_in_part(steps: list[Array], *, part: bool) -> None:
    assert steps_share_in_part(place(steps=np.stack(steps))) is part
    assert not steps_share_in_part(place())
    # Where bits drawn apart are read as equal by luck alone, that is no mask.
    lucky = place(steps=np.stack(steps), luck={"steps": 1.0})
    assert not steps_share_in_part(lucky)


def test_a_rate_that_moves_is_told_where_each_step_was_read_whole() -> None:
    steps = np.stack([drawn(0.3), drawn(0.7, seed=1)])
    assert MOVED in notes_on(place(steps=steps), SLACK, [])
    assert MOVED in notes_on(place(steps=steps[::-1]), SLACK, [])
    shared = place(steps=steps)
    shared.looks = {None: seen(shared=True)}
    assert MOVED not in notes_on(shared, SLACK, [])
    steps[0, 0, 0, 0] = np.nan
    assert MOVED not in notes_on(place(steps=steps), SLACK, [])
    assert notes_on(place(), SLACK, []) == ()


# ---------------------------------------------------------------- weights


W, V, M, N = (drawn(0.5, 2, 128, 8, seed=seed) for seed in range(4))  # of eight readers


def by_entry(weights: Array) -> Array:
    """The mask of an entry, which all readers read."""
    return np.repeat(weights[..., :1], 8, axis=2)


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [
        # On weights alone, on entries, on what comes of them; and on two of these.
        (W, V, False),
        (by_entry(W), by_entry(V), False),
        (W, W, False),
        (W * by_entry(M), V * by_entry(N), True),
        (W * M, V * M, True),
        # Drawn once for all calls, and seen in each of them.
        (np.repeat(W[:1], 2, axis=0), np.repeat(V[:1], 2, axis=0), False),
    ],
)
def test_more_than_one_mask_acts_where_weights_agree(
    first: Array,
    second: Array,
    more: bool,  # noqa: FBT001
) -> None:
    notes = notes_on(place("recurrent", sources=np.stack([first, second])), SLACK, [])
    assert any(note.startswith("more than one mask acts") for note in notes) is more
