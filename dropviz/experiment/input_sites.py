"""Listens to the arrows into the cell: to x and h, gate by gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dropviz.experiment.decode_masks import Bit, telling
from dropviz.experiment.observations import Look, Place, same
from dropviz.experiment.observe import ARROWS, SMALL, TRIES, Listening
from dropviz.experiment.probe import Probe

_GENTLE = 0.25  # a weight on a gate that leaves it far from its ends
_OTHER = {"input": "recurrent", "recurrent": "input"}


class Arrows(Listening):
    """Finds masks on x and h, which gates see them, and what they are made of."""

    def arrows(self) -> None:
        """Looks at each gate for masks on x and on h."""
        seen: dict[str, dict[int | None, Look]] = {}
        for site in ARROWS:
            probes = {gate: self._probe(site, gate) for gate in range(len(self.bench.gates))}
            seen[site] = {g: self.look(p, site, g) for g, p in probes.items() if p is not None}
            self._keep(site, seen[site])
        if self.bench.bias is None:
            self._candidate_alone(seen)
        for site in ARROWS:
            for gate in range(len(self.bench.gates)):
                if gate not in seen[site]:
                    crossed = self._crossed(site, gate, seen)
                    if not np.isnan(crossed.dropped).all():
                        seen[site][gate] = crossed
                    elif site in self.places:
                        name = self.bench.gates[gate]
                        self.doubts.append(f"{site}: whether the gate {name} sees masks.")
            self._keep(site, seen[site])

    def _keep(self, site: str, looks: dict[int | None, Look]) -> None:
        many = len(self.bench.readers)
        distinct = min(many, self.bench.features) if site == "input" else many
        place = Place(site, dict(sorted(looks.items())), distinct=distinct)
        if place.acting(self.slack):
            self.places[site] = place

    def _probe(self, site: str, gate: int) -> Probe | None:
        """Lets one gate speak of one site; None where that takes the other arrow."""
        candidate = gate == self.bench.candidate
        driven = self.drive(site, self.at(gate, SMALL if candidate else _GENTLE))
        lift = self.lift()
        lifted = None if lift is None else Probe(**driven, **lift)
        # What the cell carries may be masked itself.
        stored = 0.0 if candidate and "carried" in self.places else SMALL
        if self.lstm:
            return lifted if gate == 0 else Probe(**driven, c=stored)
        if candidate:
            return Probe(**driven, h=0.0 if site == "recurrent" else stored)
        if gate == 0:
            return Probe(**driven, h=SMALL) if site == "input" else lifted
        return Probe(**driven, reset=3 * SMALL) if self.bench.reset_bias else None

    def _crossed(self, site: str, gate: int, seen: dict[str, dict[int | None, Look]]) -> Look:
        """Lets a gate speak that is heard through the other arrow alone."""
        resets = not self.lstm and gate == 1
        through = "recurrent" if resets else _OTHER[site]
        raised = self.drive(through, self.at(2, 3 * SMALL))
        driven = self.drive(site, self.at(gate, _GENTLE))
        if resets:
            # r of the source is what multiplies its h (reset_after=False).
            driven = {f"source_{name}": value for name, value in driven.items() if name != "source"}
        probe = Probe(**{**raised, **driven})
        if through != site:
            return self.look(probe, site, gate, also=[through] if through in self.places else [])
        read = seen[site][2]
        bits = [Bit(site, read.kept, 1), Bit(site, read.kept, 2)]
        kept = self.bits(probe, bits)[0]
        if np.isnan(kept).mean() > (1 + read.share) / 2:
            return Look(1.0, 0.0, np.zeros_like(kept))
        # Told only where the candidate's own mask keeps: no measure of the rate.
        return Look(read.kept, 0.0, 1 - kept, read.at_inference, read.random, shows=False)

    def _candidate_alone(self, seen: dict[str, dict[int | None, Look]]) -> None:
        """Without a bias: both arrows show a mask on the candidate at its gate, too."""
        gate = self.bench.candidate
        more = []
        for site in ARROWS:
            rest = [look.share for g, look in seen[site].items() if g != gate]
            more.append(seen[site][gate].share - max(rest, default=0.0))
        if min(more) > 0.05:  # noqa: PLR2004 (four sigma of so many draws)
            self.found("candidate", seen["recurrent"][gate])
            for site in ARROWS:
                self.places.pop(site, None)
                for each in list(seen[site]):
                    probe = self._probe(site, each)  # type: ignore[arg-type]
                    if probe is not None:
                        seen[site][each] = self.look(probe, site, each)
                self._keep(site, seen[site])

    def ties(self, site: str) -> None:
        """Reads the masks of all gates in the same calls."""
        place = self.places[site]
        acting = place.acting(self.slack)
        bits = [Bit(site, look.kept, gate) for gate, look in acting.items()]
        if len(bits) > 1:
            every = [*bits, *(Bit(s, self.inner(s).kept) for s in self.insides())]
            other = self.places.get(_OTHER[site])
            if other and self.bench.reset_before and 2 in other.looks:  # noqa: PLR2004
                every.append(Bit(other.site, other.looks[2].kept, 2))
            gates = [gate for gate in acting if gate is not None]
            probe = telling(self.bench, list(self._tie_probes(site, gates)), every)
            place.joint = self.bits(probe, every, self.times(place))[: len(bits)]

    def _tie_probes(self, site: str, gates: list[int]) -> Iterable[Probe]:
        for _ in range(TRIES):
            weights = np.zeros(len(self.bench.gates))
            weights[gates] = self.rng.choice([-1, 1], len(gates))
            weights *= self.rng.uniform(0.2, 1.2, len(weights))
            memory = self.rng.uniform(0.2, 1.5)
            driven = self.drive(site, tuple(weights))
            if self.bench.reset_before:
                source = "source_wx" if site == "input" else "source_wh"
                driven |= {"source": 1.0, source: self.at(1, 3 * weights[1])}
                if site == "input":
                    driven["wh"] = self.at(2, self.rng.uniform(0.3, 1.0))
            yield Probe(
                **driven,
                b=self.at(2, self.rng.uniform(0.2, 1.0) if self.lift() else 0.0),
                c=memory if self.lstm else 0.0,
                h=0.0 if self.lstm else memory,
                reset=self.rng.uniform(0.3, 1.5) if self.bench.reset_bias else 0.0,
            )

    def structure(self, site: str) -> None:
        """Lets every reader read two entries at once: is it they that are dropped?"""
        bench, place = self.bench, self.places[site]
        rows = bench.features if site == "input" else bench.units
        able = [(g, self._probe(site, g)) for g in place.acting(self.slack) if g is not None]
        told = [(g, probe) for g, probe in able if probe is not None and place.looks[g].shows]
        wide = bench.units > 3  # noqa: PLR2004 (two entries, and two readers beside them)
        if rows < 2 or not told or not (wide or self.lstm):  # noqa: PLR2004
            return
        gate, probe = told[-1]
        readers = list(range(2 if wide else 0, bench.units))
        outs = [bench.run_pairs(probe, site, gate, readers) for _ in range(self.times(place))]
        read = np.stack([self.read(o, probe, site, gate)[0] for o in outs])
        # A third and two thirds of the weight: 0, 1, 2 or 3 thirds come through.
        thirds = np.round(read * 3 / place.looks[gate].kept)
        bits = np.stack([thirds % 2, thirds // 2])
        place.sources = np.where(np.isin(thirds, (0, 1, 2, 3)), bits, np.nan)

    def crossing(self) -> None:
        """Looks for one mask that serves both x and h."""
        both = [self.places[site].acting(self.slack) for site in ARROWS if site in self.places]
        shared = [r for r in range(len(self.bench.readers)) if 2 * r < self.bench.features]
        if len(both) < len(ARROWS) or not shared or 2 not in both[1]:  # noqa: PLR2004
            return
        # What all samples share is no mask that each sample has for itself.
        if len({self.places[site].shared for site in ARROWS}) > 1:
            return
        for gate in both[0]:
            bits = [Bit("input", both[1][2].kept, 2), Bit("recurrent", both[0][gate].kept, gate)]
            every = [*bits, *(Bit(s, self.inner(s).kept) for s in self.insides())]
            probe = telling(self.bench, list(self._cross_probes(gate)), every)
            x, h = self.bits(probe, every)[:2, :, :, shared]
            if same(x, h, both[0][gate].share):
                self.places["input"].notes.append("x and h share masks.")
                return

    def _cross_probes(self, gate: int | None) -> Iterable[Probe]:
        for probe in self._tie_probes("recurrent", [] if gate is None else [gate]):
            yield replace(probe, wx=self.at(2, self.rng.uniform(0.2, 1.2)), aligned=True)
