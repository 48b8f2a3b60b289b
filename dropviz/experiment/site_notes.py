"""What is noted of the masks at a place beside their rate, life and tying: what no method does."""

from __future__ import annotations

import itertools

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.chance import (
    agree_beyond_luck,
    agreement,
    independent,
    interval,
    same,
    same_along,
)
from dropviz.experiment.observations import Look, Place

_NOISE = "what is kept differs: noise acts, or the rate changes, or more than two numbers multiply."
_AGREE = {
    1: "agree more often than chance has it: some share a mask, or their rates differ.",
    -1: "agree less often than chance has it: they are not dropped each by itself.",
}


def notes_on(place: Place, slack: float, looks: list[Look]) -> tuple[str, ...]:
    """Words what was found at a place that no method of the table does.

    Args:
        place: The place.
        slack: How far a multiplier may be from 1 by rounding.
        looks: What was seen at its gates that tells of its rate.

    Returns:
        The notes, a sentence each.
    """
    notes = [note.value for note in place.notes]
    if place.only is not None:
        listed = ", ".join(str(step + 1) for step in place.only)
        notes.append(f"of three steps only these are masked: {listed}.")
    if place.noisy(slack):
        notes.append(_NOISE)
        return tuple(notes)
    if not has_one_rate(looks, place, slack):
        notes.append("gates, or the calls in which they were looked at, have rates of their own.")
    notes += [f"{who} {_AGREE[how]}" for who, how in agreeing(looks, place).items()]
    if gates_agree(place):
        notes.append(f"gates {_AGREE[gates_agree(place)]}")
    if _weights_share_in_part(place):
        notes.append("more than one mask acts: on the weights, and on what they multiply or give.")
    if steps_share_in_part(place):
        notes.append("steps share their masks in part.")
    if _rates_move(place):
        notes.append("the rate is another one at another step.")
    return tuple(notes)


def has_one_rate(looks: list[Look], place: Place, slack: float) -> bool:
    """Whether all gates drop as often, and keep what they keep alike, as far as can be told.

    Args:
        looks: What was seen at its gates.
        place: The place.
        slack: How far a multiplier may be from 1 by rounding.
    """
    shown = [look for look in looks if look.shows and look.counts[1]]
    draws = [independent(place.once(look.dropped)[..., : place.distinct]) for look in shown]
    limits = [interval(int(np.nansum(each)), int((~np.isnan(each)).sum())) for each in draws]
    kept = [look.kept for look in shown if look.share < 1]
    room = max([slack, *(look.blur for look in shown)]) * 2 * max([1.0, *map(abs, kept)])
    often = max((low for low, _ in limits), default=0) <= min((top for _, top in limits), default=1)
    return often and (not kept or max(kept) - min(kept) <= room)


def agreeing(looks: list[Look], place: Place) -> dict[str, int]:
    """What agrees more often (1) or less often (-1) than if each were drawn by itself.

    Args:
        looks: What was seen at its gates.
        place: The place.

    Returns:
        By "samples", "calls" or "entries"; the first that was found at each gate.
    """
    found = [look.dependence(place.distinct) for look in looks if look.shows]
    return {who: how for who, how in found if how}


def gates_agree(place: Place) -> int:
    """Whether gates with masks of their own agree more often (1) or less often (-1) than chance."""
    # What was read in part may have been read where gates agree.
    if place.joint is None or np.isnan(place.joint).any():
        return 0
    joint = independent(np.moveaxis(place.once(place.joint)[..., : place.distinct], 0, -1))
    if any(same_along(joint[..., pair], 3, 0.5) is not False for pair in _pairs(joint.shape[-1])):
        return 0
    return agreement(joint.reshape(1, -1, joint.shape[-1]), 2)


def gates_alike(place: Place, share: float, without: int | None) -> list[bool | None]:
    """Of each two gates, whether they have one mask; None where it is not told.

    Args:
        place: The place.
        share: The share of entries that were seen dropped.
        without: The row of ``place.joint`` that is not asked; None asks all.
    """
    if place.joint is None:
        return []
    joint = place.once(place.joint)[..., : place.distinct]
    told = [row for row in range(len(joint)) if row != without]
    luck = place.luck.get("joint")
    return [
        same(joint[one], joint[other], share, luck)
        for one, other in itertools.combinations(told, 2)
    ]


def _pairs(many: int) -> list[list[int]]:
    return [list(pair) for pair in itertools.combinations(range(many), 2)]


def steps_alike(place: Place) -> list[bool | None]:
    """Of each two steps that were read, whether they have one mask; None where it is not told."""
    if place.steps is None:
        return []
    told = [
        bits for bits in place.once(place.steps)[..., : place.distinct] if not np.isnan(bits).all()
    ]
    shares = [look.share for look in place.looks.values() if look.shows]
    # Where no dropped entry showed nothing is known of the rate, and no equality proves a thing.
    share = float(np.mean(shares)) if shares else 0.0
    luck = place.luck.get("steps")
    return [same(one, other, share, luck) for one, other in itertools.combinations(told, 2)]


def steps_share_in_part(place: Place) -> bool:
    """Whether some steps share a mask, or agree more often than masks drawn apart; not all do."""
    alike = steps_alike(place)
    if place.steps is None or False not in alike:
        return False
    steps = independent(place.once(place.steps)[..., : place.distinct])
    luck = place.luck.get("steps")
    pairs = itertools.combinations(steps, 2)
    return True in alike or any(agree_beyond_luck(one, other, luck) for one, other in pairs)


def _rates_move(place: Place) -> bool:
    """Whether one step drops more often than another, where each was read whole."""
    if place.steps is None or place.shared or np.isnan(place.steps).any():
        return False
    steps = independent(place.steps)
    limits = [interval(int((each == 0).sum()), each.size) for each in steps]
    return max(low for low, _ in limits) > min(top for _, top in limits)


def _weights_share_in_part(place: Place) -> bool:
    """Whether entries of the weights are dropped each by itself, and together with others, too."""
    if place.sources is None:
        return False
    first, second = (place.once(each) for each in place.sources)
    if same_along(first, 2, 0.5) is not False or same(first, second, 0.5) is not False:
        return False
    return agreement(_one_draw_each(first), 2) > 0 or agree_beyond_luck(first, second)


def _one_draw_each(bits: Array) -> Array:
    """Bits of calls that are not one and the same."""
    return bits[:1] if same_along(bits, 0, 0.5) else bits
