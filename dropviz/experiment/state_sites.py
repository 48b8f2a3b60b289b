"""Finds what acts inside the cell: on what is stored, added, given out and kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dropviz.experiment.chance import draws_to_miss, interval, same, same_along
from dropviz.experiment.decode_masks import Bit, balance_readings, share_explained
from dropviz.experiment.mask_lives import bits_beside, choose_life_probe
from dropviz.experiment.observations import Doubt, Look, Note, draws_to_show
from dropviz.experiment.observe import FEW, SMALL, Observer
from dropviz.experiment.preconditions import refuse_other_steps
from dropviz.experiment.probe import Probe
from dropviz.experiment.stored_sites import (
    find_stored_site,
    gives_out_masked_again,
    next_step_reads_masked,
)

_LEAST_NEW = 0.1  # of the units, under a zoneout of .9
_GENTLER = 20  # times: an h that is multiplied by 300 is below 1 then
_SOME = 15  # draws among which one in five is seen but for four in a hundred


def find_zoneout(observer: Observer) -> None:
    """Looks for units that keep their old h: zoneout."""
    look = observer.look(Probe(h=SMALL), "hidden_update")
    # Zoneout gives a mean of old and new at inference, and new values now and then in training.
    if look.share == 1 and look.random and look.counts[1] >= draws_to_miss(_LEAST_NEW):
        refuse_other_steps(observer.harness, "gives all of its old h on, and adds to it")
    straight = abs(look.kept - 1) < observer.slack and look.spread < observer.slack
    if look.share > 0 and straight:
        observer.register("hidden_update", look)


def find_direction_again(observer: Observer) -> None:
    """Finds out again which way the steps go, where old values of h stay on.

    What came first may then weigh more than what came last.
    """
    if "hidden_update" not in observer.places:
        return
    hidden = [Bit("hidden_update", 1.0, None, t) for t in (0, 1)]
    stored = [Bit("cell_update", 1.0, None, 0)] if observer.lstm else []
    bits = [*hidden, *stored, *bits_beside(observer, "hidden_update", 2)]
    probe = choose_life_probe(observer, "hidden_update", None, bits, 2)
    backwards = _explained_as(observer, probe, bits, backwards=True)
    forwards = _explained_as(observer, probe, bits, backwards=False)
    if backwards != forwards:
        observer.harness.backwards = backwards > forwards


def _explained_as(
    observer: Observer, probe: Probe, bits: Sequence[Bit], *, backwards: bool
) -> float:
    """The share of outputs that fit some pattern if the layer runs this way."""
    harness = observer.harness
    shared = observer.places["hidden_update"].shared
    times = observer.calls_for(FEW, shared=True) if shared else harness.times
    outs = [harness.run(probe, backwards=backwards) for _ in range(times)]
    return share_explained(harness, probe, np.concatenate(outs), bits)


def find_cell_zoneout(observer: Observer) -> None:
    """Looks for units that keep their old c: it shows at the second step."""
    if not observer.lstm or set(observer.inner_sites()) - {"hidden_update"}:
        return
    bits = [Bit("cell_update", 1.0, None, 0), *bits_beside(observer, "cell_update", 2)]
    probe = choose_life_probe(observer, "cell_update", None, bits, 2)
    beside = [observer.times(observer.places[site]) for site in observer.inner_sites()]
    read = observer.read_bits(probe, bits, max(beside, default=None))
    if not np.any(read[0] == 0):
        # What all samples share is drawn but once a call.
        read = observer.read_bits(probe, bits, observer.calls_for(_SOME, shared=True))
    if not np.any(read[0] == 0):
        return
    share = float(np.nanmean(1 - read[0]))
    shared = same_along(read[0], 1, share) is True
    if shared:
        more = observer.read_bits(probe, bits, observer.calls_for(FEW, shared=True))
        # A dozen draws may drop nothing; what was seen before was seen all the same.
        read = more if np.any(more[0] == 0) else np.concatenate([read, more], axis=1)
    shares = [observer.share_of(bit) for bit in bits[1:]]
    kept = balance_readings(observer.harness, probe, read[0], bits, shares)
    if not np.any(kept == 0):
        return
    quiet = observer.look_at_inference(Probe(c=SMALL, steps=2), "cell_update")
    random = bool(quiet.share > 0 or quiet.spread > observer.slack)
    look = Look(1.0, 0.0, 1 - kept, quiet.kept, random, shared=shared)
    observer.register("cell_update", look)
    if "hidden_update" in observer.places and same(read[0], read[1], look.share):
        observer.places["cell_update"].notes.append(Note.ONE_MASK_FOR_C_AND_H)


def find_state_masks(observer: Observer) -> None:
    """Looks for masks on what is stored and on what is added."""
    memory = observer.look(observer.memory, "carried")
    if memory.share == 1 and np.isnan(memory.dropped).any():
        # What is kept came out larger than anything that is stored could make it.
        observer.small = SMALL / _GENTLER
        memory = observer.look(observer.memory, "carried")
    lift = observer.lift
    update = observer.look(Probe(**lift), "candidate") if lift else None
    if lift and update is not None:
        memory = _as_long_as(observer, update, memory, observer.memory, "carried")
        update = _as_long_as(observer, memory, update, Probe(**lift), "candidate")
    stored = memory.masked(observer.slack)
    added = update is not None and update.masked(observer.slack)
    _doubt_dropped_reset(observer, update)
    if stored and (added or update is None):
        _register_stored(observer, memory)
    elif stored:
        observer.register("carried", memory)
    elif added and update is not None:
        observer.register("candidate", update)


def _as_long_as(observer: Observer, other: Look, look: Look, probe: Probe, site: str) -> Look:
    """A look at one of two places, longer where only the other showed what samples share."""
    if look.masked(observer.slack) or not other.shared or other.share in (0, 1):
        return look
    return observer.look_longer(look, draws_to_show(other), probe, site)


def _doubt_dropped_reset(observer: Observer, update: Look | None) -> None:
    """Notes a doubt where what r multiplies varies, and the candidate by itself does not."""
    if observer.harness.reset_bias and update is not None and not update.masked(observer.slack):
        reset = observer.look(Probe(reset=3 * SMALL), "candidate")
        if reset.masked(observer.slack):
            observer.doubt(Doubt.GATE)


def _masked_apart(observer: Observer, memory: Look, update: Look) -> bool:
    """Whether what is carried and what is added are dropped each by itself."""
    noisy = [look.spread > observer.slack for look in (memory, update)]
    if any(noisy) or not memory.share:
        return any(noisy) and not all(noisy)
    lift = observer.lift or {}
    probe = Probe(**lift, c=SMALL) if observer.lstm else Probe(**lift, h=SMALL)
    bits = [Bit("carried", memory.kept), Bit("candidate", memory.kept), *observer.inner_bits()]
    read = observer.read_bits(probe, bits, observer.calls_for(FEW, shared=memory.shared))
    return bool(np.any(read[0] != read[1], where=~np.isnan(read).any(axis=0)))


def _register_stored(observer: Observer, memory: Look) -> None:
    """Registers a mask on all that is stored: on the memory, or on the output."""
    lift = observer.lift
    added = memory if lift is None else observer.look(Probe(**lift), "candidate")
    if lift is not None and _masked_apart(observer, memory, added):
        observer.register("carried", memory)
        observer.register("candidate", added)
        return
    noisy = memory.spread > observer.slack
    site, perhaps = ("cell", "output") if noisy else find_stored_site(observer, memory)
    if not site:
        return
    if site == "cell" and not noisy and gives_out_masked_again(observer, memory):
        observer.doubt(Doubt.SEVERAL_STORED)
        return
    # Once more by its own name: small signals are only nearly straight.
    memory = observer.look_again(memory, observer.memory, site)
    update = observer.look_again(memory, Probe(**lift), site) if lift else memory
    observer.register(site, memory)
    observer.places[site].perhaps = perhaps
    notes = observer.places[site].notes
    limits = [interval(*each.counts) for each in (memory, update)]
    close = max(low for low, _ in limits) <= min(high for _, high in limits)
    apart = abs(memory.kept - update.kept) > observer.slack * max(1, memory.kept)
    # The middle of noise is another one each time.
    if not observer.noisy(site) and (apart or not close):
        notes.append(Note.MASKED_APART)
    if site == "output" and observer.lstm and next_step_reads_masked(observer, memory):
        notes.append(Note.NEXT_STEP_READS_MASKED)
