"""The one error a person meets, with a face of one line; and what texts from outside look like."""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterable

_SHOWN = 160  # letters of what came that a message shows
_LINE_END = re.compile(r"\s*[\r\n]+\s*")


def visible(text: str, keep: str = "") -> str:
    """A text from outside as it may be shown: it does nothing, and all of it is seen.

    A name or an error may hold terminal codes, marks that turn the direction of writing round,
    or letters without a width. They come out as ``repr`` writes them; what is shown already
    comes out as it is. Whoever makes words of a text that is not dropviz's own asks this, and
    HTML and pictures escape what comes out for themselves.

    Args:
        text: The text.
        keep: Characters that stay as they are, such as line ends in code.

    Returns:
        The text, all of whose characters but those of ``keep`` can be printed.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else repr(each)[1:-1] for each in text
    )


def _in_one_line(text: object) -> str:
    return visible(_LINE_END.sub(" ", str(text).strip()))


class DropvizError(ValueError):
    """Something was asked that dropviz cannot do; the message says what to do instead.

    In a notebook it shows as one line instead of a traceback: IPython prints what
    ``_render_traceback_`` returns. To code it is an ordinary ``ValueError``.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_in_one_line(message))

    def _render_traceback_(self) -> list[str]:
        return [f"DropvizError: {self}"]


class UnknownNameError(DropvizError, KeyError):
    """A name that is not there; a ``KeyError`` too, so that ``.get`` and ``in`` work."""

    # KeyError would print the repr of its message, quotes and all.
    __str__ = Exception.__str__


class StoppedError(KeyboardInterrupt):
    """A training was interrupted, and what it had done is kept.

    Still a ``KeyboardInterrupt``, so that *Run All* stops, but it shows as one line.

    Attributes:
        run: The ``Run`` so far, with ``status == "stopped"``; None where nothing had begun.
    """

    def __init__(self, message: str, run: object = None) -> None:
        super().__init__(_in_one_line(message))
        self.run = run

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def received(value: object) -> str:
    """What came, as a message may show it: short, on one line, and whatever it is.

    Args:
        value: Anything; asking it for its ``repr`` may fail.

    Returns:
        Its ``repr`` as it may be shown; the begin and the end of a long one.
    """
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 (whatever a person's own class raises)
        return f"a {type(value).__name__} whose repr fails ({type(error).__name__})"
    return _short(text)


def one_line(error: BaseException) -> str:
    """What an error says, as a message may show it: short, on one line, and whatever it is.

    Args:
        error: The error.

    Returns:
        The words of a ``DropvizError``; of any other its type and the first line of its words,
        or its type alone where it says nothing.
    """
    if isinstance(error, DropvizError):
        return str(error)
    try:
        said = str(error).strip()
    except Exception:  # noqa: BLE001 (whatever a person's own class raises)
        said = ""
    return type(error).__name__ + (f": {_short(said.splitlines()[0])}" if said else "")


def _short(text: str) -> str:
    text = visible(" ".join(text.split()))
    half = _SHOWN // 2
    return text if len(text) <= _SHOWN else f"{text[:half]} ... {text[-half:]}"


def is_known(name: object, known: Container[str]) -> bool:
    """Whether a name that came is one of those that exist; it may be anything."""
    return isinstance(name, str) and name in known


def unknown_name(what: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Words an unknown name with the nearest known one.

    Args:
        what: The kind of thing, as in "task".
        name: The name that came.
        known: The names that exist.

    Returns:
        The error to raise.
    """
    names = list(known)
    # What is far longer than any name is near to none.
    asked = name if isinstance(name, str) and len(name) <= _SHOWN else ""
    nearest = difflib.get_close_matches(asked, names, n=1, cutoff=0.5)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    listed = ", ".join(repr(each) for each in names) or "none"
    return UnknownNameError(f"There is no {what} {received(name)}.{hint} Known: {listed}.")
