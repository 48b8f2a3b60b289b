"""Data in, a matplotlib ``Figure`` out: no pyplot, no Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dropviz.core.comparison import Comparison
from dropviz.core.display_registry import FIGURES, FIGURES_OF
from dropviz.core.doubt import Doubt
from dropviz.core.runs import Run
from dropviz.core.sweep_result import Sweep
from dropviz.errors import DropvizError

if TYPE_CHECKING:
    from dropviz.core.layer_recording import LayerRecording
    from dropviz.figures.theme import Picture


def _first(run: Run) -> LayerRecording:
    return run.layer_to_draw(run.recording.first.layer)


def _where(run: Run) -> Picture:
    from dropviz.figures.unrolled import where

    return where(_first(run))


def _masks(run: Run) -> Picture:
    from dropviz.figures.heatmaps import atlas

    return atlas(_first(run))


def _curves(run: Run) -> Picture:
    from dropviz.figures.curves import curves

    return curves(run.curves, model=run.name)


def _cell(run: Run) -> Picture:
    from dropviz.figures.cell import cell

    layer = run.layers[run.recording.first.layer]
    if layer.drawn_only:
        raise DropvizError(
            f"Which edges of {layer.layer!r} its masks multiply is not known: its code is not "
            'Keras\'s own, and NumPy does not vouch for it. Try run.figure("masks").'
        )
    if layer.kind != "LSTM":
        raise DropvizError(
            f"The cell that is drawn is an LSTM's. Received: {layer.layer!r}, of kind "
            f'{layer.kind}. Try run.figure("where").'
        )
    return cell(layer.setting)


def _fan(doubt: Doubt) -> Picture:
    from dropviz.figures.fan import fan

    return fan(doubt)


def _map(sweep: Sweep) -> Picture:
    from dropviz.figures.rate_map import rate_map

    return rate_map(sweep)


def _margins(sweep: Sweep) -> Picture:
    from dropviz.figures.rate_map import margins

    return margins(sweep)


def _differences(comparison: Comparison) -> Picture:
    from dropviz.figures.comparison import differences

    return differences(comparison)


def _compared(comparison: Comparison) -> Picture:
    from dropviz.figures.comparison import curves

    return curves(comparison)


# Named here and loaded when drawn: matplotlib takes half a second to import.
FIGURES.update(where=_where, masks=_masks, curves=_curves, cell=_cell)
FIGURES_OF.setdefault(Run, FIGURES)
FIGURES_OF.setdefault(Doubt, {"fan": _fan})
FIGURES_OF.setdefault(Sweep, {"map": _map, "margins": _margins})
FIGURES_OF.setdefault(Comparison, {"differences": _differences, "curves": _compared})
