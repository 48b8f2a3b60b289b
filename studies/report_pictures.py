"""What the pictures of several studies are drawn with."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from dropviz.core.estimate import Estimate
from dropviz.figures import colours
from dropviz.figures.theme import Picture


def draw_head(drawn: Picture, title: str, said: str, **legend: Any) -> None:
    """Writes a title, a line below it, and below that what the marks of the first axes mean.

    Args:
        drawn: The picture, whose axes are drawn.
        title: In one line.
        said: The line.
        **legend: What else ``Figure.legend`` takes, as ``ncols``.
    """
    height = drawn.size[1]
    drawn.text(0.02, 1 - 28 / height, title, fontsize=12.5, weight="bold")
    drawn.text(0.02, 1 - 50 / height, said, fontsize=10, color=colours.MUTED)
    handles, labels = drawn.axes[0].get_legend_handles_labels()
    first = dict(zip(labels, handles, strict=True))
    drawn.legend(
        first.values(),
        first.keys(),
        loc="upper left",
        bbox_to_anchor=(0.01, 1 - 54 / height),
        frameon=False,
        fontsize=10,
        **legend,
    )


def draw_interval(axes: Axes, found: Estimate, at: float, sign: tuple[str, str, str]) -> None:
    """Draws an estimate across: its interval as a line, its mean as a mark.

    Args:
        axes: Where to draw.
        found: The estimate.
        at: How high.
        sign: Matplotlib's marker, a colour, and what it means.
    """
    marker, colour, label = sign
    axes.plot([found.low, found.high], [at, at], color=colour, linewidth=2)
    how: dict[str, Any] = {"color": colour, "markersize": 5.5, "linestyle": "none", "label": label}
    axes.plot([found.mean], [at], marker, **how)
