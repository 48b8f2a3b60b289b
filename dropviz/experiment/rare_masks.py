"""Finds masks that are seen too seldom: drawn but once a call, for all samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropviz.experiment.decode_masks import share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Doubt, Look, draws_to_miss
from dropviz.experiment.observe import ARROWS, SMALL, Observer
from dropviz.experiment.probe import Probe, drive

ALL = 0.998  # of the outputs: now and then rounding takes one beyond what is allowed for
GENTLE = 0.25  # a weight on a gate that leaves it far from its ends
_BY_CANDIDATE = {0, CANDIDATE}  # gates that are heard by what the candidate adds
_SELDOM = 0.2  # a rate at which a mask that all samples share is still to be seen


def look_for_rare_masks(
    observer: Observer,
    site: str,
    probes: Mapping[int, Probe | None],
    looks: dict[int, Look],
) -> None:
    """Looks longer at the gates of an arrow where nothing was seen, if there may be more.

    Args:
        observer: It runs the layer.
        site: The arrow.
        probes: By gate, what makes it speak; None where that takes the other arrow.
        looks: By gate, what was seen; what is seen now takes its place.
    """
    slack = observer.slack
    shared = [look.share for look in looks.values() if look.shared and look.share > 0]
    if not shared and not any(look.masked(slack) for look in looks.values()):
        shared = [_SELDOM] if _drops_seldom(observer, site) else []
    if not shared:
        return
    for gate, look in looks.items():
        probe = probes[gate]
        if probe is not None and not look.masked(slack):
            looks[gate] = observer.look_longer(look, draws_to_miss(min(shared)), probe, site, gate)


def _drops_seldom(observer: Observer, site: str) -> bool:
    """Whether an arrow where nothing was seen is masked now and then: all gates at once."""
    many = len(observer.harness.gates)
    driven = drive(site, (GENTLE,) * many)
    if not _varies(observer, driven, draws_to_miss(_SELDOM) // many, site):
        return False
    inside = _varies(observer, {}, draws_to_miss(_SELDOM))
    if inside:
        observer.doubt(Doubt.RARE)
    return not inside


def was_inside(observer: Observer) -> bool:
    """Whether masks that all samples share, and that seemed to be on the arrows, are inside.

    Args:
        observer: It runs the layer; the arrows are taken from its places, with a doubt, if so.
    """
    acting = {
        site: observer.places[site].acting(observer.slack)
        for site in ARROWS
        if site in observer.places and observer.places[site].shared
    }
    # At other gates what is dropped inside leaves an output that no mask on an arrow makes.
    shared = {site: looks for site, looks in acting.items() if set(looks) <= _BY_CANDIDATE}
    if not shared:
        return False
    rate = min(look.share for looks in shared.values() for look in looks.values())
    if not _varies(observer, {}, draws_to_miss(rate or _SELDOM)):
        return False
    for site in shared:
        del observer.places[site]
    observer.unheard = [pair for pair in observer.unheard if pair[0] not in shared]
    observer.doubt(Doubt.RARE)
    return True


def _varies(observer: Observer, driven: Mapping[str, Any], draws: int, site: str = "") -> bool:
    """Whether something that was not found drops, be it seldom and in all samples at once.

    Args:
        observer: It runs the layer.
        driven: What speaks beside the memory and what is added to it.
        draws: How many draws to see.
        site: The arrow that speaks.
    """
    harness = observer.harness
    if any(observer.noisy(each) for each in observer.inner_sites()):
        return False
    # The h of a GRU is its memory, and may be that of the unit which is read.
    h = None if observer.lstm or site == "recurrent" else SMALL
    c = SMALL if observer.lstm else 0.0
    probe = Probe(**driven, **(observer.lift or {}), h=h, c=c)
    inner = observer.inner_bits()
    calls = observer.calls_for(draws, shared=True, site=site)
    return any(
        share_explained(harness, probe, harness.run(probe), inner) <= ALL for _ in range(calls)
    )
