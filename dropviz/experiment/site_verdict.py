"""Judges a place: turns what was seen there into words of the design."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dropviz.core.masks import Array
from dropviz.core.sites import MASKABLE, SITES
from dropviz.core.verdict import SiteVerdict
from dropviz.experiment.chance import interval, same, same_along
from dropviz.experiment.observations import Look, Note, Place
from dropviz.experiment.run_limit import SECONDS
from dropviz.experiment.site_notes import (
    agreeing,
    gates_agree,
    gates_alike,
    has_one_rate,
    notes_on,
    steps_alike,
    steps_share_in_part,
)

_SHOWN = 16
_SOME_TIED = "some gates share a mask and others do not."
_LATE = f"{SECONDS:.0f} s were over before it could be told"


def site_verdict(
    place: Place, gates: tuple[str, ...], slack: float, doubts: list[str]
) -> SiteVerdict:
    """Words what was found at one place.

    Args:
        place: The place.
        gates: The names of the layer's gates.
        slack: How far a multiplier may be from 1 by rounding.
        doubts: What cannot be told is added to these.

    Returns:
        The verdict on the site.
    """
    acting = place.acting(slack)
    looks = [look for look in acting.values() if look.shows] or list(acting.values())
    if place.noisy(slack):
        return _of_either(place, gates, slack, looks)
    share = _share(looks)
    name, over_units = _structure(place, looks, share, doubts)
    found = replace(_of_either(place, gates, slack, looks), site=name)
    if share and found.frozen is None and not place.changes:
        doubts.append(
            f"{name}: too few draws were seen to tell whether a mask is drawn anew in each call."
        )
    redrawn = found.frozen is False
    rate, limits = _rate(looks, place, together=over_units is True, redrawn=redrawn)
    if not any(look.shows for look in looks):
        doubts.append(
            f"{name}: a dropped entry looks like one dropped elsewhere; none was counted."
        )
    # Of what comes of x or h, a gate that was read at another unit tells that unit's own mask.
    hidden = place.elsewhere if name != place.site or place.perhaps else None
    ties = {*gates_alike(place, share, hidden)} - {None}
    random = any(look.random for look in looks)
    if not has_one_rate(looks, place, slack):
        rate, limits = math.nan, (0.0, 1.0)
    agree = agreeing(looks, place)
    if 1 in agree.values():
        limits = (0.0, 1.0)  # fewer draws than were counted
    return replace(
        found,
        rate=rate,
        rate_interval=limits,
        life=_life(place, name, doubts),
        tying="" if None in acting else _tying(place, name, ties, hidden, doubts),
        scaling=_scaling(found, limits, found.precision, random=random),
        same_over_samples=None if "samples" in agree else found.same_over_samples,
        same_over_units=over_units,
        drops_at_inference=random,
        notes=(*found.notes, _SOME_TIED) if ties == {True, False} else found.notes,
    )


def _of_either(
    place: Place, gates: tuple[str, ...], slack: float, looks: list[Look]
) -> SiteVerdict:
    """What is told of noise and of masks alike: as of noise, no rate, life, tying or scaling."""
    acting, share = place.acting(slack), _share(looks)
    missing = tuple(gates[g] for g in place.looks if g is not None and g not in acting)
    # Where calls differ as a whole, a gate may have been looked at in those that drop nothing.
    by_call = any(look.dependence(place.distinct)[1] > 0 for look in looks)
    precision = max(slack, float(np.median([look.blur for look in looks])))
    return SiteVerdict(
        site=place.site,
        rate=math.nan,
        rate_interval=(0.0, 1.0),
        life=None,
        tying="" if None in acting else None,
        scaling="other",
        kept=_rounded([look.kept for look in looks], precision),
        at_inference=_rounded([look.at_inference for look in looks], precision),
        gates=tuple(gates[g] for g in acting if g is not None),
        missing=() if by_call else missing,
        same_over_samples=_all(same_along(look.dropped, 1, share) for look in looks),
        same_over_units=None,
        frozen=_frozen(place, looks, share),
        notes=notes_on(place, slack, looks),
        perhaps=place.perhaps,
        reaches=("recurrent",) if Note.NEXT_STEP_READS_MASKED in place.notes else (),
        precision=precision,
        seen=looks[0].dropped[0][:_SHOWN, :_SHOWN],
    )


def _share(looks: list[Look]) -> float:
    """The share of entries that were seen dropped."""
    return float(np.mean([look.share for look in looks]))


def _rounded(multipliers: list[float], slack: float) -> float:
    """The median of multipliers; 1 where rounding alone may be what parts it from 1."""
    middle = float(np.median(multipliers))
    return 1.0 if abs(middle - 1) < slack else middle


def _frozen(place: Place, looks: list[Look], share: float) -> bool | None:
    if place.changes:
        return None
    return _all(same_along(place.once(look.dropped), 0, share) for look in looks)


def _all(answers: Iterable[bool | None]) -> bool | None:
    told = [answer for answer in answers if answer is not None]
    if not told:
        return None
    return all(told)


def _structure(
    place: Place,
    looks: list[Look],
    share: float,
    doubts: list[str],
) -> tuple[str, bool | None]:
    """Tells whether entries, weights or pre-activations are dropped; and all at once."""
    entries = [place.once(look.dropped)[:, :, : place.distinct] for look in looks]
    together = _all(same_along(bits, 2, share) for bits in entries)
    weights = SITES[place.site].weights
    if not weights:
        return place.site, together
    if place.sources is None:
        return _unread_structure(place, looks, share, doubts), together
    first, second = place.once(place.sources)
    over_readers = same_along(first, 2, share)
    alike = same(first, second, share)
    if place.alone and alike is not False:
        _doubt_product(place, doubts)
        return place.site, together
    if over_readers is False and alike is not None:
        return (weights if alike is False else SITES[place.site].product), False
    if over_readers is False or (over_readers is None and place.shared):
        doubts.append(
            f"{place.site}: too few draws were seen to tell a mask on the weights from one on "
            "what they multiply."
        )
        place.perhaps = weights
    return place.site, alike if together is None else together


def _doubt_product(place: Place, doubts: list[str]) -> None:
    doubts.append(
        f"{place.site}: one unit was read, so that a mask on what is multiplied cannot be told "
        "from one on the product."
    )
    place.perhaps = SITES[place.site].product


def _unread_structure(place: Place, looks: list[Look], share: float, doubts: list[str]) -> str:
    """Names the site where no reader could read two entries at once."""
    weights = SITES[place.site].weights
    if place.late:
        doubts.append(
            f"{place.site}: {_LATE} whether a mask is on the weights or on what they multiply."
        )
        place.perhaps = weights
        return place.site
    if place.single:
        if not place.shared:
            return place.site
        doubts.append(
            f"{place.site}: in a layer this small a mask on the weights and one on what "
            "they multiply do the same."
        )
        # Of two names for one thing, the one that a published method has.
        return weights if weights in MASKABLE and _untied(place, share) else place.site
    if place.distinct == 1:
        # All readers read one and the same entry.
        read = [look.dropped for look in looks]
        read += [] if place.one_entry is None else [place.one_entry]
        apart = [same_along(place.once(bits), 2, share) for bits in read]
        if False in apart:
            return weights
        if True in apart:
            return place.site
    if place.alone:
        _doubt_product(place, doubts)
    if place.shared:
        doubts.append(
            f"{place.site}: the layer has too few units to tell a mask on the weights from one "
            "on what they multiply."
        )
        place.perhaps = weights
    return place.site


def _untied(place: Place, share: float) -> bool:
    """Whether each gate has masks of its own."""
    if place.joint is None:
        return False
    pairs = itertools.combinations(place.once(place.joint), 2)
    return all(same(one, other, share) is False for one, other in pairs)


def _rate(
    looks: list[Look],
    place: Place,
    *,
    together: bool,
    redrawn: bool,
) -> tuple[float, tuple[float, float]]:
    """The rate from independent draws only: what is shared counts once."""
    if not any(look.shows for look in looks):
        return math.nan, (0.0, 1.0)
    units = 1 if together else place.distinct
    draws = [place.once(look.dropped)[..., :units] for look in looks]
    if not redrawn:
        draws = [_fullest(bits) for bits in draws]
        # Gates looked at one after the other saw one and the same draw.
        draws = [
            bits
            for number, bits in enumerate(draws)
            if not any(np.array_equal(bits, each, equal_nan=True) for each in draws[:number])
        ]
    seen = np.concatenate([bits[~np.isnan(bits)].ravel() for bits in draws])
    if not seen.size:
        return math.nan, (0.0, 1.0)
    return float(seen.mean()), interval(int(seen.sum()), seen.size)


def _fullest(bits: Array) -> Array:
    """The call of which most was told: what hides a place may have hidden all of another."""
    most = int((~np.isnan(bits)).sum(axis=(1, 2)).argmax())
    return bits[most : most + 1]


def _tying(
    place: Place, name: str, ties: set[bool | None], hidden: int | None, doubts: list[str]
) -> str | None:
    if place.joint is None and place.late:
        doubts.append(f"{place.site}: {_LATE} whether gates share a mask.")
        return None
    if place.joint is None:
        doubts.append(f"{place.site}: only one gate is masked, so that there is nothing to tie.")
        return None
    if ties == {False}:
        return None if gates_agree(place) else "untied"
    if ties == {True} and hidden is None:
        return "tied"
    if ties == {True}:
        doubts.append(f"{name}: whether the gate r has the mask of the others could not be told.")
    elif not ties:
        doubts.append(f"{place.site}: too few entries were dropped to tell tied from untied.")
    return None


def _life(place: Place, name: str, doubts: list[str]) -> str | None:
    answers = steps_alike(place)
    if any(answer is False for answer in answers):
        return None if steps_share_in_part(place) else "step"
    # Of an output that is masked, only the last step shows in a memory.
    if answers and all(answers) and place.perhaps != "output":
        return "sequence"
    if place.steps is None and place.late:
        doubts.append(f"{name}: {_LATE} how long a mask lives.")
    elif place.only is None:
        doubts.append(f"{name}: the outputs do not tell how long a mask lives.")
    return None


def _scaling(
    verdict: SiteVerdict, limits: tuple[float, float], slack: float, *, random: bool
) -> str:
    """Names what kept entries are multiplied with; what masks at inference scales nothing."""
    low, high = limits[0] - slack, limits[1] + slack
    kept, rest = verdict.kept, 1.0 if random else verdict.at_inference
    unscaled, idle = abs(kept - 1) < slack, abs(rest - 1) < slack
    if unscaled and idle:
        return "none"
    if unscaled and low <= 1 - rest <= high:
        return "expectation" if SITES[verdict.site].zoned else "test-time"
    if idle and not unscaled and low <= 1 - 1 / kept <= high:
        return "inverted"
    return "other"
