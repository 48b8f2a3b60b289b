"""Gates and states of one sequence through time, from a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dropviz.core.gates import CANDIDATE, titled
from dropviz.core.masks import Array
from dropviz.core.sentences import counted
from dropviz.core.trace_result import Trace
from dropviz.figures import theme
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
    panels = [
        (titled(name), values[sample], -1.0 if name == CANDIDATE else 0.0)
        for name, values in trace.gates.items()
    ]
    states = [("c  cell state", trace.c)] if trace.c is not trace.h else []
    panels += [(name, values[sample], -1.0) for name, values in [*states, ("h  state", trace.h)]]
    with theme.style():
        picture, page = theme.canvas(_WIDTH, _HEIGHT)
        page.text(28, _HEIGHT - 30, "Gates and states through time", fontsize=15, weight="bold")
        masks = "masks on" if trace.proof.training else "dropout off"
        said = f"one sequence through {theme.shortened(trace.layer, 60)}, {masks}"
        page.text(
            28, _HEIGHT - 51, f"{said}; each panel: units down", fontsize=10, color=theme.MUTED
        )
        for number, (title, values, low) in enumerate(panels):
            _panel(picture, number, theme.plain(title), values, low)
        fitted(page, 28, 16, trace.proof.sentence, _WIDTH - 56, 10, color=theme.MUTED)
        picture.alt = _alt(trace, panels)
    return picture


def _panel(picture: theme.Picture, number: int, title: str, values: Array, low: float) -> None:
    column, row = number % 3, number // 3
    bottom = _HEIGHT - _TOP - row * _ROW - _DOWN + 22
    left = _LEFT + column * (_ACROSS + 36)
    axes = picture.add_axes(
        (left / _WIDTH, bottom / _HEIGHT, (_ACROSS - 26) / _WIDTH, _DOWN / _HEIGHT)
    )
    # A cell state may leave -1..1; its panel says how far.
    far = max(1.0, float(np.abs(values).max()))
    limits = (-far, far) if low else (0.0, 1.0)
    drawn = axes.pcolormesh(
        values.T, cmap="cividis" if low else "viridis", vmin=limits[0], vmax=limits[1]
    )
    steps, units = values.shape
    axes.set(ylim=(units, 0))
    axes.set_xticks(*_ends(steps))
    axes.set_yticks(*_ends(units))
    # Within the panel's height, clear of the numbers below it.
    for last, label in enumerate(axes.get_yticklabels()):
        label.set_verticalalignment("bottom" if last else "top")
    axes.tick_params(length=0, labelsize=9, pad=2)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11, loc="left", pad=4)
    if row and steps > 1:  # a single number stands in its place
        axes.set_xlabel("time step", fontsize=9.5, labelpad=-8, color=theme.MUTED)
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


def _alt(trace: Trace, panels: list[tuple[str, Array, float]]) -> str:
    parts = [
        f"{title.replace('  ', ', ')} {values.min():.2f} to {values.max():.2f}, "
        f"{values.mean():.2f} on average"
        for title, values, _ in panels
    ]
    steps, units = panels[0][1].shape
    size = f"{counted(units, 'unit')} over {counted(steps, 'time step')}"
    return f"Gates and states of {trace.layer}, {size}: {'; '.join(parts)}. {trace.proof.sentence}"
