"""A verdict: what the black-box experiment found, and which method comes nearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dropviz.core.masks import Array


@dataclass(frozen=True, eq=False)
class SiteVerdict:
    """What was found at one site that is masked.

    Attributes:
        site: A key of ``dropviz.core.methods.PLACES``.
        rate: Share of entries dropped, 0 to 1.
        rate_interval: Where the rate lies with 99.9 % confidence (Clopper & Pearson
            1934, on independent draws).
        life: "step" or "sequence"; None where it cannot be told.
        tying: "tied" or "untied"; "" at a site that gates do not share; None where it
            cannot be told.
        scaling: "inverted", "test-time", "expectation", "none", or "other".
        kept: What kept entries are multiplied with in training.
        at_inference: What all entries are multiplied with at inference.
        gates: The gates that see the masks.
        same_over_samples: Whether all samples share a mask; None where it cannot be told.
        same_over_units: Whether a mask drops all units at once or none; None where it
            cannot be told.
        frozen: Whether the masks are the same in every call.
        notes: What else is to be said, in words; why something cannot be told.
        seen: Shape (samples, entries), True where dropped: a part of what was seen.
    """

    site: str
    rate: float
    rate_interval: tuple[float, float]
    life: str | None
    tying: str | None
    scaling: str
    kept: float
    at_inference: float
    gates: tuple[str, ...]
    same_over_samples: bool | None
    same_over_units: bool | None
    frozen: bool
    notes: tuple[str, ...] = ()
    seen: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What an experiment on a layer found.

    Attributes:
        layer: The layer's name.
        kind: "LSTM" or "GRU".
        sites: What was found at each site that is masked.
        active_at_inference: Whether anything is dropped at random at inference.
        method: The nearest method of the table; None where nothing is dropped.
        same_as: Other methods that do the same at these rates.
        differences: In words, where the layer differs from ``method``; empty where it
            is that method.
        doubts: What could not be told, and why.
        seconds: How long the experiment took.
        calls: How often the layer was run.
    """

    layer: str
    kind: str
    sites: Mapping[str, SiteVerdict]
    active_at_inference: bool
    method: str | None
    same_as: tuple[str, ...]
    differences: tuple[str, ...]
    doubts: tuple[str, ...]
    seconds: float
    calls: int
