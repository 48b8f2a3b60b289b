"""What a field of a saved file may hold: a check for each kind of plain data.

A check takes the field's name and what came, and gives the value or raises DropvizError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from dropviz.core.number_forms import MOST
from dropviz.errors import DropvizError, is_known, received

Check = Callable[[str, Any], Any]

MOST_COUNT = 2**63 - 1  # of what a file counts in numbers of 64 bits


@contextmanager
def explained(before: str, after: str = "") -> Iterator[None]:
    """Puts words around what is refused inside the block."""
    try:
        yield
    except DropvizError as error:
        raise DropvizError(f"{before}: {error}{after}") from error


def refused(name: str, expected: str, value: object) -> DropvizError:
    """Words what came where something else was expected."""
    return DropvizError(f"{name} must be {expected}. Received: {received(value)}.")


def text(name: str, value: Any) -> str:
    """A text that can be shown and written anywhere."""
    if not isinstance(value, str):
        raise refused(name, "a text", value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        # Half of a letter, as "\ud800": no screen, picture or file takes it.
        raise refused(name, "a text of whole letters", value) from error
    return value


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise refused(name, "true or false", value)
    return value


def whole(low: int = 0, high: int = MOST_COUNT) -> Check:
    """A whole number in a range."""

    def check(name: str, value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise refused(name, f"a whole number from {low} to {high}", value)
        return value

    return check


SIZE = whole(1, MOST)


def number(low: float = -math.inf, high: float = math.inf) -> Check:
    """A finite number in a range."""

    def check(name: str, value: Any) -> float:
        found = value if isinstance(value, float) else _as_float(value)
        if not math.isfinite(found) or not low <= found <= high:
            within = f" from {low:g} to {high:g}" if math.isfinite(low) else ""
            raise refused(name, f"a finite number{within}", value)
        return found

    return check


def rate(name: str, value: Any) -> float:
    """A drop rate."""
    found = number(0, 1)(name, value)
    if found == 1:
        raise refused(name, "at least 0 and below 1", value)
    return float(found)


# JSON has no word for these.
_NOT_FINITE = ("nan", "inf")


def distance(name: str, value: Any) -> float:
    """A number from 0, infinity, or NaN; what ``plain`` makes of them."""
    found = float(value) if is_known(value, _NOT_FINITE) else _as_float(value)
    if found < 0 or (not math.isfinite(found) and not isinstance(value, str)):
        raise refused(name, 'a number from 0, "inf" or "nan"', value)
    return found


def plain(value: float) -> float | str:
    """A number as JSON can hold it."""
    return value if math.isfinite(value) else str(float(value))


def _as_float(value: Any) -> float:
    """A number that may be one without a point; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def one_of(known: Collection[str]) -> Check:
    """One of some names."""

    def check(name: str, value: Any) -> str:
        if not is_known(value, known):
            raise refused(name, f"one of {', '.join(map(repr, known))}", value)
        return str(value)

    return check


def maybe(check: Check) -> Check:
    """None, or what another check lets through."""
    return lambda name, value: None if value is None else check(name, value)


def several(check: Check, least: int = 0) -> Check:
    """A list, each of one kind; gives a tuple."""

    def each(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) < least:
            raise refused(name, f"a list of at least {least}" if least else "a list", value)
        return tuple(check(f"{name}, entry {at}", one) for at, one in enumerate(value))

    return each


def by_name(check: Check) -> Check:
    """Values of one kind by any names."""

    def each(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise refused(name, "an object with names", value)
        return {
            text(f"a name in {name}", key): check(f"{name}, {received(key)}", one)
            for key, one in value.items()
        }

    return each


def fields(**checks: Check) -> Check:
    """Values by these names, all of them and no others."""

    def each(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise refused(name, "an object with fields", value)
        if set(value) != set(checks):
            raise refused(f"the fields of {name}", ", ".join(checks), list(value))
        return {key: check(f"{key} of {name}", value[key]) for key, check in checks.items()}

    return each
