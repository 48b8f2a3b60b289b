"""Figure 3, the mask atlas: site x gate, units across and samples down."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from dropviz.core.layer_recording import LayerRecording
from dropviz.figures import atlas_scene, colours, theme
from dropviz.figures.atlas_scene import AtlasRow, AtlasScene, Heatmap
from dropviz.figures.text_fit import fitted

# Dropped and kept.
TWO_TONES = ListedColormap([colours.DROPPED, colours.KEPT])
_WIDTH = 880
_TOP, _BOTTOM, _LEFT, _RIGHT = 62, 48, 70, 16
_TITLE, _WORDS, _BETWEEN = 44, 44, 16
_REASON = 236  # CSS pixels from the left, clear of the longest name of a site
_ROOM = 64  # CSS pixels that an axis needs for its name between two numbers
_SIGNS = {"kept": 16, "dropped": 86, "": 174}  # where each line of the legend begins


def atlas(
    recorded: LayerRecording, batch: int = -1, sample: int = 0, gate: str | None = None
) -> theme.Picture:
    """Draws the masks of one batch: a row for each site, a panel for each gate.

    Units run across. Samples run down; or time steps, those of one sample, where each
    step has a mask of its own.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: The first sample that is shown, or the one whose steps are.
        gate: The gate to show, larger; all of them by default.

    Returns:
        The picture, 880 CSS pixels wide.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    return paint(atlas_scene.of_recording(recorded, batch, sample, gate))


def paint(scene: AtlasScene) -> theme.Picture:
    """Paints the mask atlas.

    Args:
        scene: What is drawn.

    Returns:
        The picture, 880 CSS pixels wide.
    """
    heights = [_row_height(scene, row) for row in scene.rows]
    height = _TOP + sum(heights) + _BETWEEN * (len(heights) - 1) + _BOTTOM
    with theme.style():
        picture, page = theme.canvas(_WIDTH, height)
        page.text(16, height - 26, theme.plain(scene.title), fontsize=15, weight="bold")
        for line in scene.lines:
            page.text(16, height - 45, theme.plain(line), fontsize=10.5, color=colours.MUTED)
        top = height - _TOP
        for row, high in zip(scene.rows, heights, strict=True):
            _row(picture, page, row, _sizes(scene, row), top, high)
            top -= high + _BETWEEN
        for sign in scene.legend:
            _sign(page, sign.sign, sign.says)
        picture.alt, picture.scene = scene.alt, scene
    return picture


def _reason(row: AtlasRow) -> list[str]:
    return textwrap.wrap(theme.plain(row.reason), 78)


def _row_height(scene: AtlasScene, row: AtlasRow) -> float:
    if row.reason:
        return 18 + 16 * len(_reason(row))
    return _TITLE + _sizes(scene, row)[1] + _WORDS


def _sizes(scene: AtlasScene, row: AtlasRow) -> tuple[float, float]:
    """Width and height of the panels of a row."""
    if not row.panels:
        return 0, 0
    width = (_WIDTH - _LEFT - _RIGHT) / (2 if scene.gate else 4) - 14
    first = row.panels[0]
    # A panel of few units is not blown up to bricks.
    side = min(width / first.columns, 12.0)
    return side * first.columns, min(side, 9.0) * first.rows


def _row(
    picture: theme.Picture,
    page: Axes,
    row: AtlasRow,
    size: tuple[float, float],
    top: float,
    high: float,
) -> None:
    ink = colours.on_white(row.colour)
    name = f"{row.site}  {row.symbol}"
    page.text(16, top - 14, name, fontsize=12, weight="bold", color=ink)
    for number, line in enumerate(_reason(row)):
        page.text(_REASON, top - 14 - 16 * number, line, fontsize=10.5, color=colours.MUTED)
    page_width, page_height = picture.size
    bottom = (top - _TITLE - size[1]) / page_height
    for number, panel in enumerate(row.panels):
        left = (_LEFT + number * ((_WIDTH - _LEFT - _RIGHT) / 4)) / page_width
        axes = picture.add_axes((left, bottom, size[0] / page_width, size[1] / page_height))
        _heatmap(axes, row, panel, size, first=number == 0)
        axes.set_title(theme.plain(panel.title), fontsize=10.5, loc="left", pad=4)
    if row.says:
        fitted(page, _LEFT, top - high + 6, row.says, _WIDTH - _LEFT - _RIGHT, 10.5)


def _heatmap(
    axes: Axes, row: AtlasRow, panel: Heatmap, size: tuple[float, float], *, first: bool
) -> None:
    kept, (width, height) = panel.kept, size
    draw_kept(axes, kept, 0.5 * min(height / panel.rows, 12))
    axes.set(xlim=(0, panel.columns), ylim=(panel.rows, 0))
    axes.set_xticks(*_ends(panel.columns, width))
    axes.set_yticks(*(_ends(panel.rows, height, row.begin) if first else ([], [])))
    axes.tick_params(length=0, labelsize=9, pad=2)
    axes.spines[:].set_visible(False)
    if first and height > _ROOM:
        axes.set_ylabel(row.down, fontsize=9.5, labelpad=1, color=colours.MUTED)
    if width > _ROOM:
        axes.set_xlabel(row.across, fontsize=9.5, labelpad=-9, color=colours.MUTED)


def draw_kept(axes: Axes, kept: NDArray[np.bool_], cross: float) -> None:
    """Draws a unit of a mask in each square: dark where kept, light with a cross where dropped.

    Args:
        axes: Where to draw.
        kept: Whether each is kept, shape (rows, units).
        cross: CSS pixels of a cross, half a square, so that small squares stay light.
    """
    axes.pcolormesh(kept, cmap=TWO_TONES, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    row, unit = (~kept).nonzero()
    size = cross * 72 / theme.DPI
    axes.scatter(unit + 0.5, row + 0.5, marker="x", s=size**2, linewidths=0.7, color=colours.CROSS)


def _ends(count: int, pixels: float, begin: int = 0) -> tuple[list[float], list[str]]:
    """The first and the last number of an axis, as far as there is room for them."""
    low, high = str(begin + 1), str(begin + count)
    if count == 1 or pixels < _ROOM / 2:
        return [count / 2], [low if count == 1 else f"{low}-{high}"]
    return [0.5, count - 0.5], [low, high]


def _sign(page: Axes, sign: str, says: str) -> None:
    x, y = _SIGNS[sign], 18
    if sign:
        colour = colours.KEPT if sign == "kept" else colours.DROPPED
        page.scatter([x + 5], [y], marker="s", s=70, color=[colour], zorder=3)
    if sign == "dropped":
        page.scatter([x + 5], [y], marker="x", s=18, linewidths=1, color=colours.CROSS, zorder=4)
    page.text(x + 16, y, says, va="center", fontsize=10, color=colours.MUTED)
