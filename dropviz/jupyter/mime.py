"""Puts pictures and words in front of a person, in every form that a front end may want."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from IPython.display import display

from dropviz.core import html_text
from dropviz.core.text_table import Table
from dropviz.errors import visible
from dropviz.keras_inside.interrupts import safe_point

if TYPE_CHECKING:
    from dropviz.figures.theme import Picture


# Notebooks typeset what stands between dollars, except in elements of these classes: the names
# that MathJax 3 and 2 leave alone.
LITERAL = "mathjax_ignore tex2jax_ignore"
escaped = html_text.escaped
_LINES = "\n\t"
_SHORT = 24  # letters of a cell that is not broken into lines
_LIST = "margin: .3em 0 0 1.2em; padding: 0"


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
    """Shows a picture, in every form that a saved notebook and its exports may want.

    As HTML it has its alt text everywhere, and answers to pointer and keys where the words above
    it brought the script for that; as PNG it goes into LaTeX. Both are of the density of most
    screens, for code-hosting pages show no notebook of more than a megabyte. An interrupt that
    waits acts between two pictures.

    Args:
        drawn: The picture.
    """
    from dropviz.jupyter import living

    safe_point()
    png = drawn.png(density=1)
    page = living.picture(drawn, png, called=True)
    bundle = {"image/png": png, "text/html": page, "text/plain": drawn.alt}
    display(bundle, raw=True, metadata=drawn.metadata)


def table(title: str, heads: list[str], rows: list[tuple[str, ...]]) -> dict[str, str]:
    """A small table as HTML and as text, for one output.

    Args:
        title: Its caption.
        heads: The names of its columns.
        rows: Its cells.

    Returns:
        A MIME bundle.
    """
    plain = [visible(line) for line in (title, *map(" | ".join, [tuple(heads), *rows]))]
    return {
        "text/html": _table(heads, rows, title),
        "text/plain": "\n".join(plain),
    }


def _cell(kind: str, text: str) -> str:
    # A figure such as 1.2e-07 would be broken at its sign.
    wrap = "; white-space: nowrap" if len(text) <= _SHORT else ""
    look = f"text-align: left; vertical-align: top; padding: .2em .7em .2em 0{wrap}"
    return f'<{kind} style="{look}">{escaped(text)}</{kind}>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> str:
    head = "".join(_cell("th", name) for name in heads)
    body = "".join(f"<tr>{''.join(_cell('td', value) for value in row)}</tr>" for row in rows)
    named = ""
    if title:
        look = "text-align: left; font-weight: bold"
        named = f'<caption style="{look}">{escaped(title)}</caption>'
    return (
        f'<table class="{LITERAL}" style="max-width: 880px; margin: 1em 0; font-size: .95em">'
        f"{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _below(group: Sequence[str | Table]) -> str:
    """What stands below a title: lines in a list, or tables."""
    tables = [_table(each.heads, each.cells) for each in group if isinstance(each, Table)]
    items = "".join(f"<li>{escaped(each)}</li>" for each in group if isinstance(each, str))
    return "".join(tables) or f'<ul style="{_LIST}">{items}</ul>'


def words(lines: Sequence[str | Table], badges: Iterable[str] = ()) -> dict[str, str]:
    """Lines of plain words as HTML and as text, for one output.

    Args:
        lines: The lines, with tables among them; the first is the title.
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
    below = "".join(_below(list(group)) for _, group in itertools.groupby(rest, type))
    return {
        "text/html": (
            f'<div class="{LITERAL}" style="max-width: 880px; line-height: 1.5">'
            f"<strong>{escaped(title)}</strong>{beside}{below}</div>"
        ),
        "text/plain": "\n".join(plain_lines(lines)),
    }


def plain_lines(lines: Iterable[str | Table]) -> list[str]:
    """Lines of plain words as text: a table has several.

    Args:
        lines: As of ``words``.
    """
    each = (line.lines if isinstance(line, Table) else [visible(line)] for line in lines)
    return list(itertools.chain.from_iterable(each))
