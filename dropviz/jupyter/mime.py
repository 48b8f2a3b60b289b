"""Puts pictures and words in front of a person, in every form that a front end may want."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython.display import display

from dropviz.keras_inside.interrupts import safe_point

if TYPE_CHECKING:
    from dropviz.figures.theme import Picture


def picture(drawn: Picture) -> None:
    """Shows a picture as PNG with alt text; works in saved notebooks and exports.

    An interrupt that waits acts between two pictures.

    Args:
        drawn: The picture.
    """
    safe_point()
    bundle = {"image/png": drawn.png(), "text/plain": drawn.alt}
    display(bundle, raw=True, metadata=drawn.metadata)


def img(drawn: Picture, png: bytes, **attributes: str) -> str:
    """An HTML image that carries its data, with alt text.

    Args:
        drawn: The picture.
        png: The picture as PNG.
        **attributes: More attributes of the element, as in ``style="max-width:100%"``.

    Returns:
        An ``img`` element.
    """
    width, height = drawn.size
    data = base64.b64encode(png).decode()
    alt = html.escape(drawn.alt, quote=True)
    more = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return (
        f'<img{more} src="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'alt="{alt}">'
    )


def table(title: str, heads: list[str], rows: list[tuple[str, ...]]) -> dict[str, str]:
    """A small table as HTML and as text, for one output.

    Args:
        title: Its caption.
        heads: The names of its columns.
        rows: Its cells.

    Returns:
        A MIME bundle.
    """
    cell = '<{0} style="text-align: left; vertical-align: top; padding: .2em .8em .2em 0">{1}</{0}>'
    head = "".join(cell.format("th", html.escape(name)) for name in heads)
    body = "".join(
        f"<tr>{''.join(cell.format('td', html.escape(value)) for value in row)}</tr>"
        for row in rows
    )
    plain = [title, *(" | ".join(row) for row in [tuple(heads), *rows])]
    return {
        "text/html": (
            '<table style="max-width: 880px; margin: 1em 0; font-size: .95em">'
            f'<caption style="text-align: left; font-weight: bold">{html.escape(title)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        ),
        "text/plain": "\n".join(plain),
    }


def words(lines: list[str], badges: Iterable[str] = ()) -> dict[str, str]:
    """Lines of plain words as HTML and as text, for one output.

    Args:
        lines: The lines; the first is the title.
        badges: A few words each, beside the title; the lines say the same at length.

    Returns:
        A MIME bundle.
    """
    title, *rest = lines
    frame = "border: 1px solid; border-radius: .7em; padding: 0 .6em; margin-left: .6em"
    beside = "".join(
        f'<span style="{frame}; font-size: .85em; white-space: nowrap">{html.escape(each)}</span>'
        for each in badges
    )
    items = "".join(f"<li>{html.escape(line)}</li>" for line in rest)
    return {
        "text/html": (
            '<div style="max-width: 880px; line-height: 1.5">'
            f"<strong>{html.escape(title)}</strong>{beside}"
            f'<ul style="margin: .3em 0 0 1.2em; padding: 0">{items}</ul></div>'
        ),
        "text/plain": "\n".join(lines),
    }
