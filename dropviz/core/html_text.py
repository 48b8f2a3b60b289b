"""Texts as HTML: the only place where they are escaped."""

from __future__ import annotations

import html

from dropviz.errors import visible


def escaped(text: object, keep: str = "") -> str:
    """A text as HTML, in an element or an attribute: no markup, and all of it is seen.

    Args:
        text: Words of dropviz or a text from outside; whatever is no text as ``str`` has it.
        keep: Characters that stay though they are not printed, such as line ends in code.
    """
    return html.escape(visible(str(text), keep))
