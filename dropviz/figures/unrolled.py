"""Figure 1: the LSTM unrolled, with the recorded masks on its arrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.setting import Setting
from dropviz.figures import colours, shapes, theme, unrolled_scene
from dropviz.figures.colours import on_white
from dropviz.figures.mask_letters import COLUMNS, ROWS
from dropviz.figures.text_fit import fitted, width, wrapped
from dropviz.figures.unrolled_legend import legend
from dropviz.figures.unrolled_parts import Arrow, Mask, UnrolledScene

_WIDTH, _HEIGHT = 880, 486
_LEFT, _CELL_HEIGHT = 128, 84
_X_ROW, _CELL_ROW, _H_ROW = 104, 276, 382
_C_ARROW, _H_ARROW = _CELL_ROW + 25, _CELL_ROW - 12
_ROOM = _WIDTH - 2 * 28
_RIGHT = _WIDTH - 18  # where an arrow that leaves the last cell ends


def where(recorded: LayerRecording, batch: int = -1, sample: int = 0) -> theme.Picture:
    """Draws where dropout acted: the layer unrolled, an arrow coloured by its mask.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: Position in the batch.

    Returns:
        The picture, 880 x 486 CSS pixels.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    return paint(unrolled_scene.of_recording(recorded, batch, sample))


def plan(setting: Setting, units: int, features: int, time_steps: int) -> theme.Picture:
    """Draws where dropout will act, with no mask in it: none is drawn before it trains.

    Args:
        setting: The method with its rates.
        units: Units of the LSTM.
        features: Features of its inputs.
        time_steps: Steps of its inputs.

    Returns:
        The picture, 880 x 486 CSS pixels.
    """
    return paint(unrolled_scene.of_plan(setting, units, features, time_steps))


def paint(scene: UnrolledScene) -> theme.Picture:
    """Paints the layer unrolled.

    Args:
        scene: What is drawn.

    Returns:
        The picture, 880 x 486 CSS pixels.
    """
    with theme.style():
        picture, axes = theme.canvas(_WIDTH, _HEIGHT)
        half = 50 if any(each.arrow == "g" for each in scene.arrows) else 42
        page = _Page(axes, scene, half)
        _heading(page)
        for column, step in enumerate(scene.columns):
            _column(page, column, step)
        for arrow in scene.arrows:
            if arrow.arrow in ("h", "c"):
                _link(page, arrow)
        if scene.one_step:
            how = {"va": "center", "color": colours.MUTED, "linespacing": 1.5}
            words = f"one time step: {scene.one_step}"
            lines = "\n".join(wrapped(words, _ONE_STEP, 11))
            axes.text(_x(0) + half + 90, _CELL_ROW, lines, how)
        legend(axes, scene.legend)
        picture.alt, picture.scene = scene.alt, scene
    return picture


_ONE_STEP = 330  # CSS pixels for the words beside a single step


@dataclass(frozen=True)
class _Page:
    """What is drawn, where, and with cells how wide."""

    axes: Axes
    scene: UnrolledScene
    half: float

    def is_first(self, arrow: Arrow, mask: Mask) -> bool:
        """Whether no arrow of its kind before it carries a mask of the same site."""
        alike = (
            each.column
            for each in self.scene.arrows
            if each.arrow == arrow.arrow
            and each.mask is not None
            and self.scene.masks[each.mask].site == mask.site
        )
        return arrow.column == min(alike)


def _heading(page: _Page) -> None:
    whole, size = theme.plain(page.scene.title), 15.0
    while width(whole, size, weight="bold") > _ROOM and size > 12:  # noqa: PLR2004
        size -= 1
    first, *more = wrapped(whole, _ROOM, size, weight="bold")
    rise = 7 if more else 0
    page.axes.text(28, _HEIGHT - 30 + rise, first, fontsize=size, weight="bold")
    if more:
        second = " ".join(more)
        fitted(page.axes, 44, _HEIGHT - 40, second, _ROOM - 16, size, weight="bold")
    heights = (_HEIGHT - 58, _HEIGHT - 73) if more else (_HEIGHT - 51, _HEIGHT - 69)
    for y, line in zip(heights, page.scene.lines, strict=True):
        fitted(page.axes, 28, y, theme.plain(line), _ROOM, 10, color=colours.MUTED)


def _x(column: int) -> float:
    return _LEFT + column * (_WIDTH - _LEFT - 136) / (COLUMNS - 1)


def _column(page: _Page, column: int, step: int) -> None:
    axes, x = page.axes, _x(column)
    shapes.node(axes, x, _X_ROW, f"$x_{{{step + 1}}}$")
    shapes.node(axes, x, _H_ROW, f"$h_{{{step + 1}}}$")
    _cell(page, column)
    _way_up(page, column)
    mask = page.scene.mask_on("x", column)
    bottom = _CELL_ROW - _CELL_HEIGHT / 2
    shapes.arrow(axes, (x, _X_ROW + 18), (x, bottom), mask)
    if mask:
        middle = (_X_ROW + 18 + bottom) / 2
        shapes.badge(axes, x, middle - 4, mask)
        shapes.glyph(axes, x + 20, middle + 36, mask, named=column == 0)
        if column == 0:
            shapes.argument(axes, x - 18, middle - 4, mask, ha="right")


def _cell(page: _Page, column: int) -> None:
    axes, x = page.axes, _x(column)
    bottom = _CELL_ROW - _CELL_HEIGHT / 2
    axes.add_artist(
        FancyBboxPatch(
            (x - page.half, bottom),
            2 * page.half,
            _CELL_HEIGHT,
            boxstyle="round,pad=0,rounding_size=7",
            facecolor=colours.PAPER,
            edgecolor=colours.INK,
            linewidth=1.4,
        )
    )
    inside = page.scene.mask_on("g", column)
    if inside:
        _candidate(page, column, inside)
        return
    name = theme.plain(page.scene.cell)
    size = 13 if len(name) <= 5 else 9  # noqa: PLR2004 ("SimpleRNN" in the same box)
    axes.text(x, _CELL_ROW, name, ha="center", va="center", fontsize=size)


def _candidate(page: _Page, column: int, mask: Mask) -> None:
    """Draws inside a cell how g goes to c through a mask."""
    axes, x, y = page.axes, _x(column), _CELL_ROW - 16
    colour = on_white(mask.colour)
    kind = theme.plain(page.scene.cell)
    axes.text(x - 13, _CELL_ROW + 22, kind, ha="center", va="center", fontsize=11)
    axes.text(x - 40, y, "$g$", ha="center", va="center", fontsize=12, color=colour)
    shapes.arrow(axes, (x - 32, y), (x + 10, y), mask)
    shapes.badge(axes, x - 15, y, mask)
    axes.text(x + 17, y, "$c$", ha="center", va="center", fontsize=12)
    top = _CELL_ROW + 4 * shapes.SQUARE - 1
    shapes.glyph(axes, x + 31, top, mask, named=False)
    if column == 0:
        line = ([x + 34.5, x + 34.5], [top + 2, top + 16])
        axes.plot(*line, color=colour, linewidth=1)
        shapes.argument(axes, x + 32, top + 24, mask, ha="left")


def _way_up(page: _Page, column: int) -> None:
    axes, x, top = page.axes, _x(column), _CELL_ROW + _CELL_HEIGHT / 2
    found = page.scene.arrow("up", column)
    mask = page.scene.mask_on("up", column)
    shapes.arrow(axes, (x, top), (x, _H_ROW - 18), mask)
    if not mask or found is None:
        return
    shapes.badge(axes, x, (top + _H_ROW - 18) / 2 - 3, mask)
    # What leaves the cell to the right as well has its squares there, if that is drawn.
    onward = page.scene.arrow("h", column + 1)
    if onward is None or onward.mask != found.mask:
        shapes.glyph(axes, x + 24, _H_ROW + 16, mask, named=False)
    if mask.site in ("output", "between") and page.is_first(found, mask):
        side, ha = (38, "left") if column < COLUMNS - 1 else (-24, "right")
        shapes.argument(axes, x + side, _H_ROW - 12, mask, ha=ha)


def _link(page: _Page, arrow: Arrow) -> None:
    """Draws an arrow into a step, or one that leaves the last."""
    columns, y = page.scene.columns, _C_ARROW if arrow.arrow == "c" else _H_ARROW
    if not arrow.column:
        _carried_in(page, arrow)
        return
    mask = None if arrow.mask is None else page.scene.masks[arrow.mask]
    last = arrow.column == len(columns)
    left = _x(arrow.column - 1) + page.half
    right = min(_x(arrow.column) - page.half, _RIGHT)
    if not last and columns[arrow.column] - columns[arrow.column - 1] > 1:
        # Steps are left out.
        page.axes.scatter(left + np.array([9, 17, 25]), [y] * 3, s=7, color=colours.INK)
        left += 35
    # A short arrow has its letter further on, to leave room for the name of its value.
    middle = left + (0.6 if last else 0.5) * (right - left)
    shapes.arrow(page.axes, (left, y), (right, y), mask)
    words: dict[str, Any] = {"color": on_white(mask.colour) if mask else colours.MUTED}
    x, room = left + 3, middle - left - 15  # clear of the badge
    if arrow.arrow == "c" and not mask:
        x, room, words["ha"] = middle, right - left, "center"
    name, _, step = arrow.value.partition("_")
    fitted(page.axes, x, y + 6, f"${name}_{{{step}}}$", room, 11, **words)
    if mask:
        _on_link(page, arrow, mask, middle)


def _on_link(page: _Page, arrow: Arrow, mask: Mask, middle: float) -> None:
    """Draws the letter of a mask on a horizontal arrow, and its squares beside it."""
    axes, first, above = page.axes, arrow.column == 1, arrow.arrow == "c"
    shapes.badge(axes, middle, _C_ARROW if above else _H_ARROW, mask)
    top = _C_ARROW + 14 + ROWS * shapes.SQUARE if above else _H_ARROW - 30
    if mask.matrix:
        # The first to the right, clear of the words beside the inputs' mask.
        shapes.matrices(axes, middle + 18 * first, top, mask, named=first)
    else:
        at = middle - len(mask.kept) * shapes.SQUARE / 2
        shapes.glyph(axes, at, top, mask, named=first)
    if first:
        wide = width(theme.plain(mask.label), 10, family="monospace")
        x = max(middle, _x(arrow.column - 1) + 24 + wide / 2)
        shapes.argument(axes, x, top + 10 if above else _X_ROW + 22, mask, ha="center")
        if mask.matrix:
            words = {"ha": "center", "va": "center", "fontsize": 9, "color": colours.MUTED}
            axes.text(x, _X_ROW + 6, "masks the weights $U$", words)


def _carried_in(page: _Page, arrow: Arrow) -> None:
    """Draws the mask on the state that a layer of one step was called with."""
    mask, left = page.scene.mask_on("h", 0), 20
    if mask is None:
        return
    shapes.arrow(page.axes, (left, _H_ARROW), (_x(0) - page.half, _H_ARROW), mask)
    name, _, step = arrow.value.partition("_")
    colour = on_white(mask.colour)
    page.axes.text(left, _H_ARROW + 8, f"${name}_{{{step}}}$", fontsize=11, color=colour)
    shapes.badge(page.axes, left + 38, _H_ARROW, mask)
    shapes.glyph(page.axes, left + 10, _C_ARROW + 14 + ROWS * shapes.SQUARE, mask, named=True)
