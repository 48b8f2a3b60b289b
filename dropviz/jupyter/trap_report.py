"""Behaviours of Keras that surprise people, as HTML and as text."""

from __future__ import annotations

import re

from dropviz.core.trap_results import Trap, TrapResults
from dropviz.jupyter.mime import escaped

_CODE = re.compile(r"`([^`]+)`")
# No colour of its own, so that it reads in light and dark themes alike.
_LINE = "1px solid rgba(128, 128, 128, .4)"
_CELL = "text-align: left; vertical-align: top; white-space: normal; padding: .15em .6em"
# Code as long as a line of a telephone is broken anywhere; notebooks keep code together.
_BROKEN = "overflow-wrap: anywhere"


def trap_bundle(found: Trap | TrapResults) -> dict[str, str]:
    """One trap or several as HTML and as text, for one output.

    Args:
        found: What was found when they were run.

    Returns:
        A MIME bundle.
    """
    shown = trap_html(found) if isinstance(found, Trap) else traps_html(found)
    return {"text/html": shown, "text/plain": str(found)}


def traps_html(results: TrapResults) -> str:
    """Several traps under their heading."""
    blocks = "".join(map(trap_html, results))
    heading = escaped(results.heading)
    return f'<div><p style="max-width: 880px">{heading}</p>{blocks}</div>'


def trap_html(trap: Trap) -> str:
    """One trap: its heading, and a table of what is said of it."""
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL}; width: 7em">{label}</th>'
        f'<td style="{_CELL}; {_BROKEN}">{_marked(said)}</td></tr>'
        for label, said in trap.rows
    )
    return (
        f'<div style="max-width: 880px; line-height: 1.45; margin: 0 0 1em 0">'
        f'<div style="{_BROKEN}"><strong>{_marked(trap.heading)}</strong> '
        f"<code>{escaped(trap.name)}</code></div>"
        f'<table style="border-collapse: collapse; border-top: {_LINE}; margin: .3em 0; '
        f'table-layout: auto; width: 100%"><tbody>{rows}</tbody></table></div>'
    )


def _marked(text: str) -> str:
    """Escaped text, with what stands between backticks as code."""
    return _CODE.sub(r'<code style="white-space: normal">\1</code>', escaped(text))
