"""Holds what was found against what comes out: over more steps, and of all units and inputs.

Places are looked at one by one, most of them at one step, and every second unit is read. What acts
otherwise at a later step, or at other units, is found by what it leaves unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dropviz.experiment.chance import independent, interval, same_along
from dropviz.experiment.decode_masks import Bit, share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.later_calls import are_alike, probe_at
from dropviz.experiment.mask_lives import bits_beside, draw_life_probe
from dropviz.experiment.observations import Doubt, Look, Note, Place
from dropviz.experiment.observe import ALL, ARROWS, Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.site_notes import agreeing, steps_alike
from dropviz.experiment.unit_roles import turns

_LONG, _SHORT = 9, 3  # steps
_OTHER = -0.4  # of an input or state
_MOST_BITS = 7  # the outcomes of more patterns lie so close that some would explain anything
_MOST_TURNS = 4
_STORED = ("carried", "cell", "output")


def doubt_what_is_unexplained(observer: Observer) -> None:
    """Notes a doubt where outputs are not those that what was found would make.

    Args:
        observer: It runs the layer, and was told of every place and of how its masks live.
    """
    # What else is in doubt changes what should come out.
    others = [each for each in observer.doubts if each is not Doubt.ONE_MASK_FOR_ALL_STEPS]
    if others or any(observer.noisy(site) for site in observer.places):
        return
    unexplained = [site for site in ARROWS if not _is_explained(observer, site)]
    if unexplained:
        # Of units that differ those that were read first show what they have shown.
        uneven = _show_again(observer) and not _are_alike(observer)
        observer.doubt(Doubt.UNITS if uneven else Doubt.MORE)
        # A mask of three steps or more is one mask as long as three are read.
        for site in (*unexplained, *observer.inner_sites()):
            if site in observer.places and _lasts(observer.places[site]):
                observer.places[site].steps = None
    elif not _are_alike(observer):
        observer.doubt(Doubt.UNITS)


def _is_explained(observer: Observer, site: str) -> bool:
    """Whether an arrow, found masked or not, gives over many steps what it should."""
    gate = _gate_of(observer, site)
    notes = [note for place in observer.places.values() for note in place.notes]
    # Where h is read masked, the masks of the output are on that arrow from the second step on.
    if gate is None or (site == "recurrent" and Note.NEXT_STEP_READS_MASKED in notes):
        return True
    for steps in (_LONG, _SHORT):
        bits = _bits(observer, site, gate, steps)
        if len(bits) <= _MOST_BITS:
            break
    else:
        return True
    probe = draw_life_probe(observer, site, gate, steps)
    if site == "recurrent" and observer.lstm and observer.lift and not observer.inner_sites():
        # The h that is read would fade, and with it what a mask of a later step does.
        probe = replace(probe, source_b=observer.one_gate(CANDIDATE, 1.0))
    place = observer.places.get(site)
    times = observer.harness.times if place is None else observer.times(place)
    return all(
        share_explained(observer.harness, each, np.concatenate(outs), bits) > ALL
        for each in (probe, _turned(probe))
        if (outs := [observer.harness.run(each) for _ in range(times)])
    )


def _turned(probe: Probe) -> Probe:
    """A probe whose x and h are smaller and of the other sign: a mask does not look at them."""
    x = tuple(_OTHER * each for each in probe.x) if isinstance(probe.x, tuple) else _OTHER * probe.x
    source_b = tuple(_OTHER * each for each in probe.source_b)
    return replace(probe, x=x, source=_OTHER * probe.source, source_b=source_b)


def _gate_of(observer: Observer, site: str) -> int | None:
    """A gate of which it is known what it sees of an arrow; the candidate if it may be."""
    place = observer.places.get(site)
    if place is not None:
        acting = [gate for gate in place.acting(observer.slack) if gate is not None]
        return CANDIDATE if CANDIDATE in place.looks else next(iter(acting), None)
    return None if (site, CANDIDATE) in observer.unheard else CANDIDATE


def _bits(observer: Observer, site: str, gate: int, steps: int) -> list[Bit]:
    """All that may keep or drop; what was seen to stay for all steps, once."""
    place = observer.places.get(site)
    look = None if place is None else place.acting(observer.slack).get(gate)
    known = range(steps) if place is None or place.only is None else place.only
    mine = [] if look is None else [Bit(site, look.kept, gate, step) for step in known]
    bits = [*mine, *bits_beside(observer, site, steps)]
    lasting = {name for name, each in observer.places.items() if _lasts(each)}
    return list(
        dict.fromkeys(replace(bit, step=None) if bit.site in lasting else bit for bit in bits)
    )


def _lasts(place: Place) -> bool:
    """Whether all steps that were read were told to have one mask."""
    alike = steps_alike(place)
    return bool(alike) and all(alike)


# ---------------------------------------------------------------- units and inputs


def withdraw_what_differs_by_unit(observer: Observer) -> bool:
    """Takes back places whose kept entries are multiplied by another number at another unit.

    Args:
        observer: It runs the layer; a doubt takes the place of what it was told.

    Returns:
        Whether there were any.
    """
    uneven = [site for site, place in observer.places.items() if place.uneven(observer.slack)]
    for site in uneven:
        del observer.places[site]
        observer.doubt(Doubt.UNITS)
    return bool(uneven)


def doubt_other_units_instead(observer: Observer) -> None:
    """Says of what was found at no place that it acts at units that were not read, if it does.

    Args:
        observer: It runs the layer, and was told of every place.
    """
    if observer.doubts == [Doubt.ELSEWHERE] and not _are_alike(observer):
        observer.doubts = [Doubt.UNITS]


def _are_alike(observer: Observer) -> bool:
    """Whether other units, and other inputs, show what those that were read have shown."""
    harness = observer.harness
    looks = [look for place in observer.places.values() for look in place.looks.values()]
    if any(1 in agreeing(list(p.looks.values()), p).values() for p in observer.places.values()):
        return True  # which is said, and counts draws that are none
    if any(_is_uneven(look) for look in looks):
        return False
    try:
        for turn in range(1, min(turns(harness.units, harness.features), _MOST_TURNS)):
            harness.turn = turn
            # Two turns let each unit speak; more are for inputs.
            sites = [*ARROWS, *_inner(observer)] if turn == 1 else ["input"]
            if not all(_looks_alike(observer, site) for site in sites):
                return False
    finally:
        harness.turn = 0
    return True


def _show_again(observer: Observer) -> bool:
    """Whether the units that were read show again what they have shown."""
    return all(_looks_alike(observer, site) for site in (*ARROWS, *_inner(observer)))


def _inner(observer: Observer) -> list[str]:
    """The sites inside the cell to look at again; that of the memory where none was found."""
    found = [site for site in observer.inner_sites() if site != "cell_update"]
    stored = any(site in found for site in _STORED)
    return found if stored or "hidden_update" in found else [*found, "carried"]


def _looks_alike(observer: Observer, site: str) -> bool:
    probe, gate = _probe(observer, site)
    if probe is None:
        return True
    place = observer.places.get(site)
    known = None if place is None else place.looks.get(gate)
    if known is None or not known.masked(observer.slack):
        seen = observer.look(probe, site, gate)
        return place is not None or not seen.shows or not seen.masked(observer.slack)
    seen = observer.look_again(known, probe, site, gate)
    return are_alike(known, seen, observer.slack, observer.distinct(site))


def _probe(observer: Observer, site: str) -> tuple[Probe | None, int | None]:
    """What makes a site speak, and its gate."""
    gate = _gate_of(observer, site) if site in ARROWS else None
    return probe_at(observer, site, gate), gate


def _is_uneven(look: Look) -> bool:
    """Whether some readers were dropped more often than others, by more than chance."""
    bits, share = independent(look.dropped), look.share
    if look.shared or not 0 < share < 1 or same_along(bits, 2, share) is not False:
        return False
    told = ~np.isnan(bits)
    counts: Sequence[tuple[int, int]] = [
        (int(np.nansum(bits[..., n])), int(told[..., n].sum())) for n in range(bits.shape[-1])
    ]
    limits = [interval(*each) for each in counts if each[1]]
    return max(low for low, _ in limits) > min(high for _, high in limits)
