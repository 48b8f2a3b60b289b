"""The legend below the unrolled picture."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from dropviz.core.sites import SITES
from dropviz.figures import shapes, theme
from dropviz.figures.mask_letters import Marks
from dropviz.figures.text_fit import fitted

_RIGHT = 852  # where its lines end


def legend(axes: Axes, found: Marks, *, several: bool, drawn: bool) -> None:
    """Says what the signs of the picture mean.

    Args:
        axes: The picture.
        found: The masks on its arrows.
        several: Whether more than one time step is drawn.
        drawn: Whether masks were drawn, or will be.
    """

    def say(x: float, y: float, words: str) -> None:
        fitted(axes, x, y, words, _RIGHT - x, 10, va="center", color=theme.MUTED)

    size = shapes.ENTRIES
    words = "in a mask: a column for each gate, a row for each unit"
    entries = [mark.mask.shape[-1] for (site, _), mark in found.items() if not SITES[site].matrix]
    if max(entries, default=0) > shapes.ROWS:
        words += f" (the first {shapes.ROWS})"
    if any(SITES[site].matrix for site, _ in found) and several:
        words += f"; in that of $U$: a block for each gate, {size} x {size} of its weights"
    if any(SITES[site].zoned for site, _ in found):
        words += "; with zoneout a dropped unit keeps its old value"
    say(28, 16, words)
    y = 42
    axes.add_artist(Circle((40, y), 10.5, facecolor=theme.INK, edgecolor="white", zorder=4))
    axes.text(40, y - 0.5, "A", color="white", weight="bold", ha="center", va="center", zorder=5)
    say(57, y, f"same letter = same {'recorded ' if drawn else ''}mask")
    if drawn:
        _square(axes, 408, y - 4, 1.0)
        say(424, y, "unit kept")
        _square(axes, 516, y - 4, 0.0)
        say(532, y, "unit dropped")
    else:
        _square(axes, 408, y - 4, np.nan)
        say(424, y, "kept or dropped: to be drawn")
    shapes.arrow(axes, (650, y), (698, y), None)
    say(708, y, "no mask here")


def _square(axes: Axes, x: float, y: float, value: float) -> None:
    shapes.squares(axes, np.array([[x, y]]), np.array([value]), theme.INK)
