"""Puts pictures and words in front of a person, in every form that a front end may want."""

from __future__ import annotations

import base64
import html

from IPython.display import display

from dropviz.figures.theme import Picture


def picture(drawn: Picture) -> None:
    """Shows a picture as PNG with alt text; works in saved notebooks and exports.

    Args:
        drawn: The picture.
    """
    bundle = {"image/png": drawn.png(), "text/plain": drawn.alt}
    display(bundle, raw=True, metadata=drawn.metadata)


def img(drawn: Picture, png: bytes) -> str:
    """An HTML image that carries its data, with alt text.

    Args:
        drawn: The picture.
        png: The picture as PNG.

    Returns:
        An ``img`` element.
    """
    width, height = drawn.size
    data = base64.b64encode(png).decode()
    alt = html.escape(drawn.alt, quote=True)
    return f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{alt}">'


def words(lines: list[str]) -> dict[str, str]:
    """Lines of plain words as HTML and as text, for one output.

    Args:
        lines: The lines; the first is the title.

    Returns:
        A MIME bundle.
    """
    title, *rest = lines
    items = "".join(f"<li>{html.escape(line)}</li>" for line in rest)
    return {
        "text/html": (
            '<div style="max-width: 880px; line-height: 1.5">'
            f"<strong>{html.escape(title)}</strong>"
            f'<ul style="margin: .3em 0 0 1.2em; padding: 0">{items}</ul></div>'
        ),
        "text/plain": "\n".join(lines),
    }
