"""What the unrolled picture is drawn with: nodes, arrows, badges and little masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Circle, FancyArrowPatch
from numpy.typing import NDArray

from dropviz.core.masks import Array
from dropviz.figures import colours, theme
from dropviz.figures.colours import on_white
from dropviz.figures.mask_letters import ENTRIES, ROWS
from dropviz.figures.text_fit import fitted
from dropviz.figures.unrolled_parts import Mask

SQUARE = 9.0  # CSS pixels from one unit of a mask to the next
_ENTRY = 5.4  # CSS pixels from one weight of a mask to the next


def node(axes: Axes, x: float, y: float, text: str) -> None:
    """A circle with a symbol."""
    axes.add_artist(Circle((x, y), 18, facecolor="white", edgecolor=colours.INK, linewidth=1.4))
    # The names of late steps are long.
    fitted(axes, x, y - 0.5, text, 29, 13, ha="center", va="center")


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], mask: Mask | None
) -> None:
    """An arrow: thick and coloured with a mask, grey and dashed without."""
    axes.add_artist(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=15 if mask else 12,
            shrinkA=0,
            shrinkB=1,
            color=on_white(mask.colour) if mask else colours.FAINT,
            linewidth=3.4 if mask else 1.5,
            linestyle="-" if mask else (0, (4, 3)),
            capstyle="butt",
            joinstyle="miter",
        )
    )


def badge(axes: Axes, x: float, y: float, mask: Mask) -> None:
    """The letter of a mask, on its arrow."""
    colour = on_white(mask.colour)
    axes.add_artist(
        Circle((x, y), 10.5, facecolor=colour, edgecolor="white", linewidth=1.5, zorder=4)
    )
    axes.text(
        x,
        y - 0.5,
        mask.letter,
        ha="center",
        va="center",
        color="white",
        weight="bold",
        fontsize=10.5,
        zorder=5,
    )


def argument(axes: Axes, x: float, y: float, mask: Mask, *, ha: str) -> None:
    """The name of the argument that a mask came from.

    Args:
        axes: Where to write, in CSS pixels.
        x: Where it begins, ends or has its middle; see ``ha``.
        y: Its middle.
        mask: The mask.
        ha: "left", "right" or "center".
    """
    words: dict[str, Any] = {"family": "monospace", "fontsize": 10, "color": on_white(mask.colour)}
    axes.text(x, y, theme.plain(mask.label), ha=ha, va="center", **words)


def glyph(axes: Axes, x: float, top: float, mask: Mask, *, named: bool) -> None:
    """A mask in small: a column for each gate, a row for each unit.

    Args:
        axes: Where to draw, in CSS pixels.
        x: Its left end.
        top: Its top end.
        mask: The mask.
        named: Whether to write the names of the gates above it.
    """
    shown = _values(mask)[:, :ROWS]
    across, down = np.indices(shown.shape)
    corners = np.stack([x + across * SQUARE, top - (down + 1) * SQUARE], axis=-1)
    squares(axes, corners.reshape(-1, 2), shown.ravel(), on_white(mask.colour))
    if named and mask.gates:
        tied = len(mask.kept) == 1 and len(mask.gates) > 1
        names = ["all gates"] if tied else map(theme.plain, mask.gates)
        for gate, name in enumerate(names):
            axes.text(
                x + (gate + 0.5) * SQUARE,
                top + 3,
                name,
                ha="left" if tied else "center",
                fontsize=9,
                color=colours.MUTED,
            )


def heat(
    axes: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    values: NDArray[Any],
    **how: Any,
) -> None:
    """A heatmap: its first row at the top.

    On the page itself, as axes of its own take most of the time of a picture.

    Args:
        axes: Where to draw, in CSS pixels.
        corner: Its left end and its top.
        size: Its width and height.
        values: What it shows, shape (rows, columns).
        **how: What else ``Axes.pcolormesh`` takes.
    """
    (left, top), (rows, columns) = corner, values.shape
    across = np.linspace(left, left + size[0], columns + 1)
    down = np.linspace(top, top - size[1], rows + 1)
    axes.pcolormesh(across, down, values, **how)


def matrices(axes: Axes, middle: float, top: float, mask: Mask, *, named: bool) -> None:
    """A mask of weights in small: a matrix for each gate, two above and two below.

    Rows are the units that the weights come from, columns those that they lead to.

    Args:
        axes: Where to draw, in CSS pixels.
        middle: Its middle from left to right.
        top: Its top end.
        mask: The mask; each gate's entries lie flat.
        named: Whether to write the names of the gates above and below.
    """
    side = ENTRIES * _ENTRY
    for gate, flat in enumerate(_values(mask)):
        units = math.isqrt(flat.size)
        corner = flat.reshape(units, units)
        right, below = gate % 2, gate // 2
        x = middle + (2 if right else -2 - side)
        high = top - below * (side + 4)
        row, column = np.indices(corner.shape)
        places = np.stack([x + column * _ENTRY, high - (row + 1) * _ENTRY], axis=-1)
        squares(axes, places.reshape(-1, 2), corner.ravel(), on_white(mask.colour), _ENTRY)
        if named and len(mask.kept) == len(mask.gates):
            y, va = (high - side - 3, "top") if below else (high + 3, "baseline")
            words = {"ha": "center", "va": va, "fontsize": 9, "color": colours.MUTED}
            axes.text(x + side / 2, y, theme.plain(mask.gates[gate]), words)


def _values(mask: Mask) -> Array:
    """Shape (gates, units): NaN where nothing is drawn yet."""
    return np.array(mask.kept, np.float64)


def squares(axes: Axes, corners: Array, values: Array, colour: str, size: float = SQUARE) -> None:
    """Units of a mask: filled where kept, crossed where dropped, pale where not drawn yet.

    Two artists in all: with one for each of hundreds of squares a picture would take
    twice as long.

    Args:
        axes: Where to draw, in CSS pixels.
        corners: Shape (units, 2): their corners at the bottom left.
        values: Shape (units,): what the mask multiplies with; NaN where not drawn yet.
        colour: The colour of the mask.
        size: From one unit to the next.
    """
    inner = size - size / 4.5
    kept, open_ = values > 0, np.isnan(values)
    faces: list[Any] = [colour if each else "white" for each in kept]
    faces = [(colour, 0.16) if o else face for face, o in zip(faces, open_, strict=True)]
    edges = [(colour, 0.6) if each else colour for each in open_]
    around = np.array([(0, 0), (inner, 0), (inner, inner), (0, inner)])
    axes.add_artist(
        PolyCollection(
            corners[:, np.newaxis] + around,
            facecolors=faces,
            edgecolors=edges,
            linewidths=0.7 * size / SQUARE,
            zorder=3,
            snap=True,
        )
    )
    strokes = np.array([[(0, 0), (inner, inner)], [(0, inner), (inner, 0)]])
    crossed = corners[~kept & ~open_][:, np.newaxis, np.newaxis] + strokes
    axes.add_artist(
        LineCollection(crossed.reshape(-1, 2, 2), colors=colour, linewidths=size / SQUARE, zorder=4)
    )
