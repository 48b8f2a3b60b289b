"""Layers in NumPy drawn by chance: one mask or two, anywhere, of any kind and size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.tables import GATED, LIVES, ZONED

from .numpy_layer import NumPyLayer
from .zoo_truth import SiteTruth, at

Rng = np.random.Generator

_RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
_UNITS = (1, 1, 2, 2, 3, 4, 4, 5, 8, 16, 33, 64)
_FEATURES = (1, 1, 2, 3, 5, 16)
_LSTM = (
    *("input", "recurrent", "candidate", "cell", "carried", "output"),
    *("recurrent_kernel", "hidden_update", "cell_update"),
)
_GRU = ("input", "recurrent", "candidate", "cell", "carried", "output", "hidden_update")
# An arrow and one place more, as methods have it; and both of zoneout.
_SECOND = ("input", "input", "input", "recurrent")


def draw_layer(number: int) -> NumPyLayer:
    """Draws a layer; the same number gives the same layer."""
    rng = np.random.default_rng(number)
    kind = "LSTM" if rng.random() < 0.75 else "GRU"
    places = _LSTM if kind == "LSTM" else _GRU
    chosen = [str(rng.choice(places))]
    if rng.random() < 0.5:
        chosen.append("input" if chosen[0] == "recurrent_kernel" else str(rng.choice(_SECOND)))
    if chosen[0] == "cell_update" and rng.random() < 0.5:
        chosen[1:] = ["hidden_update"]
    units, features = int(rng.choice(_UNITS)), int(rng.choice(_FEATURES))
    truths = [_truth(rng, site, kind, min(units, features)) for site in dict.fromkeys(chosen)]
    active = len(truths) == 1 and truths[0].scaling in ("inverted", "none")
    return NumPyLayer(
        truths,
        kind,
        units=units,
        features=features,
        bias=kind == "GRU" or bool(rng.random() < 0.75),
        reset_after=bool(rng.random() < 0.5),
        backwards=bool(rng.random() < 0.25),
        sequences=bool(rng.random() < 0.75),
        active=active and bool(rng.random() < 0.1),
        seed=int(rng.integers(1_000_000)),
    )


def _truth(rng: Rng, site: str, kind: str, entries: int) -> SiteTruth:
    zoned, kernel = site in ZONED, site == "recurrent_kernel"
    scaling = "expectation" if zoned else str(rng.choice(["inverted", "test-time", "none"]))
    how: dict[str, Any] = {"tying": "untied" if kernel or rng.random() < 0.5 else "tied"}
    how["same_over_samples"] = kernel or bool(rng.random() < 0.1)
    if not kernel and not zoned:
        odd = rng.random()
        how["same_over_units"] = bool(odd < 0.06) and entries > 3
        how["frozen"] = bool(0.06 <= odd < 0.12) and not how["same_over_samples"]
    made = at(
        site,
        rate=float(rng.choice(_RATES)),
        life=str(rng.choice(LIVES)),
        scaling=scaling,
        kind=kind,
        **how,
    )
    if site in GATED and not kernel and rng.random() < 0.1:
        some = [gate for gate in made.gates if rng.random() < 0.5]
        made = replace(made, gates=tuple(some) or made.gates)
    return made
