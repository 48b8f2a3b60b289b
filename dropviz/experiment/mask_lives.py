"""Reads how long masks live: those of several steps in the same calls."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from dropviz.core.masks import Array
from dropviz.core.sites import SITES
from dropviz.experiment.chance import merged
from dropviz.experiment.decode_masks import Bit, choose_probe, share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Doubt, Place
from dropviz.experiment.observe import ALL, TRIES, Observer
from dropviz.experiment.probe import Probe, drive
from dropviz.experiment.site_notes import steps_alike

_STEPS = 3
_LONGER = 4  # times as many calls, where equal steps could still be luck


def read_lives(observer: Observer, site: str) -> None:
    """Reads the masks of several steps of a site where something was found.

    Args:
        observer: Who was told of the site, and is told of its steps.
        site: The site.
    """
    if site == "output":
        _read_output_lives(observer)
        return
    place = observer.places[site]
    acting = place.acting(observer.slack)
    gate = CANDIDATE if CANDIDATE in acting else next(iter(acting))
    # The last step's update of c does not show in h.
    short = bits_beside(observer, site, 1) and site != "cell_update"
    steps = _STEPS - 1 if short else _STEPS
    bits = [Bit(site, acting[gate].kept, gate, step) for step in range(steps)]
    others = bits_beside(observer, site, steps)
    probe = choose_life_probe(observer, site, gate, [*bits, *others], steps)
    outs: list[Array] = []
    place.luck["steps"] = observer.luck_of(probe, [*bits, *others], steps)
    for longer in (1, _LONGER):
        outs += [observer.harness.run(probe) for _ in range(longer * observer.times(place))]
        place.steps = observer.decode_bits(probe, outs, [*bits, *others])[:steps]
        # One draw for all samples shows at a later step only where it was kept before.
        if not place.shared or None not in steps_alike(place):
            break
    explained = share_explained(observer.harness, probe, np.stack(outs), [*bits, *others])
    if explained > ALL and not _differs_by_sample(place):
        return
    found = None if others or explained > 0.5 else _read_some_steps(observer, probe, outs, bits)  # noqa: PLR2004
    if found is not None:
        place.only, place.steps = found
    else:
        # What was read off is no mask of this place.
        place.steps = None
        observer.doubt(Doubt.MORE)


def _differs_by_sample(place: Place) -> bool:
    """Whether steps show each sample another mask at a place where all samples share one."""
    if not place.shared or place.steps is None:
        return False
    return bool((place.steps < merged(place.steps, -2)).mean() > 1 - ALL)


def _read_some_steps(
    observer: Observer, probe: Probe, outs: Sequence[Array], bits: Sequence[Bit]
) -> tuple[tuple[int, ...], Array] | None:
    """The fewest steps whose masks explain the outputs, and their bits; None without any."""
    for many in range(1, len(bits)):
        for some in itertools.combinations(range(len(bits)), many):
            read = observer.decode_bits(probe, outs, [bits[step] for step in some])
            if np.isnan(read).mean() < 0.05:  # noqa: PLR2004
                return some, read
    return None


def _read_output_lives(observer: Observer) -> None:
    """Reads which outputs are dropped at each step, where all steps are given out."""
    harness = observer.harness
    h = None if observer.lstm else 1.0
    # They are there to be read, however many.
    probe = Probe(**(observer.lift or {}), c=1.0, h=h, steps=3 * _STEPS)
    seen = []
    for _ in range(harness.times):
        harness.run(probe)
        if harness.sequence is None:
            return
        seen.append(harness.sequence[:, :, harness.readers] != 0)
    observer.places["output"].steps = np.moveaxis(np.stack(seen), 2, 0).astype(float)


def bits_beside(observer: Observer, site: str, steps: int) -> list[Bit]:
    """Whatever else acts while several steps of a site are read."""
    looks = {s: observer.inner_look(s) for s in observer.inner_sites() if s != site}
    bits = [Bit(s, look.kept, None, t) for s, look in looks.items() for t in range(steps)]
    if site == "recurrent" and observer.harness.units > 1:
        # The h that is read at the next step went through the masks of its own unit.
        inside = {s: look for s, look in looks.items() if s != "output"}
        bits += [
            Bit(s, look.kept, None, t, source=True)
            for s, look in inside.items()
            for t in range(steps - 1)
        ]
    if SITES[site].zoned and "input" in observer.places and not observer.noisy("input"):
        look = observer.places["input"].acting(observer.slack).get(CANDIDATE)
        bits += [Bit("input", look.kept, CANDIDATE, t) for t in range(steps)] if look else []
    return bits


def choose_life_probe(
    observer: Observer, site: str, gate: int | None, bits: Sequence[Bit], steps: int
) -> Probe:
    """Chooses a probe in which the masks of several steps show.

    Args:
        observer: What was found so far.
        site: The site whose steps are read.
        gate: The gate; None for all.
        bits: All unknowns.
        steps: Time steps.

    Returns:
        The probe.
    """
    probes = [draw_life_probe(observer, site, gate, steps) for _ in range(TRIES)]
    return choose_probe(observer.harness, probes, bits)


def draw_life_probe(observer: Observer, site: str, gate: int | None, steps: int) -> Probe:
    """Draws a probe that drives one gate of a site over several steps; as ``choose_life_probe``."""
    rng, zoned = observer.rng, SITES[site].zoned
    weight = rng.choice([-1, 1]) * rng.uniform(0.2, 1.2)
    memory = rng.uniform(-1.5, 1.5)
    if zoned:
        driven = _drive_updates(observer, 3 * weight, steps)
    else:
        driven = {} if gate is None else drive(site, observer.one_gate(gate, weight))
    if site == "recurrent":
        driven |= {"source_c": 1.5, "source": 0.9}
        if observer.lift and not observer.lstm:
            # Has no c that h comes back from, once it was dropped where it is carried.
            driven["source_b"] = observer.one_gate(CANDIDATE, 1.0)
    return Probe(
        **driven,
        b=observer.one_gate(CANDIDATE, rng.uniform(-1.0, 1.0) if observer.lift else 0.0),
        c=memory if observer.lstm else 0.0,
        h=memory if zoned or not observer.lstm else None,
        steps=steps,
    )


def _drive_updates(observer: Observer, weight: float, steps: int) -> dict[str, Any]:
    """What makes each step's new value another."""
    # The same at each step would not tell which step was kept.
    driven: dict[str, Any] = {"x": tuple(observer.rng.uniform(-1, 1, steps))}
    own = observer.one_gate(CANDIDATE, observer.rng.uniform(-2, 2))
    # A masked h would be one more unknown, and noise cannot be read.
    if "recurrent" not in observer.places:
        driven["own"] = own
    if not observer.noisy("input"):
        driven["wx"] = observer.one_gate(CANDIDATE, weight)
    return driven
