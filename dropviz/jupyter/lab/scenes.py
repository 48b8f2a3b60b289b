"""Scenes of a moment: the pictures of the lab as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.sites import SITES
from dropviz.figures.scene import plain_data
from dropviz.jupyter.lab.moment import Moment

Scene = dict[str, Any]

_UNITS = 32  # of which numbers are shown
_DIGITS = 4
_VALUES = {
    "i": ("input gate", 0.0),
    "f": ("forget gate", 0.0),
    "g": ("candidate", -1.0),
    "o": ("output gate", 0.0),
    "c": ("memory after the step", -1.0),
    "h": ("output after the step", -1.0),
}


def where(moment: Moment) -> Scene:
    """The LSTM unrolled: a plan, or the masks of the newest batch with its numbers."""
    from dropviz.figures.unrolled_scene import of_plan, of_recording

    layer = moment.layer
    if layer is None or not moment.current:
        steps, features = moment.shape
        return dict(plain_data(of_plan(moment.spec.setting, moment.spec.units, features, steps)))
    made: Scene = plain_data(of_recording(layer, sample=_sample(layer, moment.sample)))
    return _with_numbers(made, moment.opened) if moment.opened is not None else made


def masks(moment: Moment, layer: LayerRecording) -> Scene:
    """The masks of the newest batch."""
    from dropviz.figures.atlas_scene import of_recording

    return dict(plain_data(of_recording(layer, -1, _sample(layer, moment.sample), moment.gate)))


def losses(moment: Moment) -> Scene:
    """The losses by epoch; the last one may be of an epoch under way."""
    from dropviz.figures.curves_scene import of_runs

    curves = moment.curves
    if moment.so_far:
        curves = curves.extended(moment.so_far)
    made: Scene = plain_data(of_runs(curves, moment.epochs, moment.moved()))
    if moment.so_far:
        made["caption"] = f"{made['caption']}; the last point is of the epoch under way"
    return made


def cell(moment: Moment) -> Scene:
    """The inside of a cell of the method that is set."""
    from dropviz.figures.cell_scene import of_settings

    return dict(plain_data(of_settings(moment.spec.setting)))


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
        numbers = np.round(every[name][:, :_UNITS], _DIGITS).tolist()
        rows.append(
            {"name": name, "says": says, "low": low * high, "high": high, "values": numbers}
        )
    return rows


def _sample(layer: LayerRecording, sample: int) -> int:
    return min(sample, layer.require_batch().batch_sizes[-1] - 1)


def _with_numbers(scene: Scene, opened: OpenedBatch) -> Scene:
    """Puts on every arrow what it carried before its mask, and what was left of it after."""
    carried = {"x": opened.x, "h": opened.h, "c": opened.c, "g": opened.gates["g"], "up": opened.h}
    for arrow in scene["arrows"]:
        name, step = arrow["arrow"], arrow["step"]
        site = None if arrow["mask"] is None else scene["masks"][arrow["mask"]]["site"]
        # There the masked value replaces the one before, or weights are masked and no value.
        if site is not None and (SITES[site].zoned or SITES[site].matrix or site == "cell"):
            continue
        before = carried[name][step - 1 if name in ("h", "c") else step]
        arrow["before"] = _rounded(before)
        if site is not None:
            mask = opened.masks[site]
            at = min(step + SITES[site].arrows[name], len(mask) - 1)
            arrow["after"] = [_rounded(before * gate) for gate in mask[at]]
    return scene


def _rounded(numbers: Array) -> list[float]:
    return [round(float(each), _DIGITS) for each in numbers[:_UNITS]]
