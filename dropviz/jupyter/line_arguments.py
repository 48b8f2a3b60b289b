"""The arguments of a magic's line: read, checked, and named where they are wrong."""

from __future__ import annotations

import difflib
import keyword
from argparse import ArgumentTypeError, Namespace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import parse_argstring

from dropviz.core.number_forms import WHOLE
from dropviz.errors import DropvizError, received
from dropviz.jupyter.ipython_inside import list_flags


def whole_number(text: str) -> int:
    """A whole number in ASCII digits; the ranges are the spec's to check."""
    if not WHOLE.fullmatch(text):
        raise ArgumentTypeError(f"must be a whole number. Received: {received(text)}")
    try:
        return int(text)
    except ValueError:  # more digits than Python reads
        raise ArgumentTypeError(f"must be a smaller number. Received: {received(text)}") from None


def checked_name(given: Namespace) -> Any:
    """The name to keep a result under, or None; raises DropvizError if it is no name."""
    name = given.into
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise DropvizError(
            f"--into needs a name to keep the result under. Received: {name!r}. Try run."
        )
    return name


def parsed(magic: Any, line: str) -> Namespace:
    """Reads the flags of a magic; raises DropvizError with the nearest flag where one is wrong."""
    name = magic.__name__
    try:
        given: Namespace = parse_argstring(magic, line.rstrip("; "))
    except (UsageError, ValueError) as error:  # ValueError: a quotation without its end
        hint = _nearest(magic, line) or f"See %{name}? for an example."
        raise DropvizError(f"%{name}: {error}. {hint}") from None
    return given


def _nearest(magic: Any, line: str) -> str:
    flags = list_flags(magic)
    wrong = next((w for w in line.split() if w.startswith("--") and w not in flags), "")
    if not wrong:
        return ""
    near = [flag for flag in flags if flag.startswith(wrong)]
    near += difflib.get_close_matches(wrong, flags, n=1)
    return f"Did you mean {near[0]}?" if near else ""
