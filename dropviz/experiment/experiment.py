"""The experiment: one place after another is made to speak, and is listened to."""

from __future__ import annotations

import itertools

import numpy as np

from dropviz.experiment.decode_masks import Bit, fitting, telling
from dropviz.experiment.input_sites import Arrows
from dropviz.experiment.observe import ARROWS
from dropviz.experiment.preconditions import check_fit
from dropviz.experiment.probe import Probe
from dropviz.experiment.state_sites import Inside

_STEPS = 3


class Experiment(Inside, Arrows):
    """Finds what multiplies where in a layer on the bench."""

    def run(self) -> None:
        """Runs all of it.

        Raises:
            DropvizError: If masks could not be read off the layer's outputs.
        """
        check_fit(self.bench)
        self.zones()
        self.inside()
        self.arrows()
        self.turn()
        self.cell_zone()
        for site in [s for s in ARROWS if s in self.places]:
            if not self.places[site].noisy(self.slack):
                self.ties(site)
                self.structure(site)
        self.crossing()
        for site, place in self.places.items():
            if not place.noisy(self.slack):
                self._lives(site)

    def _lives(self, site: str) -> None:
        """Reads the masks of several steps in the same calls."""
        if site == "output":
            self._output_lives()
            return
        place = self.places[site]
        acting = place.acting(self.slack)
        gate = 2 if 2 in acting else next(iter(acting))  # noqa: PLR2004
        # The last step's update of c does not show in h.
        short = self.beside(site, 1) and site != "cell_update"
        steps = _STEPS - 1 if short else _STEPS
        bits = [Bit(site, acting[gate].kept, gate, step) for step in range(steps)]
        others = self.beside(site, steps)
        probe = telling(self.bench, list(self.life_probes(site, gate, steps)), [*bits, *others])
        outs = [self.bench.run(probe) for _ in range(self.times(place))]
        place.steps = self.told(probe, outs, [*bits, *others])[:steps]
        if others or fitting(self.bench, probe, np.stack(outs), bits) > 0.5:  # noqa: PLR2004
            return
        # No pattern fits: perhaps not all steps are masked.
        for many in range(1, steps):
            for some in itertools.combinations(range(steps), many):
                read = self.told(probe, outs, [bits[step] for step in some])
                if np.isnan(read).mean() < 0.05:  # noqa: PLR2004
                    place.steps, place.only = read, some
                    return

    def _output_lives(self) -> None:
        """Reads which outputs are dropped at each step, where all steps are given out."""
        probe = Probe(**(self.lift() or {}), c=1.0, h=0.0 if self.lstm else 1.0, steps=_STEPS)
        seen = []
        for _ in range(self.bench.times):
            self.bench.run(probe)
            if self.bench.sequence is None:
                return
            seen.append(self.bench.sequence[:, :, self.bench.readers] != 0)
        self.places["output"].steps = np.moveaxis(np.stack(seen), 2, 0).astype(float)
