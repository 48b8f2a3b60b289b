"""Figure 4: losses by epoch: with dropout on and off, on validation data, as Keras reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from dropviz.figures import colours, curves_scene, theme
from dropviz.figures.curves_scene import ChangeMark, CurveLine, CurvesScene

_WIDTH, _HEIGHT = 820, 360
_TOLD = 4  # changes on the way that are put into words
_LINE = 0.075  # the height of such a line, as a share of the axes'
_LABEL = 0.08  # a label's height as a share of the axes'


def curves(
    runs: Mapping[str, Sequence[float]] | Sequence[Mapping[str, Sequence[float]]],
    epochs: int = 0,
    changes: Sequence[tuple[float, str]] = (),
    model: str = "",
) -> theme.Picture:
    """Draws the losses of training with dropout on and off, of validation, and as reported.

    Args:
        runs: The curves of one run; or those of several seeds, drawn as their median
            with a band from the smallest to the largest.
        epochs: Epochs to leave room for, while training goes on.
        changes: What was changed on the way: after how many epochs, and what.
        model: The model's name, where it is one of several.

    Returns:
        The picture, 820 x 360 CSS pixels.
    """
    return paint(curves_scene.of_runs(runs, epochs, changes, model))


def paint(scene: CurvesScene) -> theme.Picture:
    """Paints losses by epoch.

    Args:
        scene: What is drawn.

    Returns:
        The picture, 820 x 360 CSS pixels.
    """
    with theme.style():
        picture = theme.Picture(_WIDTH, _HEIGHT)
        axes = picture.add_axes((0.09, 0.14, 0.57, 0.70))
        for line in scene.lines:
            _draw(axes, line)
        rows = min(len(scene.changes), _TOLD)
        _frame(axes, scene, rows)
        _changes(axes, scene.changes, scene.epochs)
        _labels(axes, scene.lines, 1 - rows * _LINE)
        title = theme.plain(scene.title)
        axes.set_title(title, loc="left", fontsize=12.5, weight="bold", pad=26)
        how: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 10, "color": colours.MUTED}
        axes.text(0, 1.04, scene.caption, **how)
        picture.alt, picture.scene = scene.alt, scene
    return picture


def _ink(line: CurveLine) -> str:
    return colours.TONES[line.tone][0]


def _dashes(line: CurveLine) -> Any:
    return (0, line.dashes) if line.dashes else "-"


def _draw(axes: Axes, line: CurveLine) -> None:
    epochs = np.arange(1, len(line.values) + 1)
    if line.low:
        axes.fill_between(epochs, line.low, line.high, color=_ink(line), alpha=0.18, linewidth=0)
    axes.plot(
        epochs,
        line.values,
        color=_ink(line),
        linestyle=_dashes(line),
        linewidth=line.width,
        marker="o",
        markevery=_alone(line),
    )


def _alone(line: CurveLine) -> list[int]:
    """Epochs, from 0, that no line reaches: those before and after have no number."""
    finite = np.isfinite([np.nan, *line.values, np.nan])
    return np.flatnonzero(finite[1:-1] & ~finite[:-2] & ~finite[2:]).tolist()


def _changes(axes: Axes, changes: Sequence[ChangeMark], epochs: int) -> None:
    """Marks where rates were moved; of many moves, words for the last few."""
    for each in changes:
        axes.axvline(each.after, color=colours.MUTED, linewidth=1.1, linestyle=(0, (1, 2)))
    for row, each in enumerate(reversed(changes[-_TOLD:])):
        right = each.after > epochs * 0.5
        axes.annotate(
            theme.plain(each.says),
            (each.after, 1 - _LINE * row),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, -1),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=9.5,
            color=colours.MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


def _frame(axes: Axes, scene: CurvesScene, rows: int) -> None:
    drawn = [value for line in scene.lines for value in (*line.values, *line.low, *line.high)]
    finite = [value for value in drawn if np.isfinite(value)]
    top, low = max([0.0, *finite]), min([0.0, *finite])
    room = 0.06 * (top - low) or 1.0
    # Words about changes stand above the lines.
    top += (top - low) * rows * _LINE / (1 - rows * _LINE)
    # From zero, so that a small gain does not look large.
    axes.set(
        xlim=(0 if rows else 0.8, scene.epochs + 0.2),
        ylim=(low - room if low else 0, top + room),
    )
    # Not matplotlib's own, which puts a factor where the caption stands.
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(scene.x_label, fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=10)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)


def _labels(axes: Axes, lines: Sequence[CurveLine], top: float) -> None:
    """Names each line at its end, pushed apart where lines end close together."""
    ends = [([value for value in line.values if np.isfinite(value)][-1], line) for line in lines]
    low, high = axes.get_ylim()
    ends.sort(key=lambda end: end[0])
    places = _apart([(value - low) / (high - low) for value, _ in ends], top)
    for place, (_, line) in zip(places, ends, strict=True):
        # A sample of the line: in grey, words alone would not say whose end this is.
        axes.add_artist(
            PathPatch(
                Path([(1.02, place), (1.075, place)]),
                transform=axes.transAxes,
                clip_on=False,
                edgecolor=_ink(line),
                linestyle=_dashes(line),
                linewidth=line.width,
            )
        )
        words = f"{line.last}  {line.label}"
        axes.text(1.09, place, words, transform=axes.transAxes, va="center", fontsize=10)


def _apart(wanted: Sequence[float], top: float) -> list[float]:
    """Heights for labels, from below, that lie a label's height apart and below some height."""
    places: list[float] = []
    for number, place in enumerate(wanted):
        most = top - _LABEL * (len(wanted) - number - 0.5)
        lowest = places[-1] + _LABEL if places else -np.inf
        places.append(max(min(place, most), lowest))
    return places
