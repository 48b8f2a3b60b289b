"""How long an experiment may take, and what it tells a listener meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

SECONDS = 10.0
# More runs than nearly all layers need; before these nothing is cut off, so that a verdict
# does not depend on how busy the machine is.
_USUAL = 400


class OutOfTimeError(Exception):
    """The time for an experiment is over."""


@dataclass(frozen=True)
class Asked:
    """How far an experiment has come.

    Attributes:
        layer: The layer's name.
        runs: How often it was run.
        seconds: Wall time since the experiment began.
    """

    layer: str
    runs: int
    seconds: float

    @property
    def sentence(self) -> str:
        """One line for a person who waits."""
        spent = f"explaining {self.layer}: run {self.runs}, {self.seconds:.0f} s"
        if self.runs <= _USUAL:
            return f"{spent}; most layers take fewer than {_USUAL} runs"
        return f"{spent} of at most {SECONDS:.0f} s"


Listener = Callable[[Asked], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tells a listener of every run of the experiments inside the block.

    Args:
        listener: It is called with an ``Asked``.

    Yields:
        Nothing.
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@dataclass
class RunLimit:
    """Counts the runs of an experiment, and ends it in time.

    Attributes:
        layer: The layer's name.
        runs: How often it was run.
        began: When the experiment began.
    """

    layer: str
    runs: int = 0
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Wall time since the experiment began."""
        return time.perf_counter() - self.began

    def next_run(self) -> None:
        """Counts a run that is about to begin.

        Raises:
            OutOfTimeError: If the time is over.
        """
        if self.runs >= _USUAL and self.seconds > SECONDS:
            raise OutOfTimeError
        self.runs += 1
        listener = _LISTENER.get()
        if listener is not None:
            listener(Asked(self.layer, self.runs, self.seconds))
