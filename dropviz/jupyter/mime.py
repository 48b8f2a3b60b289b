"""Puts pictures and words in front of a person, in every form that a front end may want."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython.display import display

from dropviz.errors import visible
from dropviz.keras_inside.interrupts import safe_point

if TYPE_CHECKING:
    from dropviz.figures.theme import Picture


# Notebooks typeset what stands between dollars, except in elements of these classes: the names
# that MathJax 3 and 2 leave alone.
LITERAL = "mathjax_ignore tex2jax_ignore"
_LINES = "\n\t"


def escaped(text: object, keep: str = "") -> str:
    """A text as HTML, in an element or an attribute: no markup, and all of it is seen.

    Args:
        text: Words of dropviz or a text from outside; whatever is no text as ``str`` has it.
        keep: Characters that stay though they are not printed, such as line ends in code.
    """
    return html.escape(visible(str(text), keep))


def code(text: str, style: str = "") -> str:
    """Code as HTML, with its lines as they are.

    Args:
        text: The code.
        style: The style of the element.

    Returns:
        A ``pre`` element.
    """
    look = f' style="{style}"' if style else ""
    return f"<pre{look}>{escaped(text, _LINES)}</pre>"


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
    more = "".join(f' {name}="{escaped(value)}"' for name, value in attributes.items())
    return (
        f'<img{more} src="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'alt="{escaped(drawn.alt)}">'
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
    head = "".join(cell.format("th", escaped(name)) for name in heads)
    body = "".join(
        f"<tr>{''.join(cell.format('td', escaped(value)) for value in row)}</tr>" for row in rows
    )
    plain = [visible(line) for line in (title, *map(" | ".join, [tuple(heads), *rows]))]
    return {
        "text/html": (
            f'<table class="{LITERAL}" style="max-width: 880px; margin: 1em 0; font-size: .95em">'
            f'<caption style="text-align: left; font-weight: bold">{escaped(title)}</caption>'
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
        f'<span style="{frame}; font-size: .85em; white-space: nowrap">{escaped(each)}</span>'
        for each in badges
    )
    items = "".join(f"<li>{escaped(line)}</li>" for line in rest)
    return {
        "text/html": (
            f'<div class="{LITERAL}" style="max-width: 880px; line-height: 1.5">'
            f"<strong>{escaped(title)}</strong>{beside}"
            f'<ul style="margin: .3em 0 0 1.2em; padding: 0">{items}</ul></div>'
        ),
        "text/plain": "\n".join(map(visible, lines)),
    }
