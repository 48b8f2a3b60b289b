"""Figure 2: the inside of one cell, with the edges marked that a method masks."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from dropviz.core.setting import Setting
from dropviz.figures import cell_edges, cell_scene, colours, theme
from dropviz.figures.cell_geometry import HEIGHT, WIDTH
from dropviz.figures.cell_scene import CellPanel, CellScene
from dropviz.figures.text_fit import fitted, width, wrapped

_COLUMNS = 3
_PITCH = 288  # CSS pixels from panel to panel
_MARGIN = 15
_TITLE, _LINE, _AFTER = 34, 15, 12
_SIZE = 9.5


def cell(*settings: Setting | str, measured: str | None = None) -> theme.Picture:
    """Draws the inside of an LSTM cell and marks the edges that are masked.

    Args:
        *settings: For each panel a method's name, which marks every site of the method,
            or a setting, which marks the sites whose rate is above 0.
        measured: The method among these that wears the tag "measured here".

    Returns:
        The picture: up to three panels in a row, three of them 880 CSS pixels wide.

    Raises:
        DropvizError: If no method is given, or one is unknown.
    """
    return paint(cell_scene.of_settings(*settings, measured=measured))


def paint(scene: CellScene) -> theme.Picture:
    """Paints the inside of a cell.

    Args:
        scene: What is drawn.

    Returns:
        The picture: up to three panels in a row, three of them 880 CSS pixels wide.
    """
    with theme.style():
        panels = scene.panels
        rows = [panels[at : at + _COLUMNS] for at in range(0, len(panels), _COLUMNS)]
        wide = (len(rows[0]) - 1) * _PITCH + WIDTH + 2 * _MARGIN
        legend = wrapped(scene.legend[0].says, wide - 2 * _MARGIN - 22, _SIZE)
        heights = [_height(row) for row in rows]
        picture, axes = theme.canvas(wide, sum(heights) + _LINE * len(legend) + 2 * _AFTER)
        top: float = picture.size[1]
        for row, high in zip(rows, heights, strict=True):
            for column, panel in enumerate(row):
                x = _MARGIN + column * _PITCH
                _draw(axes, (x, top), scene, panel, _lines_above(row))
            top -= high
        _explain(axes, legend, top - _AFTER)
        picture.alt, picture.scene = scene.alt, scene
    return picture


def _above(panel: CellPanel) -> list[str]:
    """The lines below the title."""
    return [line for text in (panel.paper, panel.summary) for line in wrapped(text, WIDTH, _SIZE)]


def _below(panel: CellPanel) -> list[tuple[str, str, list[str]]]:
    """The words below the cell: for each site a heading, its colour, and lines."""
    return [
        (
            rule.heading,
            colours.on_white(rule.colour) if rule.masked else colours.MUTED,
            wrapped(rule.says, WIDTH, _SIZE),
        )
        for rule in panel.rules
    ]


def _lines_above(row: tuple[CellPanel, ...]) -> int:
    return max(len(_above(panel)) for panel in row)


def _height(row: tuple[CellPanel, ...]) -> float:
    below = max(sum(_LINE * (1 + len(lines)) + 4 for *_, lines in _below(each)) for each in row)
    above = _TITLE + _LINE * _lines_above(row)
    return above + HEIGHT + 2 * _AFTER + _LINE + below + _AFTER


def _draw(
    axes: Axes, corner: tuple[float, float], scene: CellScene, panel: CellPanel, lines_above: int
) -> None:
    x, top = corner
    axes.text(x, top - 26, panel.title, fontsize=14, weight="bold")
    if panel.measured:
        _tag(axes, x + WIDTH, top - 22)
    y = top - _TITLE
    for number, line in enumerate(_above(panel)):
        axes.text(x, y - 10 - _LINE * number, line, fontsize=_SIZE, color=colours.MUTED)
    y -= _LINE * lines_above + HEIGHT
    cell_edges.draw(axes, x, y, scene, panel)
    y -= 2 * _AFTER
    fitted(axes, x, y, panel.equation, WIDTH, 11)
    y -= _AFTER
    for heading, colour, lines in _below(panel):
        y -= _LINE
        how: dict[str, Any] = {"family": "monospace", "weight": "bold", "color": colour}
        fitted(axes, x, y, heading, WIDTH, 10, **how)
        for line in lines:
            y -= _LINE
            axes.text(x, y, line, fontsize=_SIZE, color=colours.MUTED)
        y -= 4


def _tag(axes: Axes, right: float, y: float) -> None:
    text, size = "measured here", 9
    wide = width(text, size) + 14
    shape = FancyBboxPatch((right - wide, y - 9), wide, 19, facecolor=colours.INK, linewidth=0)
    shape.set_boxstyle("round", pad=0, rounding_size=4)
    axes.add_patch(shape)
    axes.text(right - 7, y, text, color="white", fontsize=size, ha="right", va="center")


def _explain(axes: Axes, lines: list[str], y: float) -> None:
    cell_edges.mark(axes, _MARGIN + 6, y + 4, colours.INK)
    for number, line in enumerate(lines):
        axes.text(_MARGIN + 20, y - _LINE * number, line, fontsize=_SIZE, color=colours.MUTED)
