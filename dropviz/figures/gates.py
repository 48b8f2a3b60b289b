"""Gates and states of one sequence through time, from a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dropviz.core.trace_result import Trace
from dropviz.figures import colours, gates_scene, shapes, theme
from dropviz.figures.gates_scene import GatesPanel, GatesScene
from dropviz.figures.text_fit import fitted

_WIDTH, _HEIGHT = 880, 486
_LEFT, _ACROSS, _DOWN = 58, 246, 128
_WIDE = _ACROSS - 26  # of a panel, without its scale
_TOP, _ROW = 112, 178  # of the first row of panels, and from one row to the next
_FAR = 10  # from here on a decimal of a limit tells nothing
_SHADES = 128  # of a scale: one a pixel


def gates(trace: Trace, sample: int = 0) -> theme.Picture:
    """Draws every gate and state of one sequence: units down, time steps across.

    Args:
        trace: The pass, opened.
        sample: Position in the batch.

    Returns:
        The picture, 880 x 486 CSS pixels.
    """
    return paint(gates_scene.of_trace(trace, sample))


def paint(scene: GatesScene) -> theme.Picture:
    """Paints gates and states.

    Args:
        scene: What is drawn.

    Returns:
        The picture, 880 x 486 CSS pixels.
    """
    with theme.style():
        picture, page = theme.canvas(_WIDTH, _HEIGHT)
        page.text(28, _HEIGHT - 30, scene.title, fontsize=15, weight="bold")
        said, proof = map(theme.plain, scene.lines)
        page.text(28, _HEIGHT - 51, said, fontsize=10, color=colours.MUTED)
        for number, panel in enumerate(scene.panels):
            _panel(page, number, panel)
        fitted(page, 28, 16, proof, _WIDTH - 56, 10, color=colours.MUTED)
        picture.alt, picture.scene = scene.alt, scene
    return picture


def _panel(page: Axes, number: int, panel: GatesPanel) -> None:
    column, row = number % 3, number // 3
    left, top = _LEFT + column * (_ACROSS + 36), _HEIGHT - _TOP - row * _ROW + 22
    cmap = "cividis" if panel.signed else "viridis"
    page.text(left, top + 6, theme.plain(panel.title), fontsize=11)
    values = np.array(panel.values).T
    limits = {"vmin": panel.low, "vmax": panel.high}
    shapes.heat(page, (left, top), (_WIDE, _DOWN), values, cmap=cmap, **limits)
    for place, step in _ends(panel.steps, _WIDE):
        _number(page, left + place, top - _DOWN - 3, step, ha="center", va="top")
    # Within the panel's height, clear of the numbers below it.
    for (place, unit), side in zip(_ends(panel.units, _DOWN), ("top", "bottom"), strict=False):
        _number(page, left - 3, top - place, unit, ha="right", va=side)
    if row and panel.steps > 1:  # a single number stands in its place
        words = {"fontsize": 9.5, "color": colours.MUTED, "ha": "center", "va": "top"}
        page.text(left + _WIDE / 2, top - _DOWN - 3, "time step", words)
    _scale(page, left + _WIDE + 5, top, cmap, limits)


def _scale(page: Axes, left: float, top: float, cmap: str, limits: Mapping[str, float]) -> None:
    low, high = limits.values()
    shades = np.linspace(high, low, _SHADES)[:, np.newaxis]
    shapes.heat(page, (left, top), (7, _DOWN), shades, cmap=cmap, **limits)
    for y, limit in ((top - _DOWN, low), (top, high)):
        said = f"{limit:.0f}" if abs(limit) >= _FAR else f"{limit:.2g}"
        _number(page, left + 8.5, y, said, fontsize=8.5, va="center_baseline")


def _number(page: Axes, x: float, y: float, said: str, **how: Any) -> None:
    page.text(x, y, said, {"fontsize": 9, "color": colours.MUTED} | how)


def _ends(count: int, pixels: float) -> list[tuple[float, str]]:
    """The first and the last number of an axis, and where they stand."""
    numbers = [1, count] if count > 1 else [1]
    return [((number - 0.5) * pixels / count, str(number)) for number in numbers]
