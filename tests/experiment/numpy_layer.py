"""A recurrent layer in NumPy that masks as a truth of the zoo says, and notes its masks.

It answers as a layer of Keras does to the harness, a hundred times as fast, so that every
kind of mask can be looked for in the fast tests, and what is read is held against the masks
that were used, bit by bit. That layers of Keras are told as well is tested on the zoo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dropviz.core import oracle
from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.core.masks import Array
from dropviz.core.methods import METHODS
from dropviz.core.sites import SITES
from dropviz.core.verdict import Verdict
from dropviz.experiment.experiment import find_all_masks
from dropviz.experiment.explain import verdict_of
from dropviz.experiment.harness import Harness
from dropviz.experiment.observe import Observer
from dropviz.experiment.unit_roles import roles

from .zoo_methods import is_method
from .zoo_truth import SiteTruth, Specimen


@dataclass
class NumPyLayer:
    """An LSTM or a GRU, masked.

    Attributes:
        truths: What masks where; sites of the oracle.
        kind: "LSTM" or "GRU".
        units: Its units.
        features: Its inputs.
        bias: Whether it has one.
        reset_after: As of Keras's GRU.
        backwards: Whether it runs from the last step to the first.
        active: Whether it masks at inference too.
        sequences: Whether it gives out all steps.
        seed: Of its masks.
        used: For each call, by site, what multiplied: (steps, gates or 1, samples, entries).
    """

    truths: Sequence[SiteTruth] = ()
    kind: str = "LSTM"
    units: int = 4
    features: int = 3
    bias: bool = True
    reset_after: bool = True
    backwards: bool = False
    active: bool = False
    sequences: bool = True
    seed: int = 0
    used: list[dict[str, Array]] = field(default_factory=list)
    name: str = "numpy"
    compute_dtype: str = "float32"
    stateful: bool = False

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._weights: list[Array] = []

    @property
    def gates(self) -> tuple[str, ...]:
        return LSTM_GATES if self.kind == "LSTM" else GRU_GATES

    @property
    def bias_shape(self) -> tuple[int, ...] | None:
        width = len(self.gates) * self.units
        twice = self.kind == "GRU" and self.reset_after
        return ((2, width) if twice else (width,)) if self.bias else None

    def set_weights(self, weights: Sequence[Array]) -> None:
        self._weights = [np.asarray(each, float) for each in weights]

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        inputs = np.asarray(x, float)[:, :: -1 if self.backwards else 1]
        h, *c = (np.asarray(each, float) for each in initial_state)
        masks = self._masks(*inputs.shape[:2], training=training)
        self.used.append(masks)
        if self.kind == "LSTM":
            done = oracle.lstm(self._weights, inputs, masks, h=h, c=c[0])
        else:
            done = oracle.gru(self._weights, inputs, masks, h=h, reset_after=self.reset_after)
        outputs = done.outputs if self.sequences else done.outputs[:, -1]
        return outputs.astype("float32")

    def _masks(self, samples: int, steps: int, *, training: bool) -> dict[str, Array]:
        masks: dict[str, Array] = {}
        for truth in self.truths:
            if not (training or self.active):
                masks[truth.site] = self._resting(truth)
            elif truth.same_mask_as:
                # Of a mask that is wider than x, x meets as many entries as it has.
                width = self.features if truth.site == "input" else None
                masks[truth.site] = masks[truth.same_mask_as][..., :width].copy()
            else:
                masks[truth.site] = self._drawn(truth, samples, steps)
            if (training or self.active) and truth.steps == "later":
                # What was given out is read by the step after.
                masks[truth.site][1:] = masks[truth.site][:-1].copy()
                masks[truth.site][0] = 1
        return masks

    def _resting(self, truth: SiteTruth) -> Array:
        matrix = SITES[truth.site].matrix
        shape = 1, len(self.gates) if truth.tying else 1, 1, self.units**2 if matrix else 1
        mask = np.full(shape, truth.at_inference)
        mask[:, self._unseen(truth)] = 1
        return mask

    def _unseen(self, truth: SiteTruth) -> list[int]:
        """The numbers of the gates that see no masks."""
        return [n for n, gate in enumerate(self.gates) if truth.tying and gate not in truth.gates]

    def _drawn(self, truth: SiteTruth, samples: int, steps: int) -> Array:
        matrix = SITES[truth.site].matrix
        width = {"input": self.features}.get(truth.site, self.units**2 if matrix else self.units)
        shape = (
            steps if truth.life == "step" else 1,
            len(self.gates) if truth.tying == "untied" else 1,
            1 if truth.same_over_samples or matrix else samples,
            1 if truth.same_over_units else width,
        )
        random = np.random.default_rng(self.seed) if truth.frozen else self._random
        if truth.gaussian:
            values = random.normal(1, (truth.rate / (1 - truth.rate)) ** 0.5, shape)
        else:
            values = np.where(random.random(shape) < truth.rate, 0.0, truth.kept)
        many = len(self.gates) if truth.tying else 1
        mask = np.broadcast_to(values, (steps, many, 1 if matrix else samples, width)).copy()
        mask[:, self._unseen(truth)] = 1
        if truth.steps == "first":
            mask[1:] = 1
        return mask


def observer_of(layer: NumPyLayer, *, samples: int = Harness.samples) -> Observer:
    """Mounts a layer, with nothing found so far."""
    harness = Harness(
        layer, layer.kind, layer.gates, layer.features, layer.units, layer.bias_shape, samples
    )
    harness.find_direction()
    return Observer(harness)


def explained(layer: NumPyLayer) -> Verdict:
    """The verdict of the whole experiment."""
    observer = observer_of(layer)
    find_all_masks(observer)
    return verdict_of(observer, layer.name)


def specimen_of(layer: NumPyLayer, **how: Any) -> Specimen:
    """The truth about a layer, with the methods that it is."""
    make: Any = None
    sites = {truth.site: truth for truth in layer.truths}
    about = {"kind": layer.kind, "active_at_inference": layer.active, **how}
    nameless = Specimen(make, sites, units=layer.units, features=layer.features, **about)
    methods = tuple(method for method in METHODS if is_method(nameless, method))
    return Specimen(make, sites, methods, units=layer.units, features=layer.features, **about)


def dropped_entries(
    layer: NumPyLayer, calls: int, site: str, gate: int | None = None, step: int = 0
) -> Array:
    """What was dropped in the last calls of the entry that each reader reads.

    Args:
        layer: The layer.
        calls: How many of its last calls.
        site: The site.
        gate: The gate; None where all gates share a mask.
        step: The time step.

    Returns:
        Shape (calls, samples, readers): 1 dropped, 0 kept.
    """
    dealt = roles(layer.units, layer.features)
    entries = {
        "input": [each.feature for each in dealt],
        "recurrent": [each.source for each in dealt],
    }.get(site, [each.reader for each in dealt])
    masks = [used[site][step, gate or 0] for used in layer.used[-calls:]]
    return np.stack([mask[:, entries] == 0 for mask in masks]).astype(float)
