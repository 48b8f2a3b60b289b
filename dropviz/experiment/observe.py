"""Listens to a layer in its harness: runs a probe, and tells what that says of one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.chance import draws_to_tell, same_along
from dropviz.experiment.decode_masks import (
    Bit,
    luck_of_equal_bits,
    multipliers,
    read_bits,
    rounding_of,
    share_explained,
)
from dropviz.experiment.harness import CANDIDATE, Harness
from dropviz.experiment.observations import Doubt, Look, Place, draws_to_show, summed_up
from dropviz.experiment.probe import Probe

SMALL = 0.1  # so small that every activation is nearly straight
MIDDLING = 0.25  # a weight on a gate that leaves it far from its ends
_MOST = 150  # calls to ask one question with
_MORE = 6  # calls at least where all samples share a mask
FEW = 12  # draws of a shared mask that show what it does to one gate
_RARE = 150  # draws among which one in ten is sure to be seen
_SAFE = 2  # times the draws that tell on average
TRIES = 60  # probes to choose the telling one from
ARROWS = ("recurrent", "input")
ALL = 0.998  # of the outputs: now and then rounding takes one beyond what is allowed for


@dataclass
class Observer:
    """What was found so far, and the ways to find more.

    Attributes:
        harness: The layer.
        places: By site, what was found where something happens.
        doubts: What could not be told of the layer.
        unheard: Site and gate where it could not be told whether the gate sees masks.
        small: How large what is stored and added is made: so small that activations are straight.
        rng: Where the probes to choose from are drawn.
    """

    harness: Harness
    places: dict[str, Place] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    unheard: list[tuple[str, int]] = field(default_factory=list)
    small: float = SMALL
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def lstm(self) -> bool:
        """Whether the layer is an LSTM; a GRU otherwise."""
        return self.harness.kind == "LSTM"

    @property
    def slack(self) -> float:
        """How far a multiplier may be from 1 by rounding."""
        return 6 * self.harness.noise

    def look(
        self, probe: Probe, site: str, gate: int | None = None, also: Sequence[str] = ()
    ) -> Look:
        """Runs a probe several times in training, and twice at inference.

        Args:
            probe: The probe.
            site: The place that it makes speak.
            gate: The gate; None for all.
            also: The other arrow, where the probe takes it and it is masked.

        Returns:
            What was seen.
        """
        quiet = self.look_at_inference(probe, site, gate, also)
        random = bool(quiet.share > 0 or quiet.spread > self.slack)
        blur = self._rounding(probe, site, gate, also)
        scaled = random or abs(quiet.kept - 1) > max(self.slack, blur)
        values, shows, explained = self._read_in_training(
            self.harness.times, probe, site, gate, also
        )
        seen = summed_up(values)
        shared = False
        # All or nothing dropped: perhaps by few draws, that all samples share.
        acts = scaled or replace(seen, blur=blur).masked(self.slack)
        whole = seen.share in (0, 1) and acts
        if whole or same_along(seen.dropped, 1, seen.share) is True:
            while len(values) < self._enough(seen, site):
                more, _, again = self._read_in_training(1, probe, site, gate, also)
                values, explained = [*values, *more], min(explained, again)
                seen = summed_up(values)
            # Where a dropped entry does not show, that none was seen says nothing.
            shared = shows and same_along(seen.dropped, 1, seen.share) is not False
        seen = replace(seen, at_inference=quiet.kept, random=random, explained=explained)
        return replace(seen, shows=shows, shared=shared, blur=blur)

    def _enough(self, seen: Look, site: str) -> int:
        """How many calls to look at a mask that all samples seem to share."""
        # All dropped so far: what is kept has not been seen. None, and nothing scaled in
        # training: nor has what is scaled at inference.
        rare = seen.share == 1 or (seen.share == 0 and abs(seen.kept - 1) < self.slack)
        return self.calls_for(_RARE if rare else FEW, shared=True, site=site)

    def _rounding(self, probe: Probe, site: str, gate: int | None, also: Sequence[str]) -> float:
        rest = {s: each.at_inference for s, each in self._others(site, also).items()}
        return rounding_of(self.harness, probe, site, gate, rest)

    def look_longer(
        self, before: Look, draws: int, probe: Probe, site: str, gate: int | None = None
    ) -> Look:
        """Looks again at a place where nothing was seen, for masks that all samples share.

        Args:
            before: What was seen.
            draws: Draws that would have shown a mask.
            probe: The probe.
            site: The place.
            gate: The gate; None for all.

        Returns:
            What is seen now; nothing that shows where the calls do not suffice.
        """
        calls = self.calls_for(draws, shared=True, site=site)
        seen = self.look_in_training(calls, probe, site, gate)
        # What drops elsewhere hides some of the draws.
        entries = (~np.isnan(seen.dropped[..., : self.distinct(site)])).any(axis=1)
        told = seen.share > 0 or entries.sum() >= draws
        return replace(before, dropped=seen.dropped, shared=True, shows=before.shows and told)

    def look_in_training(
        self, calls: int, probe: Probe, site: str, gate: int | None = None
    ) -> Look:
        """Runs a probe so many times in training, and not at inference; as for ``look``."""
        return summed_up(self._read_in_training(calls, probe, site, gate, ())[0])

    def look_again(self, before: Look, probe: Probe, site: str, gate: int | None = None) -> Look:
        """Looks once more at what was seen, so long that what was seen to drop shows again.

        Args:
            before: What was seen.
            probe: The probe, which may be another than before.
            site: The place.
            gate: The gate; None for all.
        """
        seen = self.look(probe, site, gate)
        if seen.share > 0 or not before.shared or before.share == 0:
            return seen
        return self.look_longer(seen, draws_to_show(before), probe, site, gate)

    def look_at_inference(
        self, probe: Probe, site: str, gate: int | None = None, also: Sequence[str] = ()
    ) -> Look:
        """Runs a probe twice at inference; arguments as for ``look``."""
        outs = [self.harness.run(probe, training=False) for _ in range(2)]
        others = self._others(site, also)
        rest = {s: each.at_inference for s, each in others.items()}
        # What drops at inference too hides this place as it does in training.
        hiding = [s for s, each in others.items() if each.random]
        read = [multipliers(self.harness, probe, out, site, gate, rest, hiding) for out in outs]
        return summed_up([values for values, _ in read])

    def _read_in_training(
        self, times: int, probe: Probe, site: str, gate: int | None, also: Sequence[str]
    ) -> tuple[list[Array], bool, float]:
        """Multipliers of several calls, whether a dropped one shows, and what is explained."""
        outs = [self.harness.run(probe) for _ in range(times)]
        read = [self.read_multipliers(out, probe, site, gate, also) for out in outs]
        inner = [bit for bit in self.inner_bits() if bit.site != site]
        explained = [share_explained(self.harness, probe, out, inner) for out in outs]
        least = min(explained) if inner else 0.0
        return [values for values, _ in read], all(shows for _, shows in read), least

    def read_multipliers(
        self, out: Array, probe: Probe, site: str, gate: int | None, also: Sequence[str] = ()
    ) -> tuple[Array, bool]:
        """Works out multipliers from outputs, given what else was found to act."""
        kept = {s: each.kept for s, each in self._others(site, also).items()}
        return multipliers(self.harness, probe, out, site, gate, kept, list(kept))

    def _others(self, site: str, also: Sequence[str]) -> dict[str, Look]:
        others = {s: self.inner_look(s) for s in self.inner_sites() if s != site}
        heard = [s for s in also if CANDIDATE in self.places[s].looks]
        return others | {s: self.places[s].looks[CANDIDATE] for s in heard}

    def read_bits(self, probe: Probe, bits: Sequence[Bit], times: int | None = None) -> Array:
        """Runs a probe, and reads bits off: shape (bits, calls, samples, readers)."""
        many = self.harness.times if times is None else times
        return self.decode_bits(probe, [self.harness.run(probe) for _ in range(many)], bits)

    def decode_bits(self, probe: Probe, outs: Sequence[Array], bits: Sequence[Bit]) -> Array:
        """Reads bits off several runs: shape (bits, calls, samples, readers)."""
        return np.stack([read_bits(self.harness, probe, out, bits) for out in outs], axis=1)

    def luck_of(self, probe: Probe, bits: Sequence[Bit], many: int) -> float:
        """How often two of the first so many bits are read as equal by luck alone."""
        shares = [self.share_of(bit) for bit in bits]
        return luck_of_equal_bits(self.harness, probe, bits, shares, many)

    def times(self, place: Place) -> int:
        """How often to run a probe of a place."""
        if not place.shared:
            return self.harness.times
        # Of few draws one gate alone may show twice as many as there are.
        counts = [look.counts for look in place.looks.values()]
        dropped, draws = (sum(each) for each in zip(*counts, strict=True))
        share = dropped / max(draws, 1)
        return self.calls_for(_SAFE * draws_to_tell(share), shared=True, site=place.site)

    def distinct(self, site: str) -> int:
        """How many readers read different entries at a site: the first so many."""
        readers = len(self.harness.readers)
        return min(readers, self.harness.features) if site == "input" else readers

    def calls_for(self, draws: int, *, shared: bool, site: str = "") -> int:
        """How many calls it takes to see so many draws, within what is sensible.

        Args:
            draws: Draws wanted.
            shared: Whether all samples share a mask.
            site: The site; one where each reader reads another entry by default.
        """
        each = self.distinct(site) * (1 if shared else self.harness.samples)
        least = _MORE if shared else self.harness.times
        return min(_MOST, max(least, math.ceil(draws / each)))

    def register(self, site: str, look: Look) -> None:
        """Notes that something acts at a site inside the cell."""
        self.places[site] = Place(site, {None: look}, distinct=len(self.harness.readers))

    def doubt(self, doubt: Doubt) -> None:
        """Notes, once, that something could not be told of the layer."""
        if doubt not in self.doubts:
            self.doubts.append(doubt)

    def inner_sites(self) -> list[str]:
        """The sites inside the cell where something was found."""
        return [site for site in self.places if site not in ARROWS]

    def inner_look(self, site: str) -> Look:
        """What was seen at a site inside the cell."""
        return self.places[site].looks[None]

    def inner_bits(self) -> list[Bit]:
        """One unknown for each site inside the cell where something was found."""
        return [Bit(site, self.inner_look(site).kept) for site in self.inner_sites()]

    def share_of(self, bit: Bit) -> float:
        """The share dropped at a bit's place, as seen so far; that of other gates where it hid."""
        looks = self.places[bit.site].looks
        look = looks[bit.gate] if bit.gate in looks else looks[None]
        seen = [each.share for each in looks.values() if each.shows]
        return look.share if look.shows or not seen else float(np.mean(seen))

    def noisy(self, site: str) -> bool:
        """Whether kept entries of a site were seen to differ."""
        return site in self.places and self.places[site].noisy(self.slack)

    def one_gate(self, gate: int, value: float) -> tuple[float, ...]:
        """One number for a gate, zero for the others."""
        row = [0.0] * len(self.harness.gates)
        row[gate] = value
        return tuple(row)

    @property
    def memory(self) -> Probe:
        """Lets the memory speak: c, or h in a GRU."""
        return Probe(c=self.small) if self.lstm else Probe(h=self.small)

    @property
    def lift(self) -> dict[str, Any] | None:
        """What raises the candidate without a mask on an arrow, if there is such a way."""
        biased = self.harness.bias is not None
        return {"b": self.one_gate(CANDIDATE, 3 * self.small)} if biased else None
