"""Scenes of a moment: the pictures of the lab as plain data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.opened_batch import OpenedBatch
from dropviz.figures import atlas_scene, cell_scene, curves_scene, unrolled_scene
from dropviz.figures.arrow_numbers import with_numbers
from dropviz.figures.atlas_scene import AtlasScene
from dropviz.figures.cell_scene import CellScene
from dropviz.figures.curves_scene import CurvesScene
from dropviz.figures.unrolled_parts import DIGITS, LISTED, UnrolledScene
from dropviz.jupyter.lab.moment import Moment

_VALUES = {
    "i": ("input gate", 0.0),
    "f": ("forget gate", 0.0),
    "g": ("candidate", -1.0),
    "o": ("output gate", 0.0),
    "c": ("memory after the step", -1.0),
    "h": ("output after the step", -1.0),
}


def where(moment: Moment) -> UnrolledScene:
    """The LSTM unrolled: a plan, or the masks of the newest batch with its numbers."""
    layer, opened = moment.layer, moment.opened_shown
    if layer is None or not moment.current:
        steps, features = moment.shape
        return unrolled_scene.of_plan(moment.spec.setting, moment.spec.units, features, steps)
    made = unrolled_scene.of_recording(layer, sample=moment.shown_sample)
    return with_numbers(made, opened) if opened is not None else made


def masks(moment: Moment, layer: LayerRecording) -> AtlasScene:
    """The masks of the newest batch."""
    return atlas_scene.of_recording(layer, -1, moment.shown_sample, moment.gate)


def losses(moment: Moment) -> CurvesScene:
    """The losses by epoch; the last one may be of an epoch under way."""
    curves = moment.curves
    for reported in moment.unfinished:
        curves = curves.extended(reported)
    under_way = len(moment.unfinished)
    made = curves_scene.of_runs(curves, moment.epochs, moment.moved(), under_way=under_way)
    if not under_way:
        return made
    return replace(made, caption=f"{made.caption} The last point is of the epoch under way.")


def cell(moment: Moment) -> CellScene:
    """The inside of a cell: of the batch that is shown, or of what the controls ask for."""
    beside = moment.layer if moment.opened is not None or moment.training else None
    return cell_scene.of_settings(beside.setting if beside is not None else moment.spec.setting)


def values(opened: OpenedBatch) -> list[dict[str, Any]]:
    """Gates and states of a sequence at each step, for the front end.

    Args:
        opened: The sequence.

    Returns:
        For each its "name", what it is, the range of its bars, and "values" by step and unit.
    """
    every = {**{name: opened.gates[name] for name in LSTM_GATES}, "c": opened.c, "h": opened.h}
    rows = []
    for name, (says, low) in _VALUES.items():
        high = max(1.0, float(np.abs(every[name]).max()))
        numbers = np.round(every[name][:, :LISTED], DIGITS).tolist()
        rows.append(
            {"name": name, "says": says, "low": low * high, "high": high, "values": numbers}
        )
    return rows
