"""The arguments of a magic's line: read, checked, and named where they are wrong."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import unicodedata
from argparse import ArgumentTypeError, Namespace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import parse_argstring

from dropviz.core.number_forms import WHOLE
from dropviz.errors import DropvizError, received
from dropviz.jupyter.ipython_inside import list_flags
from dropviz.keras_inside import interrupts

Shell = Any  # IPython's InteractiveShell carries no types

_SEED = r"--seed(?:=|\s+)[\w.+-]+"
_SEEDS_FIRST = re.compile(rf"^(?:{_SEED}(?:\s+|$))+")
_SEEDS_LAST = re.compile(rf"(?:(?:^|\s+){_SEED})+$")
_FLAG = re.compile(r"(?:^|\s)--[a-z]")


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
    if given.into is None:
        return None
    # As Python reads the names of code: under another the result would be out of reach.
    name = unicodedata.normalize("NFKC", given.into)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise DropvizError(
            f"--into needs a name to keep the result under. Received: {given.into!r}. Try run."
        )
    given.into = name
    return name


def value_of(shell: Shell, expression: str, needs: str, hint: str) -> Any:
    """The value of a name or an expression of the user's.

    Args:
        shell: The IPython shell.
        expression: As it stands in the line.
        needs: What is needed there, as a sentence.
        hint: What to do where it has no value, likewise.

    Raises:
        DropvizError: If it has none.
    """
    try:
        return interrupts.through(shell.user_global_ns, shell.ev, expression)
    except Exception as error:  # noqa: BLE001 (whatever the expression raises)
        raise DropvizError(
            f"{needs} Received: {expression!r}, which gives {type(error).__name__}: {error}. {hint}"
        ) from None


def without_semicolon(line: str) -> str:
    """A line without the semicolon at its end, by which a person wants no value shown."""
    return line.rstrip("; \t")


def parsed(magic: Any, line: str) -> Namespace:
    """Reads the flags of a magic; raises DropvizError with the nearest flag where one is wrong."""
    name = magic.__name__
    try:
        given: Namespace = parse_argstring(magic, without_semicolon(line))
    except (UsageError, ValueError) as error:  # ValueError: a quotation without its end
        hint = _nearest(magic, line) or f"See %{name}? for an example."
        raise DropvizError(f"%{name}: {error}. {hint}") from None
    return given


def scenario_of(magic: Any, line: str) -> tuple[str | None, str]:
    """Takes the scenario out of a line, where other words are values of flags.

    Args:
        magic: The magic.
        line: Its line.

    Returns:
        The scenario, or None; and the rest of the line.

    Raises:
        DropvizError: If there are several.
    """
    from dropviz.core.scenario_string import is_scenario

    line = without_semicolon(line)
    words, flags = line.split(), list_flags(magic)
    scenarios = [
        number
        for number, (before, word) in enumerate(zip(["", *words], words, strict=False))
        if is_scenario(word) and before not in flags
    ]
    if len(scenarios) > 1:
        came = ", ".join(received(words[number]) for number in scenarios)
        raise DropvizError(
            f"%{magic.__name__} takes one scenario. Received: {len(scenarios)} of them, {came}. "
            "Leave one, or put their parts into one, as in lstm:u16:d.2."
        )
    if not scenarios:
        return None, line
    (place,) = scenarios
    return words.pop(place), " ".join(words)


def expression(magic: Any, line: str) -> tuple[str, Namespace]:
    """Takes ``--seed`` off either end of a line; what is left is Python, and stays as it was typed.

    Args:
        magic: The magic.
        line: Its line.

    Returns:
        The expression, which may be empty, and the flags.

    Raises:
        DropvizError: If a flag is wrong.
    """
    text, flags = without_semicolon(line).strip(), ""
    for pattern in (_SEEDS_FIRST, _SEEDS_LAST):
        if found := pattern.search(text):
            flags += f" {found[0].strip()}"
            text = (text[: found.start()] + text[found.end() :]).strip()
    # No layer begins with a minus, and what is no Python may be a flag that is written wrongly.
    wrong = text.startswith("-") or text.endswith(" --seed")
    wrong = wrong or (_FLAG.search(text) is not None and not _is_python(text))
    return text, parsed(magic, f"{flags} {text}" if wrong else flags)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _nearest(magic: Any, line: str) -> str:
    flags = list_flags(magic)
    wrong = next((w for w in line.split() if w.startswith("--") and w not in flags), "")
    if not wrong:
        return ""
    near = [flag for flag in flags if flag.startswith(wrong)]
    near += difflib.get_close_matches(wrong, flags, n=1)
    return f"Did you mean {near[0]}?" if near else ""
