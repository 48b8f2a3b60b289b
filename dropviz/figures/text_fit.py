"""Words that must fit into a given width."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from dropviz.figures import theme


@lru_cache(1024)  # a tenth of a picture's time, where it is drawn over and over
def width(text: str, size: float, **font: Any) -> float:
    """How wide a text comes out.

    Args:
        text: The text; mathematics between dollars.
        size: Of the font, in points.
        **font: What else ``FontProperties`` takes, such as ``weight`` and ``family``.

    Returns:
        The width in CSS pixels, as on a screen of low density, where it is widest.
    """
    properties = FontProperties(size=size, **font)
    measured = _pen().get_text_width_height_descent(text, properties, ismath="$" in text)
    return float(measured[0])


@cache
def _pen() -> Any:
    # Letters are set on whole pixels: their outlines alone would measure less.
    renderer: Any = RendererAgg  # matplotlib leaves it untyped
    return renderer(1, 1, theme.DPI)


def wrapped(text: str, room: float, size: float, **font: Any) -> list[str]:
    """Breaks plain words into lines.

    Args:
        text: The words.
        room: CSS pixels for a line.
        size: Of the font, in points.
        **font: As for ``width``.

    Returns:
        The lines; none where there is nothing to say.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, **font) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def fitted(axes: Axes, x: float, y: float, text: str, room: float, size: float, **how: Any) -> None:
    """Writes a text on one line, smaller where it is too long for its place.

    Args:
        axes: Where to write.
        x: In CSS pixels.
        y: In CSS pixels.
        text: The text; mathematics between dollars.
        room: CSS pixels that there are.
        size: Of the font in points, if it fits.
        **how: What else ``Axes.text`` takes.
    """
    font = {name: how[name] for name in ("weight", "family") if name in how}
    wide = width(text, size, **font)
    axes.text(x, y, text, fontsize=size * min(1, room / wide) if wide else size, **how)
