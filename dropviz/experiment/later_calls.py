"""Looks again at what was found: whether later calls drop as the earlier ones did."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from dropviz.experiment.chance import rates_are_one, same, same_along
from dropviz.experiment.input_sites import gate_probe
from dropviz.experiment.observations import Doubt, Look, Place
from dropviz.experiment.observe import ARROWS, SMALL, Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.site_notes import agreeing

_CALLS = 9  # in which masks come back that are drawn anew in each second to eighth


def doubt_what_changes(observer: Observer) -> None:
    """Notes a doubt where later calls do not drop as earlier ones did.

    Args:
        observer: It runs the layer, and was told of every place.
    """
    for site, place in observer.places.items():
        # Draws that are none would seem to change.
        few = 1 in agreeing(list(place.looks.values()), place).values()
        if few or observer.noisy(site):
            continue
        acting = [gate for gate, look in place.acting(observer.slack).items() if look.shows]
        # Those that were looked at first and last.
        if any(_changes(observer, place, gate) for gate in dict.fromkeys(acting[:1] + acting[-1:])):
            place.changes = True
            observer.doubt(Doubt.CALLS)


def _changes(observer: Observer, place: Place, gate: int | None) -> bool:
    probe = probe_at(observer, place.site, gate)
    if probe is None:
        return False
    known = place.looks[gate]
    seen = observer.look_in_training(_CALLS, probe, place.site, gate)
    # Of a mask that all samples or all units share, too few draws are seen.
    few = known.shared or same_along(known.dropped, 2, known.share) is True
    if not few and not are_alike(known, seen, observer.slack, place.distinct):
        return True
    calls = place.once(np.concatenate([known.dropped[-_CALLS:], seen.dropped]))
    answers = {same(one, other, known.share) for one, other in itertools.combinations(calls, 2)}
    # One and the same now and then: neither drawn anew each time nor never.
    return {True, False} <= answers


def probe_at(observer: Observer, site: str, gate: int | None) -> Probe | None:
    """What makes a site speak by itself, as it was looked at; None where nothing does.

    Args:
        observer: What was found so far.
        site: The site.
        gate: The gate, at an arrow.
    """
    if site in ARROWS:
        return None if gate is None else gate_probe(observer, site, gate)
    if site == "cell_update":
        return None  # shows at a second step only
    if site == "candidate":
        return None if observer.lift is None else Probe(**observer.lift)
    return Probe(h=SMALL) if site == "hidden_update" else observer.memory


def are_alike(known: Look, seen: Look, slack: float, distinct: int) -> bool:
    """Whether two looks show the same, as far as chance and rounding let one say.

    Args:
        known: What was seen.
        seen: What is seen now, perhaps of other units.
        slack: How far a multiplier may be from 1 by rounding.
        distinct: Readers that read different entries; the first so many.
    """
    if not (known.shows and seen.shows) or np.isnan(seen.dropped).all():
        return True
    room = max(slack, known.blur, seen.blur) * max(1.0, abs(known.kept))
    # Of what was dropped throughout nothing is known that was kept.
    near = abs(seen.kept - known.kept) <= room or 1.0 in (seen.share, known.share)
    return near and _drop_alike(*(_only(look, distinct) for look in (known, seen)))


def _only(look: Look, distinct: int) -> Look:
    """A look without readers that read what others read."""
    return replace(look, dropped=look.dropped[..., :distinct])


def _drop_alike(known: Look, seen: Look) -> bool:
    """Whether two looks drop equally often, as far as chance lets one say."""
    together = same_along(known.dropped, 2, known.share) is True
    if known.shared or seen.shared or together:  # few draws, seen many times
        return (known.share > 0) == (seen.share > 0)
    return rates_are_one(known.counts, seen.counts)
