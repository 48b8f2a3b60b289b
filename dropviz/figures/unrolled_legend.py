"""The legend below the unrolled picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from dropviz.figures import colours, shapes
from dropviz.figures.scene import Sign
from dropviz.figures.text_fit import fitted

_RIGHT = 852  # where its lines end
_UPPER, _LOWER = 42, 16  # heights of its lines
_SIGNS = {"letter": 28, "kept": 408, "open": 408, "dropped": 516, "bare": 650}  # where each begins
_VALUES = {"kept": 1.0, "dropped": 0.0, "open": np.nan}


def legend(axes: Axes, signs: Sequence[Sign]) -> None:
    """Says what the signs of the picture mean.

    Args:
        axes: The picture.
        signs: What each means; one without a sign stands below.
    """
    for each in signs:
        if not each.sign:
            _say(axes, 28, _LOWER, each.says)
            continue
        x = _SIGNS[each.sign]
        if each.sign == "letter":
            _letter(axes, x + 12)
            _say(axes, x + 29, _UPPER, each.says)
        elif each.sign == "bare":
            shapes.arrow(axes, (x, _UPPER), (x + 48, _UPPER), None)
            _say(axes, x + 58, _UPPER, each.says)
        else:
            value = np.array([_VALUES[each.sign]])
            shapes.squares(axes, np.array([[x, _UPPER - 4]]), value, colours.INK)
            _say(axes, x + 16, _UPPER, each.says)


def _say(axes: Axes, x: float, y: float, words: str) -> None:
    fitted(axes, x, y, words, _RIGHT - x, 10, va="center", color=colours.MUTED)


def _letter(axes: Axes, x: float) -> None:
    y = _UPPER
    how: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 5}
    axes.add_artist(Circle((x, y), 10.5, facecolor=colours.INK, edgecolor="white", zorder=4))
    axes.text(x, y - 0.5, "A", color="white", weight="bold", **how)
