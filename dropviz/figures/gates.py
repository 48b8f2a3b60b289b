"""Gates and states of one sequence through time, from a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dropviz.core.trace_result import Trace
from dropviz.figures import colours, gates_scene, theme
from dropviz.figures.gates_scene import GatesPanel, GatesScene
from dropviz.figures.text_fit import fitted

_WIDTH, _HEIGHT = 880, 486
_LEFT, _ACROSS, _DOWN = 58, 246, 128
_TOP, _ROW = 112, 178  # of the first row of panels, and from one row to the next
_WIDE = 10  # from here on a decimal of a limit tells nothing


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
            _panel(picture, number, panel)
        fitted(page, 28, 16, proof, _WIDTH - 56, 10, color=colours.MUTED)
        picture.alt, picture.scene = scene.alt, scene
    return picture


def _panel(picture: theme.Picture, number: int, panel: GatesPanel) -> None:
    column, row = number % 3, number // 3
    bottom = _HEIGHT - _TOP - row * _ROW - _DOWN + 22
    left = _LEFT + column * (_ACROSS + 36)
    axes = picture.add_axes(
        (left / _WIDTH, bottom / _HEIGHT, (_ACROSS - 26) / _WIDTH, _DOWN / _HEIGHT)
    )
    limits = panel.low, panel.high
    drawn = axes.pcolormesh(
        np.array(panel.values).T,
        cmap="cividis" if panel.signed else "viridis",
        vmin=limits[0],
        vmax=limits[1],
    )
    axes.set(ylim=(panel.units, 0))
    axes.set_xticks(*_ends(panel.steps))
    axes.set_yticks(*_ends(panel.units))
    # Within the panel's height, clear of the numbers below it.
    for last, label in enumerate(axes.get_yticklabels()):
        label.set_verticalalignment("bottom" if last else "top")
    axes.tick_params(length=0, labelsize=9, pad=2)
    axes.spines[:].set_visible(False)
    axes.set_title(theme.plain(panel.title), fontsize=11, loc="left", pad=4)
    if row and panel.steps > 1:  # a single number stands in its place
        axes.set_xlabel("time step", fontsize=9.5, labelpad=-8, color=colours.MUTED)
    _scale(picture, axes, drawn, limits)


def _scale(picture: theme.Picture, axes: Axes, drawn: Any, limits: tuple[float, float]) -> None:
    place = axes.get_position()
    bar = picture.add_axes((place.x1 + 5 / _WIDTH, place.y0, 7 / _WIDTH, place.height))
    picture.colorbar(drawn, cax=bar)
    bar.set_yticks(
        limits, [f"{limit:.0f}" if abs(limit) >= _WIDE else f"{limit:.2g}" for limit in limits]
    )
    bar.tick_params(length=0, labelsize=8.5, pad=1)
    bar.spines[:].set_visible(False)


def _ends(count: int) -> tuple[list[float], list[str]]:
    """The first and the last number of an axis."""
    numbers = [1, count] if count > 1 else [1]
    return [number - 0.5 for number in numbers], [str(number) for number in numbers]
