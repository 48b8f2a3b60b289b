"""What the unrolled picture is drawn with: nodes, arrows, badges and little masks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from dropviz.core.masks import Array
from dropviz.figures import theme
from dropviz.figures.lettering import fitted

ROWS = 8  # units drawn of a mask
SQUARE = 9.0  # CSS pixels from one unit of a mask to the next
ENTRIES = 6  # rows and columns drawn of a mask of weights
_ENTRY = 5.4  # CSS pixels from one weight of a mask to the next


@dataclass(frozen=True)
class Mark:
    """A recorded mask on an arrow.

    Attributes:
        letter: Its identity; equal masks have equal letters.
        colour: The colour of that letter.
        mask: Shape (gates, units), of one sample.
    """

    letter: str
    colour: str
    mask: Array


def node(axes: Axes, x: float, y: float, text: str) -> None:
    """A circle with a symbol."""
    axes.add_patch(Circle((x, y), 18, facecolor="white", edgecolor=theme.INK, linewidth=1.4))
    # The names of late steps are long.
    fitted(axes, x, y - 0.5, text, 29, 13, ha="center", va="center")


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], mark: Mark | None
) -> None:
    """An arrow: thick and coloured with a mask, grey and dashed without."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=15 if mark else 12,
            shrinkA=0,
            shrinkB=1,
            color=mark.colour if mark else theme.FAINT,
            linewidth=3.4 if mark else 1.5,
            linestyle="-" if mark else (0, (4, 3)),
            capstyle="butt",
            joinstyle="miter",
        )
    )


def badge(axes: Axes, x: float, y: float, mark: Mark) -> None:
    """The letter of a mask, on its arrow."""
    axes.add_patch(
        Circle((x, y), 10.5, facecolor=mark.colour, edgecolor="white", linewidth=1.5, zorder=4)
    )
    axes.text(
        x,
        y - 0.5,
        mark.letter,
        ha="center",
        va="center",
        color="white",
        weight="bold",
        fontsize=10.5,
        zorder=5,
    )


def argument(axes: Axes, x: float, y: float, name: str, mark: Mark, *, ha: str) -> None:
    """The name of the argument that a mask came from.

    Args:
        axes: Where to write, in CSS pixels.
        x: Where it begins, ends or has its middle; see ``ha``.
        y: Its middle.
        name: The name.
        mark: The mask.
        ha: "left", "right" or "center".
    """
    axes.text(x, y, name, ha=ha, va="center", family="monospace", fontsize=10, color=mark.colour)


def glyph(
    axes: Axes, x: float, top: float, mark: Mark, gates: tuple[str, ...], *, named: bool
) -> None:
    """A mask in small: a column for each gate, a row for each unit.

    Args:
        axes: Where to draw, in CSS pixels.
        x: Its left end.
        top: Its top end.
        mark: The mask.
        gates: Names of the gates; none at a site that gates do not share.
        named: Whether to write the names above it.
    """
    for gate, values in enumerate(mark.mask):
        for unit, value in enumerate(values[:ROWS]):
            corner = x + gate * SQUARE, top - (unit + 1) * SQUARE
            square(axes, *corner, mark.colour, kept=bool(value > 0))
    if named and gates:
        tied = len(mark.mask) == 1 and len(gates) > 1
        names = ["all gates"] if tied else gates
        for gate, name in enumerate(names):
            axes.text(
                x + (gate + 0.5) * SQUARE,
                top + 3,
                name,
                ha="left" if tied else "center",
                fontsize=9,
                color=theme.MUTED,
            )


def matrices(
    axes: Axes, middle: float, top: float, mark: Mark, gates: tuple[str, ...], *, named: bool
) -> None:
    """A mask of weights in small: a matrix for each gate, two above and two below.

    Rows are the units that the weights come from, columns those that they lead to.

    Args:
        axes: Where to draw, in CSS pixels.
        middle: Its middle from left to right.
        top: Its top end.
        mark: The mask; each gate's entries lie flat.
        gates: Names of the gates.
        named: Whether to write the names above and below.
    """
    side = ENTRIES * _ENTRY
    for gate, flat in enumerate(mark.mask):
        units = math.isqrt(flat.size)
        corner = flat.reshape(units, units)[:ENTRIES, :ENTRIES]
        right, below = gate % 2, gate // 2
        x = middle + (2 if right else -2 - side)
        high = top - below * (side + 4)
        for (row, column), value in np.ndenumerate(corner):
            at = x + column * _ENTRY, high - (row + 1) * _ENTRY
            square(axes, *at, mark.colour, kept=bool(value > 0), size=_ENTRY)
        if named and len(mark.mask) == len(gates):
            y, va = (high - side - 3, "top") if below else (high + 3, "baseline")
            words = {"ha": "center", "va": va, "fontsize": 9, "color": theme.MUTED}
            axes.text(x + side / 2, y, gates[gate], words)


def square(
    axes: Axes, x: float, y: float, colour: str, *, kept: bool, size: float = SQUARE
) -> None:
    """One unit of a mask: filled where kept, crossed where dropped."""
    inner = size - size / 4.5
    axes.add_patch(
        Rectangle(
            (x, y),
            inner,
            inner,
            facecolor=colour if kept else "white",
            edgecolor=colour,
            linewidth=0.7 * size / SQUARE,
            zorder=3,
        )
    )
    if not kept:
        ends = np.array([0, inner])
        for heights in (ends, ends[::-1]):
            line = (x + ends, y + heights)
            axes.plot(*line, color=colour, linewidth=size / SQUARE, zorder=4)
