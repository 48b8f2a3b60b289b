"""Looks for masks that show too seldom, as one drawn once a call for all samples does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dropviz.experiment.chance import draws_to_miss
from dropviz.experiment.decode_masks import share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Doubt, Look
from dropviz.experiment.observe import ALL, ARROWS, MIDDLING, SMALL, Observer
from dropviz.experiment.probe import EVERYTHING, Probe, drive

_BY_CANDIDATE = {0, CANDIDATE}  # gates that are heard by what the candidate adds
_RUNS = 50  # in which one mask for all samples would have shown
_SEEN = 0.01  # of the outputs: each place shows as many samples in a few calls
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
        many, draws = len(observer.harness.gates), draws_to_miss(_SELDOM)
        # All gates at once, each of which draws.
        if not _varies(observer, drive(site, (MIDDLING,) * many), draws // many, site):
            return
        if _varies(observer, {}, draws):
            observer.doubt(Doubt.RARE)
            return
        shared = [_SELDOM]
    if not shared:
        return
    for gate, look in looks.items():
        probe = probes[gate]
        if probe is not None and not look.masked(slack):
            looks[gate] = observer.look_longer(look, draws_to_miss(min(shared)), probe, site, gate)


def withdraw_inner_masks(observer: Observer) -> bool:
    """Takes masks off the arrows that all samples share, and that are inside the cell.

    Args:
        observer: It runs the layer; where it has such masks, a doubt takes their place.

    Returns:
        Whether it has.
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


def doubt_what_was_not_placed(observer: Observer) -> None:
    """Notes a doubt where something drops, and no place was found where it does.

    Args:
        observer: It runs the layer, and was told of every place that was found.
    """
    for site in [s for s, place in observer.places.items() if not place.acting(observer.slack)]:
        # Seen once, and not when it was looked at again.
        del observer.places[site]
        observer.doubt(Doubt.RARE)
    if Doubt.RARE in observer.doubts:
        # What seems to be noise on an arrow may be that which was seen but once.
        for site in [site for site in ARROWS if observer.noisy(site)]:
            del observer.places[site]
    if observer.places or observer.doubts:
        return
    outs = np.stack([observer.harness.run(EVERYTHING) for _ in range(_RUNS)])
    usual = np.median(outs, axis=(0, 1))
    odd = float((outs != usual).mean())
    by_sample = bool((outs != outs[:, :1]).any())
    if odd:
        # What each sample draws for itself is seen some thousand times at each place.
        observer.doubt(Doubt.ELSEWHERE if by_sample and odd > _SEEN else Doubt.RARE)


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
