"""Finds what acts on the arrows into the cell: on x and h, gate by gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dropviz.experiment.chance import draws_to_miss, same
from dropviz.experiment.decode_masks import Bit, choose_probe, share_explained
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Doubt, Look, Note, Place, draws_to_show
from dropviz.experiment.observe import ALL, ARROWS, MIDDLING, SMALL, TRIES, Observer
from dropviz.experiment.probe import Probe, drive
from dropviz.experiment.rare_masks import look_for_rare_masks, withdraw_inner_masks
from dropviz.experiment.without_bias import candidate_drops, look_gently, other_shares

# What acts inside the cell so that it cannot be allowed for.
_HIDING = {Doubt.NOISE_INSIDE, Doubt.SEVERAL_STORED, Doubt.GATE}
_OTHER = {"input": "recurrent", "recurrent": "input"}
_RESET = 1  # position of r among the gates of a GRU

# By site and gate, what was seen.
Seen = dict[str, dict[int, Look]]


def find_input_masks(observer: Observer) -> None:
    """Looks at each gate for masks on x and on h."""
    if any(observer.noisy(site) for site in observer.inner_sites()):
        observer.doubt(Doubt.NOISE_INSIDE)
    if not _HIDING.isdisjoint(observer.doubts):
        return
    gates = range(len(observer.harness.gates))
    seen: Seen = {}
    for site in ARROWS:
        probes = {gate: gate_probe(observer, site, gate) for gate in gates}
        seen[site] = {g: _look(observer, p, site, g) for g, p in probes.items() if p is not None}
        look_for_rare_masks(observer, site, probes, seen[site])
        _register(observer, site, seen[site])
    if withdraw_inner_masks(observer):
        return
    if observer.harness.bias is None and not _find_candidate_alone(observer, seen):
        return
    for site in ARROWS:
        for gate in [gate for gate in gates if gate not in seen[site]]:
            crossed = _look_through_other(observer, site, gate, seen)
            if not np.isnan(crossed.dropped).all():
                seen[site][gate] = crossed
        _register(observer, site, seen[site])


def _look(observer: Observer, probe: Probe, site: str, gate: int) -> Look:
    """Looks at a gate, which sees no masks where those inside the cell explain all there is."""
    look = observer.look(probe, site, gate)
    rests = look.random or abs(look.at_inference - 1) < max(observer.slack, look.blur)
    if not (look.explained > ALL and look.shows and rests):
        return look
    told = ~np.isnan(look.dropped)
    return Look(1.0, 0.0, np.where(told, 0.0, np.nan), blur=look.blur)


def _register(observer: Observer, site: str, looks: dict[int, Look]) -> None:
    distinct = observer.distinct(site)
    # Where a dropped entry does not show, that none was seen says nothing of the gate.
    slack = observer.slack
    acting = [look for look in looks.values() if look.masked(slack)]
    heard: dict[int | None, Look] = {
        gate: look
        for gate, look in sorted(looks.items())
        if look.masked(slack) or (look.shows and look.seen_enough(acting, distinct, slack))
    }
    place = Place(site, heard, distinct=distinct)
    observer.places.pop(site, None)
    observer.unheard = [pair for pair in observer.unheard if pair[0] != site]
    if place.acting(observer.slack):
        observer.places[site] = place
        gates = range(len(observer.harness.gates))
        observer.unheard += [(site, gate) for gate in gates if gate not in heard]


def gate_probe(observer: Observer, site: str, gate: int) -> Probe | None:
    """Lets one gate speak of one site; None where that takes the other arrow."""
    weight = SMALL if gate == CANDIDATE else MIDDLING
    driven = drive(site, observer.one_gate(gate, weight))
    lift = observer.lift
    lifted = None if lift is None else Probe(**driven, **lift)
    # What the cell carries may be masked itself.
    stored = 0.0 if gate == CANDIDATE and "carried" in observer.places else SMALL
    if observer.lstm:
        return lifted if gate == 0 else Probe(**driven, c=stored)
    if gate == CANDIDATE:
        # An old h that stays on is nothing that x could have made where they differ in sign.
        stored = -stored if "hidden_update" in observer.places else stored
        return Probe(**driven, h=None if site == "recurrent" else stored)
    if gate == 0:
        return Probe(**driven, h=SMALL) if site == "input" else lifted
    return Probe(**driven, reset=3 * SMALL) if observer.harness.reset_bias else None


def _look_through_other(observer: Observer, site: str, gate: int, seen: Seen) -> Look:
    """Lets a gate speak that is heard through the other arrow alone."""
    resets = not observer.lstm and gate == _RESET
    through = "recurrent" if resets else _OTHER[site]
    raised = drive(through, observer.one_gate(CANDIDATE, 3 * SMALL))
    driven = drive(site, observer.one_gate(gate, MIDDLING))
    if resets:
        # r of the source is what multiplies its h (reset_after=False).
        driven = {f"source_{name}": value for name, value in driven.items() if name != "source"}
    probe = Probe(**{**raised, **driven})
    if through != site:
        also = [through] if through in observer.places else []
        return observer.look(probe, site, gate, also=also)
    read = seen[site][CANDIDATE]
    if read.shows and not read.masked(observer.slack):
        return observer.look(probe, site, gate)
    return _look_beside_candidate(observer, probe, site, gate, read)


def _look_beside_candidate(
    observer: Observer, probe: Probe, site: str, gate: int, read: Look
) -> Look:
    """Looks at a gate that speaks through the candidate, whose own entries are dropped too."""
    draws = draws_to_miss(read.share) if read.shared and read.share > 0 else 0
    calls = observer.calls_for(draws, shared=read.shared, site=site)
    outs = [observer.harness.run(probe) for _ in range(calls)]
    every = np.concatenate(outs)
    beside = [Bit(site, read.kept, CANDIDATE), *observer.inner_bits()]
    bits = [Bit(site, read.kept, gate), *beside]
    alone, both = (share_explained(observer.harness, probe, every, each) for each in (beside, bits))
    nothing = np.zeros((len(outs), *outs[0].shape))
    if alone > ALL:
        enough = calls * observer.distinct(site) * (1 - read.share) >= draws
        # A mask that is the candidate's own, unscaled, would show as little.
        told = enough and abs(read.kept - 1) > observer.slack
        return Look(1.0, 0.0, nothing if told else nothing * np.nan)
    if both <= ALL:
        return Look(1.0, 0.0, nothing * np.nan)
    kept = observer.decode_bits(probe, outs, bits)[0]
    # Told only where the candidate's own mask keeps: no measure of the rate.
    return Look(read.kept, 0.0, 1 - kept, read.at_inference, read.random, shows=False)


def _find_candidate_alone(observer: Observer, seen: Seen) -> bool:
    """Without a bias: both arrows show a mask on the candidate at its gate, too.

    Returns:
        Whether that was told; otherwise nothing is said of the gates that take the candidate.
    """
    if observer.inner_sites():
        return True
    _look_as_long_through_both(observer, seen)
    for site in ARROWS:
        seen[site][CANDIDATE] = look_gently(observer, site, seen[site][CANDIDATE])
    drops = candidate_drops(observer, seen)
    if drops is False:
        return True
    # The arrow that is dropped least for itself shows the candidate's mask best.
    rest = other_shares(seen)
    clear = min(rest, key=lambda site: rest[site])
    if drops is None or rest[clear] > 0:
        observer.doubt(Doubt.NO_BIAS_CANDIDATE)
        for site in ARROWS:
            del seen[site][CANDIDATE]
            _register(observer, site, seen[site])
        return False
    observer.register("candidate", seen[clear][CANDIDATE])
    for site in ARROWS:
        for gate in list(seen[site]):
            probe = gate_probe(observer, site, gate)
            if probe is not None and gate == CANDIDATE:
                # What was seen to drop there may have been the candidate itself.
                seen[site][gate] = observer.look(probe, site, gate)
            elif probe is not None:
                seen[site][gate] = observer.look_again(seen[site][gate], probe, site, gate)
        _register(observer, site, seen[site])
    return True


def _look_as_long_through_both(observer: Observer, seen: Seen) -> None:
    """Looks longer at the candidate through an arrow where only the other showed it dropped."""
    before = {site: seen[site][CANDIDATE] for site in ARROWS}
    for site, look in before.items():
        other = before[_OTHER[site]]
        probe = gate_probe(observer, site, CANDIDATE)
        if probe is None or look.share > 0 or not other.shared or other.share == 0:
            continue
        draws = draws_to_show(other)
        seen[site][CANDIDATE] = observer.look_longer(look, draws, probe, site, CANDIDATE)


def read_ties(observer: Observer, site: str) -> None:
    """Reads the masks of all gates of a site in the same calls."""
    harness, place = observer.harness, observer.places[site]
    acting = place.acting(observer.slack)
    bits = [Bit(site, look.kept, gate) for gate, look in acting.items()]
    if len(bits) <= 1:
        return
    every = [*bits, *observer.inner_bits()]
    other = observer.places.get(_OTHER[site])
    if other and harness.reset_before and CANDIDATE in other.looks:
        every.append(Bit(other.site, other.looks[CANDIDATE].kept, CANDIDATE))
    gates = [gate for gate in acting if gate is not None]
    if harness.reset_before and _RESET in gates:
        place.elsewhere = gates.index(_RESET)
    probes = [_draw_tie_probe(observer, site, gates) for _ in range(TRIES)]
    probe = choose_probe(harness, probes, every)
    place.joint = observer.read_bits(probe, every, observer.times(place))[: len(bits)]
    place.luck["joint"] = observer.luck_of(probe, every, len(bits))


def _draw_tie_probe(observer: Observer, site: str, gates: list[int]) -> Probe:
    """Draws a probe that drives these gates of one site at once."""
    harness, rng = observer.harness, observer.rng
    weights = np.zeros(len(harness.gates))
    weights[gates] = rng.choice([-1, 1], len(gates))
    weights *= rng.uniform(0.2, 1.2, len(weights))
    memory = rng.uniform(0.2, 1.5)
    driven = drive(site, tuple(weights))
    if harness.reset_before:
        source = "source_wx" if site == "input" else "source_wh"
        driven |= {"source": 1.0, source: observer.one_gate(_RESET, 3 * weights[_RESET])}
        if site == "input":
            driven["wh"] = observer.one_gate(CANDIDATE, rng.uniform(0.3, 1.0))
    return Probe(
        **driven,
        b=observer.one_gate(CANDIDATE, rng.uniform(0.2, 1.0) if observer.lift else 0.0),
        c=memory if observer.lstm else 0.0,
        h=None if observer.lstm else memory,
        reset=rng.uniform(0.3, 1.5) if harness.reset_bias else 0.0,
    )


def read_structure(observer: Observer, site: str) -> None:
    """Lets readers read the same two entries, or the only one: is it they that are dropped?"""
    harness, place = observer.harness, observer.places[site]
    rows = harness.features if site == "input" else harness.units
    place.single = rows == harness.units == 1
    wide = harness.units > 3  # noqa: PLR2004 (two entries, and two readers beside them)
    acting = place.acting(observer.slack)
    probes = {g: gate_probe(observer, site, g) for g in acting if g is not None}
    told = [(g, p) for g, p in probes.items() if p is not None and place.looks[g].shows]
    if not told or (harness.units == 1 and (rows == 1 or not observer.lstm)):
        return
    gate, probe = told[-1]
    # The h of a GRU is its output: the two units whose h is read are no readers beside.
    own = site == "recurrent" and not observer.lstm
    readers = list(range(2 if wide or own else 0, harness.units))
    if not readers or (rows == 1 and wide):
        place.alone = not readers
        return
    place.alone = len(readers) == 1 < harness.units
    times = range(observer.times(place))
    if rows == 1:
        outs = [harness.run_pairs(probe, site, gate, readers, (1.0,)) for _ in times]
        read = np.stack([observer.read_multipliers(out, probe, site, gate)[0] for out in outs])
        place.one_entry = np.where(np.isnan(read), np.nan, read == 0)
        return
    outs = [harness.run_pairs(probe, site, gate, readers) for _ in times]
    read = np.stack([observer.read_multipliers(out, probe, site, gate)[0] for out in outs])
    # A third and two thirds of the weight: 0, 1, 2 or 3 thirds come through.
    thirds = np.round(read * 3 / place.looks[gate].kept)
    bits = np.stack([thirds % 2, thirds // 2])
    place.sources = np.where(np.isin(thirds, (0, 1, 2, 3)), bits, np.nan)


def find_mask_for_both(observer: Observer) -> None:
    """Looks for one mask that serves both x and h."""
    arrows = [observer.places[site] for site in ARROWS if site in observer.places]
    features, roles = observer.harness.features, observer.harness.roles
    aligned = [number for number, role in enumerate(roles) if role.source < features]
    # What all samples share is no mask that each sample has for itself.
    if len(arrows) < len(ARROWS) or not aligned or arrows[0].shared != arrows[1].shared:
        return
    on_h, on_x = (place.acting(observer.slack) for place in arrows)
    if CANDIDATE not in on_x:
        return
    for gate, look in on_h.items():
        bits = [Bit("input", on_x[CANDIDATE].kept, CANDIDATE), Bit("recurrent", look.kept, gate)]
        every = [*bits, *observer.inner_bits()]
        probes = [_draw_cross_probe(observer, gate) for _ in range(TRIES)]
        probe = choose_probe(observer.harness, probes, every)
        times = max(observer.times(place) for place in arrows)
        x, h = observer.read_bits(probe, every, times)[:2, :, :, aligned]
        # What all samples share was drawn once, however many samples show it.
        if same(arrows[0].once(x), arrows[0].once(h), look.share):
            observer.places["input"].notes.append(Note.ONE_MASK_FOR_X_AND_H)
            return


def _draw_cross_probe(observer: Observer, gate: int | None) -> Probe:
    """Draws a probe that drives a gate by h, and the candidate by x."""
    probe = _draw_tie_probe(observer, "recurrent", [] if gate is None else [gate])
    weight = observer.one_gate(CANDIDATE, observer.rng.uniform(0.2, 1.2))
    return replace(probe, wx=weight, aligned=True)
