"""Data in, a matplotlib ``Figure`` out: no pyplot, no Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dropviz.core.runs import Run
from dropviz.core.views import FIGURES

if TYPE_CHECKING:
    from dropviz.figures.theme import Picture


def _where(run: Run) -> Picture:
    from dropviz.figures.diagram import where

    return where(run.recording.first)


def _masks(run: Run) -> Picture:
    from dropviz.figures.heatmaps import atlas

    return atlas(run.recording.first)


def _curves(run: Run) -> Picture:
    from dropviz.figures.curves import curves

    return curves(run.curves)


# Named here and loaded when drawn: matplotlib takes half a second to import.
FIGURES.update(where=_where, masks=_masks, curves=_curves)
