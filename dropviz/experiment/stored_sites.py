"""Tells where a mask on all that is stored sits: on c, on what c carries, or on the output."""

from __future__ import annotations

import math

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.chance import interval
from dropviz.experiment.decode_masks import Bit, predict, share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Doubt, Look
from dropviz.experiment.observe import ALL, SMALL, Observer
from dropviz.experiment.preconditions import refuse_other_steps
from dropviz.experiment.probe import Probe
from dropviz.experiment.without_bias import memory_is_dropped_alone

_ROOM = 0.15  # a tenth is lost where what is kept is multiplied by 10, and bends
_DRAWS = 20_000  # as many as tell once from twice at a rate of .02 or .99
_PATIENCE = 50  # calls in a row that drop all there is
_NEITHER = "neither"


def find_stored_site(observer: Observer, memory: Look) -> tuple[str, str]:
    """Finds the site of a mask that silences all that is stored.

    Args:
        observer: It runs the layer, and is told what cannot be told.
        memory: What was seen of the memory.

    Returns:
        "cell", "output" or "carried"; and another of them where nothing tells the two
        apart, or nothing.
    """
    unbiased = observer.lift is None
    # Without a bias nothing was added when the memory was looked at.
    alone = memory_is_dropped_alone(observer, memory) if unbiased else False
    if alone:
        return "carried", ""
    site = _memory_or_output(observer, memory)
    if site == _NEITHER and not memory.share and memory.at_inference == memory.kept:
        # Nothing is dropped, nor scaled for it.
        refuse_other_steps(
            observer.harness,
            "stores less than all, in training and at inference alike",
        )
    if site == _NEITHER:
        observer.doubt(Doubt.SEVERAL_STORED)
        return "", ""
    if site is None:
        observer.doubt(Doubt.ONE_MASK_FOR_ALL_STEPS)
        return "cell", "output"
    if site == "cell" and alone is None:
        observer.doubt(Doubt.NO_BIAS)
        return site, "carried"
    return site, ""


def _memory_or_output(observer: Observer, memory: Look) -> str | None:  # noqa: PLR0911
    """Tells a mask on the memory from one on the output, by the second step; None if not."""
    # So gentle that all is straight, scaled up twice or not.
    size = SMALL / max(1.0, memory.kept**2)
    probe = Probe(c=size, steps=2) if observer.lstm else Probe(h=size, steps=2)
    if abs(memory.kept - 1) > observer.slack:
        for _ in range(_PATIENCE):
            seen = _read_totals(observer, probe, training=True)
            kept = seen[seen != 0]
            if kept.size:
                return _site_by_power(float(np.median(kept)), memory.kept, observer.slack)
        return None
    r = memory.at_inference
    if abs(r - 1) > observer.slack:
        rest = _read_totals(observer, probe, training=False)
        return _site_by_power(float(np.median(rest)), r, observer.slack)
    often = _dropped_how_often(observer, probe, memory)
    if often != "once":
        return "cell" if often else None
    # A unit that is dropped for good: is its h still read by its neighbour?
    if not observer.lstm:
        return _by_neighbour_of_gru(observer, memory)
    often = _neighbour_is_silent(observer, memory)
    if often == "twice" and not _is_one_mask_on_c(observer, memory):
        return "output"
    return {"once": "output", "twice": "cell", None: None}[often]


def next_step_reads_masked(observer: Observer, memory: Look) -> bool:
    """Whether the next step reads h as it was given out, dropped.

    Args:
        observer: It runs the layer, in which the output is masked.
        memory: What was seen of the memory.
    """
    if observer.harness.units > 1:
        return _neighbour_is_silent(observer, memory) == "twice"
    # A unit alone reads its own h: do masks on the outputs explain all that comes out?
    probe = Probe(own=observer.one_gate(CANDIDATE, 1.5), c=1.0, steps=2)
    bits = [Bit("output", memory.kept, None, step) for step in (0, 1)]
    out = np.concatenate([observer.harness.run(probe) for _ in range(observer.harness.times)])
    return share_explained(observer.harness, probe, out, bits) < 1


def gives_out_masked_again(observer: Observer, memory: Look) -> bool:
    """Whether the output of an LSTM is no tanh of the masked c: the mask is on h, too.

    Args:
        observer: It runs the layer, in which c was found masked.
        memory: What was seen of the memory.
    """
    if not observer.lstm or abs(memory.kept - 1) <= observer.slack:
        return False  # nothing is bent where what is kept is not scaled
    # So strong that what is kept is bent.
    probe = Probe(c=2.0 / max(1.0, memory.kept))
    calls = observer.calls_for(0, shared=memory.shared)
    out = np.concatenate([observer.harness.run(probe) for _ in range(calls)])
    bits = [Bit("cell", memory.kept), *observer.inner_bits()]
    return share_explained(observer.harness, probe, out, bits) <= ALL


def _is_one_mask_on_c(observer: Observer, memory: Look) -> bool:
    """Whether one mask on c for both steps makes what a unit gives that reads its own h.

    An h that is dropped at the first step only, and read so, leaves its c as it is.
    """
    probe = Probe(own=observer.one_gate(CANDIDATE, 1.5), c=1.0, steps=2)
    calls = observer.calls_for(_DRAWS // 10, shared=memory.shared)
    out = np.concatenate([observer.harness.run(probe) for _ in range(calls)])
    return share_explained(observer.harness, probe, out, [Bit("cell", memory.kept)]) > ALL


def _neighbour_is_silent(observer: Observer, memory: Look) -> str | None:
    """How often a unit is silent that lives on the h of its neighbour."""
    if observer.harness.units == 1:
        return None
    weights = observer.one_gate(CANDIDATE, 1.0)
    # An h that is masked on its way to the gates would silence it, too.
    if _dropped_how_often(observer, Probe(wh=weights, source=1.0), memory) != "once":
        return None
    return _dropped_how_often(observer, Probe(wh=weights, source_c=1.0, steps=2), memory)


def _by_neighbour_of_gru(observer: Observer, memory: Look) -> str | None:
    """Tells the two sites in a GRU that drops a unit for good: does its neighbour miss it?"""
    if observer.harness.units == 1:
        return None
    read = Probe(wh=observer.one_gate(CANDIDATE, 1.0), source=1.0, steps=2)
    bits = [Bit("output", memory.kept)]
    calls = observer.calls_for(_DRAWS // 10, shared=False)
    out = np.concatenate([observer.harness.run(read) for _ in range(calls)])
    explained = share_explained(observer.harness, read, out, bits)
    # Otherwise h may be masked where it is read, too.
    return "output" if explained == 1 else None


def _dropped_how_often(observer: Observer, probe: Probe, memory: Look) -> str | None:
    """Whether one mask or two in a row silence a reader: "once" or "twice".

    Args:
        observer: It runs the layer.
        probe: The probe.
        memory: What was seen of one mask.

    Returns:
        None where the draws do not tell.
    """
    counts = np.zeros((2, 2), int)
    seen = slice(1 if memory.shared else None)
    for _ in range(observer.calls_for(_DRAWS, shared=memory.shared)):
        for number, each in enumerate((observer.memory, probe)):
            out = observer.harness.run(each)[seen]
            counts[number] += (int((out == 0).sum()), out.size)
        told = _once_or_twice(*((int(dropped), int(draws)) for dropped, draws in counts))
        if told:
            return told
    return None


def _once_or_twice(mask: tuple[int, int], reader: tuple[int, int]) -> str | None:
    """Whether a reader is as silent as behind one mask or as behind two; None for either or none.

    Args:
        mask: How many draws of one mask dropped, and of how many.
        reader: The same of the reader.
    """
    (low, high), (least, most) = interval(*mask), interval(*reader)
    once = least <= high and low <= most
    twice = least <= 1 - (1 - high) ** 2 and 1 - (1 - low) ** 2 <= most
    # So narrow that what would fit could be told from what lies half way to the other.
    close = most - least < low * (1 - high) / 2
    if once == twice or not close:
        return None
    return "once" if once else "twice"


def _read_totals(observer: Observer, probe: Probe, *, training: bool) -> Array:
    """What multiplied the output, whatever did it on its way, in so gentle a probe."""
    harness = observer.harness
    outs = [harness.run(probe, training=training) for _ in range(harness.times)]
    totals: Array = np.concatenate(outs) / predict(harness, probe, {}, 1)
    return totals


def _site_by_power(value: float, once: float, slack: float) -> str:
    """The site of what multiplies two steps by a value, and one by another.

    Args:
        value: What two steps were multiplied with.
        once: What one step was multiplied with; not 1.
        slack: How far a multiplier may be from 1 by rounding.
    """
    if value <= 0 or once <= 0:
        return _NEITHER
    often = math.log(value) / math.log(once)
    room = max(_ROOM, 3 * slack / abs(math.log(once)))
    if abs(often - 1) <= room:
        return "output"
    return "cell" if abs(often - 2) <= room else _NEITHER
