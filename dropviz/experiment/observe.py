"""Listens to a layer on the bench: probes, and what they say of one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.decode_masks import Bit, multipliers, read_bits
from dropviz.experiment.harness import Bench
from dropviz.experiment.observations import Look, Place, same_along, summed_up
from dropviz.experiment.probe import Probe

SMALL = 0.1  # so small that every activation is nearly straight
_MORE = 6  # calls where all samples share a mask
TRIES = 60  # probes to choose the telling one from
ARROWS = ("recurrent", "input")


class Listening:
    """What was found so far, and the ways to find more.

    Attributes:
        bench: The layer.
        places: By site, what was found where something happens.
        doubts: What could not be told, and why.
        slack: How far a multiplier may be from 1 by rounding.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.places: dict[str, Place] = {}
        self.doubts: list[str] = []
        self.slack = 6 * bench.noise
        self.lstm = bench.kind == "LSTM"
        self.rng = np.random.default_rng(0)

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
        values: list[Array] = []
        shows = True

        def more(times: int) -> Look:
            nonlocal shows
            for _ in range(times):
                read, shows = self.read(self.bench.run(probe), probe, site, gate, also)
                values.append(read)
            return summed_up(values)

        look = more(self.bench.times)
        # All or nothing dropped: perhaps by few draws, that all samples share.
        whole = look.share in (0, 1) and look.masked(self.slack)
        if whole or same_along(look.dropped, 1, look.share) is True:
            look = more(max(0, _MORE - self.bench.times))
            # Where a dropped entry does not show, that none was seen says nothing.
            look.shared = shows and same_along(look.dropped, 1, look.share) is not False
        outs = [self.bench.run(probe, training=False) for _ in range(2)]
        rest = {s: each.at_inference for s, each in self._others(site, also).items()}
        quiet = summed_up([multipliers(self.bench, probe, o, site, gate, rest)[0] for o in outs])
        look.shows = shows
        look.at_inference = quiet.kept
        look.random = bool(quiet.share > 0 or quiet.spread > self.slack)
        return look

    def bits(self, probe: Probe, bits: Sequence[Bit], times: int | None = None) -> Array:
        """Runs a probe, and reads bits off: shape (bits, calls, samples, readers)."""
        many = self.bench.times if times is None else times
        return self.told(probe, [self.bench.run(probe) for _ in range(many)], bits)

    def told(self, probe: Probe, outs: Sequence[Array], bits: Sequence[Bit]) -> Array:
        """Reads bits off several runs: shape (bits, calls, samples, readers)."""
        return np.stack([read_bits(self.bench, probe, out, bits) for out in outs], axis=1)

    def times(self, place: Place) -> int:
        """How often to run a probe of a place."""
        return _MORE if place.shared else self.bench.times

    def read(
        self, out: Array, probe: Probe, site: str, gate: int | None, also: Sequence[str] = ()
    ) -> tuple[Array, bool]:
        """Works out multipliers from outputs, given what else was found to act."""
        kept = {s: each.kept for s, each in self._others(site, also).items()}
        return multipliers(self.bench, probe, out, site, gate, kept, list(kept))

    def _others(self, site: str, also: Sequence[str]) -> dict[str, Look]:
        others = {s: self.inner(s) for s in self.insides() if s != site}
        return others | {s: self.places[s].looks[2] for s in also}

    def share_of(self, bit: Bit) -> float:
        """The share dropped at a bit's place, as seen so far."""
        looks = self.places[bit.site].looks
        return looks[bit.gate].share if bit.gate in looks else looks[None].share

    def _noisy(self, site: str) -> bool:
        return site in self.places and self.places[site].noisy(self.slack)

    def insides(self) -> list[str]:
        """The sites inside the cell where something was found."""
        return [site for site in self.places if site not in ARROWS]

    def inner(self, site: str) -> Look:
        """What was seen at a site inside the cell."""
        return self.places[site].looks[None]

    def found(self, site: str, look: Look) -> None:
        """Notes that something acts at a site inside the cell."""
        self.places[site] = Place(site, {None: look}, distinct=len(self.bench.readers))

    def at(self, gate: int, value: float) -> tuple[float, ...]:
        """One number for a gate, zero for the others."""
        row = [0.0] * len(self.bench.gates)
        row[gate] = value
        return tuple(row)

    @property
    def memory(self) -> Probe:
        """Lets the memory speak: c, or h in a GRU."""
        return Probe(c=SMALL) if self.lstm else Probe(h=SMALL)

    def lift(self) -> dict[str, Any] | None:
        """What raises the candidate without a mask on an arrow, if there is such a way."""
        return {"b": self.at(2, 3 * SMALL)} if self.bench.bias is not None else None

    def drive(self, site: str, weights: tuple[float, ...]) -> dict[str, Any]:
        """What brings x or h to the gates with these weights."""
        return {"wx": weights} if site == "input" else {"wh": weights, "source": 1.0}

    def beside(self, site: str, steps: int) -> list[Bit]:
        """Whatever else acts while several steps of a site are read."""
        sites = [s for s in self.insides() if s != site]
        bits = [Bit(s, self.inner(s).kept, None, t) for s in sites for t in range(steps)]
        if site.endswith("update") and "input" in self.places and not self._noisy("input"):
            look = self.places["input"].acting(self.slack).get(2)
            bits += [Bit("input", look.kept, 2, t) for t in range(steps)] if look else []
        return bits

    def life_probes(self, site: str, gate: int | None, steps: int) -> Iterable[Probe]:
        """Probes in which the masks of several steps may show."""
        for _ in range(TRIES):
            weight = self.rng.choice([-1, 1]) * self.rng.uniform(0.2, 1.2)
            memory = self.rng.uniform(-1.5, 1.5)
            driven = {} if gate is None else self.drive(site, self.at(gate, weight))
            if site == "recurrent":
                driven |= {"source_c": 1.5, "source": 0.9}
            if site.endswith("update"):
                x = tuple(self.rng.uniform(-1, 1, steps))
                # The same at each step would not tell which step was kept.
                driven = {"wx": self.at(2, 3 * weight), "x": x}
                own = self.at(2, self.rng.uniform(-2, 2))
                # A masked h would be one more unknown, and noise cannot be read.
                driven |= {"own": own} if "recurrent" not in self.places else {}
                driven |= {"wx": self.at(2, 0.0)} if self._noisy("input") else {}
            yield Probe(
                **driven,
                b=self.at(2, self.rng.uniform(-1.0, 1.0) if self.lift() else 0.0),
                c=memory if self.lstm else 0.0,
                h=memory if site.endswith("update") or not self.lstm else 0.0,
                steps=steps,
            )
