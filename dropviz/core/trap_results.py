"""Behaviours of Keras that surprise people, as they were found when they were run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from dropviz.core.display_registry import mime_bundle
from dropviz.core.number_forms import counted
from dropviz.errors import unknown_name

_WIDTH = 80


@dataclass(frozen=True)
class Trap:
    """One behaviour that surprises people, and what was measured of it.

    Attributes:
        name: A short name, as in "rate-one".
        title: The behaviour in one line.
        expect: What a reader of the arguments would expect.
        happens: What happened, with the figures that were measured.
        why: The mechanism, with the Keras file that it lies in.
        advice: What to do.
        holds: True where this Keras behaves so, False where it does not, None where it
            could not be measured.
        seconds: Wall time of the measurement.
        evidence: The figures by name; empty where it could not be measured.
    """

    name: str
    title: str
    expect: str
    happens: str
    why: str
    advice: str
    holds: bool | None
    seconds: float
    evidence: Mapping[str, float | str] = field(default_factory=dict, hash=False)

    @property
    def heading(self) -> str:
        """The title, and whether it is still true where it is not."""
        marks = {True: "", False: " (not so here)", None: " (could not be measured)"}
        return self.title + marks[self.holds]

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is said of it, each with its label."""
        return (
            ("You expect", self.expect),
            ("It happens", self.happens),
            ("Why", self.why),
            ("What to do", self.advice),
        )

    def __str__(self) -> str:
        lines = _wrapped(f"{self.name}: {self.heading}", "", "  ")
        indent = " " * 14
        for label, said in self.rows:
            lines += _wrapped(said, f"  {label:<12}", indent)
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude  # IPython filters by itself
        return mime_bundle(self)


class TrapResults(Sequence[Trap]):
    """Traps in order; each is found by its number, from 0, or its name.

    A name that is not there raises ``UnknownNameError``, a number ``IndexError``; a slice gives
    ``TrapResults``.

    Attributes:
        where: What they were run with, as in "Keras (3.15.1, tensorflow)".
    """

    def __init__(self, traps: Iterable[Trap], where: str = "Keras") -> None:
        self.where = where
        self._traps = tuple(traps)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the traps, in order."""
        return tuple(trap.name for trap in self._traps)

    @property
    def heading(self) -> str:
        """How many there are, with what they were run, and how many hold."""
        seconds = sum(trap.seconds for trap in self._traps)
        said = f"{counted(len(self), 'trap')} run with {self.where} in {seconds:.1f} s"
        gone = [trap.name for trap in self._traps if trap.holds is False]
        unknown = [trap.name for trap in self._traps if trap.holds is None]
        if gone:
            said += f"; not so here: {', '.join(gone)}"
        if unknown:
            said += f"; could not be measured: {', '.join(unknown)}"
        return f"{said}."

    @overload
    def __getitem__(self, key: int | str) -> Trap: ...
    @overload
    def __getitem__(self, key: slice) -> TrapResults: ...
    def __getitem__(self, key: int | str | slice) -> Trap | TrapResults:
        if isinstance(key, slice):
            return TrapResults(self._traps[key], self.where)
        if isinstance(key, str):
            for trap in self._traps:
                if trap.name == key:
                    return trap
            raise unknown_name("trap", key, self.names)
        try:
            return self._traps[key]
        except IndexError:
            raise IndexError(
                f"There are {counted(len(self), 'trap')}, numbered from 0. Received: {key}."
            ) from None

    def __len__(self) -> int:
        return len(self._traps)

    def __iter__(self) -> Iterator[Trap]:
        return iter(self._traps)

    def __contains__(self, item: object) -> bool:
        return item in self._traps or item in self.names

    def __repr__(self) -> str:
        return f"<TrapResults of {counted(len(self), 'trap')}: {', '.join(self.names)}>"

    def __str__(self) -> str:
        heading = "\n".join(_wrapped(self.heading, "", "  "))
        return "\n\n".join([heading, *map(str, self._traps)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude  # IPython filters by itself
        return mime_bundle(self)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
