"""Listens inside the cell: to what is stored, added, given out and kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.decode_masks import Bit, fairly, fitting, multipliers, telling
from dropviz.experiment.observations import Look, interval, same, summed_up
from dropviz.experiment.observe import SMALL, Listening
from dropviz.experiment.probe import Probe


class Inside(Listening):
    """Finds masks on the memory, the candidate and the output, and zoneout."""

    def zones(self) -> None:
        """Looks for units that keep their old h: zoneout."""
        look = self.look(Probe(h=SMALL), "hidden_update")
        straight = abs(look.kept - 1) < self.slack and look.spread < self.slack
        if look.share > 0 and straight:
            self.found("hidden_update", look)

    def turn(self) -> None:
        """Finds out again which way the steps go, where old values of h stay on.

        What came first may then weigh more than what came last.
        """
        if "hidden_update" not in self.places:
            return
        hidden = [Bit("hidden_update", 1.0, None, t) for t in (0, 1)]
        stored = [Bit("cell_update", 1.0, None, 0)] if self.lstm else []
        bits = [*hidden, *stored, *self.beside("hidden_update", 2)]
        probe = telling(self.bench, list(self.life_probes("hidden_update", None, 2)), bits)
        fits = {}
        for self.bench.backwards in (True, False):
            outs = np.concatenate([self.bench.run(probe) for _ in range(self.bench.times)])
            fits[self.bench.backwards] = fitting(self.bench, probe, outs, bits)
        self.bench.backwards = max(fits, key=lambda backwards: fits[backwards])

    def cell_zone(self) -> None:
        """Looks for units that keep their old c: it shows at the second step."""
        if not self.lstm or set(self.insides()) - {"hidden_update"}:
            return
        bits = [Bit("cell_update", 1.0, None, 0), *self.beside("cell_update", 2)]
        probe = telling(self.bench, list(self.life_probes("cell_update", None, 2)), bits)
        read = self.bits(probe, bits)
        shares = [self.share_of(bit) for bit in bits[1:]]
        kept = fairly(self.bench, probe, read[0], bits, shares)
        if not np.any(read[0] == 0):
            return
        seen = Look(1.0, 0.0, 1 - kept)
        still = Probe(c=SMALL, steps=2)
        rest = {s: self.inner(s).at_inference for s in self.insides()}
        outs = [self.bench.run(still, training=False) for _ in range(2)]
        quiet = summed_up(
            [multipliers(self.bench, still, o, "cell_update", None, rest)[0] for o in outs]
        )
        seen.at_inference, seen.random = quiet.kept, bool(quiet.spread > self.slack)
        self.found("cell_update", seen)
        if "hidden_update" in self.places and same(read[0], read[1], seen.share):
            self.places["cell_update"].notes.append("c and h share one mask.")

    def inside(self) -> None:
        """Looks for masks on what is stored and on what is added."""
        lift = self.lift()
        memory = self.look(self.memory, "carried")
        update = self.look(Probe(**lift), "candidate") if lift else None
        stored = memory.masked(self.slack)
        added = update is not None and update.masked(self.slack)
        if stored and (added or update is None):
            self._stored(memory)
        elif stored:
            self.found("carried", memory)
        elif added and update is not None:
            self.found("candidate", update)

    def _stored(self, memory: Look) -> None:
        site = self._after(memory)
        lift = self.lift()
        # Once more by its own name: small signals are only nearly straight.
        memory = self.look(self.memory, site)
        update = self.look(Probe(**lift), site) if lift else memory
        self.found(site, memory)
        limits = [interval(*each.counts) for each in (memory, update)]
        close = max(low for low, _ in limits) <= min(high for _, high in limits)
        if not close or abs(memory.kept - update.kept) > self.slack * max(1, memory.kept):
            self.places[site].notes.append("what is stored and what is added are masked apart.")
        if lift is None:
            self.doubts.append(
                "the layer has no bias, so that a mask on the memory cannot be told from one "
                "on what is carried."
            )
        if site == "output" and self.lstm and not self._still_read(memory):
            self.places[site].notes.append("the next step reads the masked h.")

    def _after(self, memory: Look) -> str:
        """Tells a mask on the memory from one on the output: by the second step."""
        probe = replace(self.memory, steps=2)
        seen = self._totals(probe, training=True)
        if abs(memory.kept - 1) > self.slack:
            twice = {"cell": memory.kept**2, "output": memory.kept}
            return _nearest(float(np.nanmedian(seen[seen != 0])), twice)
        r = memory.at_inference
        if abs(r - 1) > self.slack:
            rest = self._totals(probe, training=False)
            return _nearest(float(np.nanmedian(rest)), {"cell": r**2, "output": r})
        if _nearest(float((seen == 0).mean()), _again(memory)) == "cell":
            return "cell"
        # A unit that is dropped for good: is its h still read by its neighbour?
        if self.lstm and self._still_read(memory):
            return "output"
        self.doubts.append(
            "one mask for all steps that neither grows nor shrinks does the same on the "
            "memory and on h."
        )
        return "cell"

    def _still_read(self, memory: Look) -> bool:
        """Whether a unit's h is read by its neighbour even where its output is dropped."""
        read = Probe(wh=self.at(2, 1.0), source_c=1.0, steps=2)
        silent = np.concatenate([self.bench.run(read) for _ in range(self.bench.times)]) == 0
        return _nearest(float(silent.mean()), _again(memory)) == "output"

    def _totals(self, probe: Probe, *, training: bool) -> Array:
        outs = [self.bench.run(probe, training=training) for _ in range(self.bench.times)]
        return np.concatenate([multipliers(self.bench, probe, o, "output")[0] for o in outs])


def _again(memory: Look) -> dict[str, float]:
    """The share dropped after two chances to drop, and after one."""
    return {"cell": 1 - (1 - memory.share) ** 2, "output": memory.share}


def _nearest(value: float, known: dict[str, float]) -> str:
    return min(known, key=lambda name: abs(known[name] - value))
