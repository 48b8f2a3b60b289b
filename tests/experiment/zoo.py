"""A zoo of layers of which the truth is known: what an experiment from outside must find."""

from __future__ import annotations

from .zoo_gru import GRUS
from .zoo_right import RIGHT
from .zoo_truth import Factory, SiteTruth, Specimen
from .zoo_weights import WEIGHTS
from .zoo_wrong import WRONG

__all__ = ["GRUS", "RIGHT", "WEIGHTS", "WRONG", "ZOO", "Factory", "SiteTruth", "Specimen"]

ZOO: dict[str, Specimen] = {**WRONG, **WEIGHTS, **GRUS, **RIGHT}
