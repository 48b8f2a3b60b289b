"""Figure 3, the mask atlas: site x gate, units across and samples down."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from dropviz.core.layer_recording import LayerRecording
from dropviz.figures import atlas_scene, colours, shapes, theme
from dropviz.figures.atlas_scene import AtlasRow, AtlasScene, Heatmap
from dropviz.figures.text_fit import fitted, width

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
            _row(page, row, _sizes(scene, row), top, high)
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
    wide = (_WIDTH - _LEFT - _RIGHT) / (2 if scene.gate else 4) - 14
    first = row.panels[0]
    # A panel of few units is not blown up to bricks.
    side = min(wide / first.columns, 12.0)
    return side * first.columns, min(side, 9.0) * first.rows


def _row(
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
    for number, panel in enumerate(row.panels):
        corner = _LEFT + number * ((_WIDTH - _LEFT - _RIGHT) / 4), top - _TITLE
        page.text(corner[0], corner[1] + 6, theme.plain(panel.title), fontsize=10.5)
        _heatmap(page, row, panel, corner, size, first=number == 0)
    if row.says:
        fitted(page, _LEFT, top - high + 6, row.says, _WIDTH - _LEFT - _RIGHT, 10.5)


def _heatmap(
    page: Axes,
    row: AtlasRow,
    panel: Heatmap,
    corner: tuple[float, float],
    size: tuple[float, float],
    *,
    first: bool,
) -> None:
    (left, top), (wide, high) = corner, size
    _squares(page, panel, corner, size)
    below, words = top - high - 3, {"fontsize": 9.5, "color": colours.MUTED, "ha": "center"}
    for place, said in _ends(panel.columns, wide):
        page.text(left + place, below, said, words | {"fontsize": 9, "va": "top"})
    if wide > _ROOM:
        page.text(left + wide / 2, below + 1, row.across, words | {"va": "top"})
    if not first:
        return
    numbers = _ends(panel.rows, high, row.begin)
    for place, said in numbers:
        how = words | {"fontsize": 9, "ha": "right", "va": "center_baseline"}
        page.text(left - 3, top - place, said, how)
    if high > _ROOM:
        x = left - 5 - max(width(said, 9) for _, said in numbers)
        turned = {"rotation": 90, "rotation_mode": "anchor", "va": "bottom"}
        page.text(x, top - high / 2, row.down, words | turned)


def _squares(
    page: Axes, panel: Heatmap, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    """A unit of a mask in each square: dark where kept, light with a cross where dropped."""
    kept, (left, top), (wide, high) = panel.kept, corner, size
    lines = {"edgecolors": "white", "linewidth": 0.6}
    shapes.heat(page, corner, size, kept, cmap=TWO_TONES, vmin=0, vmax=1, **lines)
    row, unit = (~kept).nonzero()
    x, y = left + (unit + 0.5) * wide / panel.columns, top - (row + 0.5) * high / panel.rows
    # Half a square, so that small squares stay light.
    cross = 0.5 * min(high / panel.rows, 12) * 72 / theme.DPI
    page.scatter(x, y, marker="x", s=cross**2, linewidths=0.7, color=colours.CROSS)


def _ends(count: int, pixels: float, begin: int = 0) -> list[tuple[float, str]]:
    """The first and the last number of an axis, as far as there is room, and where they stand."""
    low, high = str(begin + 1), str(begin + count)
    if count == 1 or pixels < _ROOM / 2:
        return [(pixels / 2, low if count == 1 else f"{low}-{high}")]
    half = pixels / count / 2
    return [(half, low), (pixels - half, high)]


def _sign(page: Axes, sign: str, says: str) -> None:
    x, y = _SIGNS[sign], 18
    if sign:
        colour = colours.KEPT if sign == "kept" else colours.DROPPED
        page.scatter([x + 5], [y], marker="s", s=70, color=[colour], zorder=3)
    if sign == "dropped":
        page.scatter([x + 5], [y], marker="x", s=18, linewidths=1, color=colours.CROSS, zorder=4)
    page.text(x + 16, y, says, va="center", fontsize=10, color=colours.MUTED)
