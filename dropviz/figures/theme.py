"""The look that all pictures share."""

from __future__ import annotations

import base64
import functools
import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dropviz.core import text_table
from dropviz.core.html_text import escaped
from dropviz.errors import visible
from dropviz.figures.colours import GROUND, INK, MUTED

# Notebook columns are some 900 CSS pixels wide; pictures are drawn for 100 pixels an
# inch and saved twice as dense, for projectors and high-density screens.
DPI = 100
_DENSITY = 2
_LEGIBLE = 640  # CSS pixels; letters of 11 points are too small to read in a narrower picture
_COLOURS = 128
_drawing = threading.RLock()


class _Canvas(FigureCanvasAgg):
    """Reads each formula once, whatever the picture.

    Matplotlib keeps what it has read by parser, and makes a parser for each picture: fourteen
    formulas, a third of the time of a picture of where.
    """

    _parser: Any = None

    def get_renderer(self) -> Any:
        renderer = super().get_renderer()  # type: ignore[no-untyped-call]
        # The first one's: of which kind it is depends on matplotlib's version.
        _Canvas._parser = _Canvas._parser or renderer.mathtext_parser
        renderer.mathtext_parser = _Canvas._parser
        return renderer


class Picture(Figure):
    """A matplotlib figure that shows itself in a notebook, with alt text."""

    def __init__(self, width: float, height: float) -> None:
        """Makes an empty picture.

        Args:
            width: In CSS pixels.
            height: In CSS pixels.
        """
        # A hair more: matplotlib before 3.11 cuts to whole pixels, and 8.2 * 100 makes 819.
        inches = math.nextafter(width / DPI, math.inf), math.nextafter(height / DPI, math.inf)
        super().__init__(figsize=inches, dpi=DPI, facecolor=GROUND)
        _Canvas(self)
        self._alt = ""
        # What it was painted from, for other painters.
        self.scene: object = None

    @property
    def alt(self) -> str:
        """What the picture shows, in words, made from its data."""
        return self._alt

    @alt.setter
    def alt(self, words: str) -> None:
        self._alt = visible(words)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        return round(self.get_figwidth() * DPI), round(self.get_figheight() * DPI)

    def png(self, density: int = _DENSITY) -> bytes:
        """The picture as PNG, small, with the alt text as its description.

        Args:
            density: Device pixels for each CSS pixel; enough for a projector by default.

        Returns:
            The file's bytes.
        """
        with Image.open(io.BytesIO(self.frame(density))) as drawn:
            # Flat colours: a palette takes a third of the bytes of a saved notebook. Maximum
            # coverage leaves no colour far from its own, the median cut the rare ones.
            small = drawn.convert("RGB").quantize(
                _COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
            )
        described = PngInfo()
        described.add_itxt("Description", self.alt)
        buffer = io.BytesIO()
        small.save(buffer, "png", optimize=True, pnginfo=described)
        return buffer.getvalue()

    def frame(self, density: int = 1) -> bytes:
        """The picture as PNG, quickly, for a view that is drawn over and over.

        Args:
            density: Device pixels for each CSS pixel.

        Returns:
            The file's bytes.
        """
        buffer = io.BytesIO()
        with style():
            # Half the time of the usual level, and a tenth more bytes, that `png` saves again.
            self.savefig(buffer, format="png", dpi=DPI * density, pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    def img(self, png: bytes, **attributes: str) -> str:
        """An HTML image that carries its data, with alt text.

        Args:
            png: The picture as PNG.
            **attributes: More attributes of the element, as in ``style="max-width:100%"``.

        Returns:
            An ``img`` element.
        """
        width, height = self.size
        data = base64.b64encode(png).decode()
        more = "".join(f' {name}="{escaped(value)}"' for name, value in attributes.items())
        return (
            f'<img{more} src="data:image/png;base64,{data}" width="{width}" height="{height}" '
            f'alt="{escaped(self.alt)}">'
        )

    def fitted(self, png: bytes) -> str:
        """The image as wide as its place; on a telephone it scrolls in a box of its own.

        Args:
            png: The picture as PNG.

        Returns:
            A ``div`` element.
        """
        least = min(_LEGIBLE, self.size[0])
        image = self.img(png, style=f"max-width:100%;min-width:{least}px;height:auto")
        return f'<div style="overflow-x:auto">{image}</div>'

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        del include, exclude  # IPython filters by itself
        png = self.png()
        forms: dict[str, Any] = {"image/png": png, "text/plain": self.alt}
        # Of a PNG alone most front ends and exports leave the alt text out.
        forms["text/html"] = self.fitted(png)
        return forms, self.metadata

    @property
    def metadata(self) -> dict[str, Any]:
        """Display metadata: the size on screen and the alt text."""
        width, height = self.size
        return {"image/png": {"width": width, "height": height, "alt": self.alt}}


def canvas(width: float, height: float) -> tuple[Picture, Axes]:
    """An empty picture to draw on in CSS pixels, with the origin at the bottom left.

    Args:
        width: In CSS pixels.
        height: In CSS pixels.

    Returns:
        The picture and its only axes, which fill it and show no frame.
    """
    picture = Picture(width, height)
    axes = picture.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return picture, axes


def plain(text: str) -> str:
    """A text from outside as matplotlib draws it: a dollar begins no mathematics in it.

    Args:
        text: The text.

    Returns:
        The text, with what cannot be seen or is not in the font as ``repr`` writes it.
    """
    known = _letters()
    drawn = (each if ord(each) in known else ascii(each)[1:-1] for each in visible(text))
    return "".join(drawn).replace("$", r"\$")


@functools.cache
def _letters() -> Any:
    return get_font(findfont("DejaVu Sans")).get_charmap()


def shortened(text: str, most: int) -> str:
    """The end of a text from outside that is too long for its place; ends of paths tell most.

    Args:
        text: The name, whatever a person called it.
        most: Letters that there is room for.

    Returns:
        The text, or its end after three dots, as ``plain`` gives it.
    """
    return plain(text_table.shortened(text, most))


@contextmanager
def style() -> Iterator[None]:
    """A context in which text and lines look the same whatever the user has set.

    One thread at a time is in it: matplotlib's settings belong to the whole process, and
    two that change them in turn leave them wrong.
    """
    ours = {
        "font.size": 11,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with _drawing, matplotlib.style.context(["default", ours]):
        yield
