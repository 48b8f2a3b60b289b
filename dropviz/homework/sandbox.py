"""Runs an answer in a process of its own, behind locks, and asks it for numbers."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from dropviz.core.closing import Closing
from dropviz.errors import DropvizError, visible
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.frames import (
    BrokenFrameError,
    Frame,
    Kind,
    LateFrameError,
    is_waiting,
    read,
    write,
)
from dropviz.homework.locks import NEEDED, WORDS, Lock

_START = 120.0  # until its locks are shut
_SAID = 300  # letters of an answer's own error that are passed on


class RefusedError(Exception):
    """An answer that is not graded further; the message says why, as a clause."""


class Child(Closing):
    """A process that runs one answer.

    Attributes:
        locks: The locks that hold.
        refused: Why it is not asked any further; "" until then.
    """

    def __init__(
        self,
        server: ForkServer,
        *,
        unlocked: bool = False,
        call_seconds: float = 20.0,
        all_seconds: float = 120.0,
    ) -> None:
        """Starts it, and waits until its locks are shut.

        Args:
            server: It is forked from this.
            unlocked: Whether it may run where a lock that is needed does not hold.
            call_seconds: Wall time that one call may take.
            all_seconds: Wall time that all may take together.

        Raises:
            DropvizError: If a lock that is needed does not hold; nothing was run then.
        """
        self._server, self._call_seconds, self._all_seconds = server, call_seconds, all_seconds
        self.refused = ""
        theirs_ask, self._ask = os.pipe()
        self._answer, theirs_answer = os.pipe()
        self._lost: DropvizError | None = None
        try:
            self._process: int | None = server.fork(theirs_ask, theirs_answer)
        except DropvizError:
            os.close(self._ask)
            os.close(self._answer)
            raise
        finally:
            os.close(theirs_ask)
            os.close(theirs_answer)
        try:
            ready = read(self._answer, time.monotonic() + _START)
        except (BrokenFrameError, LateFrameError):
            self.close()
            raise DropvizError(
                "The process that an answer runs in did not come to shutting its locks. Expected "
                "room for 1 GiB of memory. Free some, and grade again."
            ) from None
        self.locks = tuple(Lock(number) for number in ready.numbers if number)
        self._end = time.monotonic() + all_seconds
        try:
            if not unlocked:
                check_locks(self.locks)
        except DropvizError:
            self.close()
            raise

    def load(
        self,
        cells: Sequence[str],
        names: Sequence[str],
        seed: int,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        """Has it run the code that some names need.

        Args:
            cells: The source of the notebook's code cells.
            names: The names.
            seed: Where its random streams begin.
            given: Plain values of names that the notebook does not set to plain values itself,
                but reads from a table that was handed out with it.

        Raises:
            RefusedError: If that fails.
        """
        self.ask(Frame(Kind.CODE, text=_text(names, cells, given or {}), numbers=(seed,)))

    def literals(self, cells: Sequence[str], names: Sequence[str]) -> str:
        """Has it read plain values, without running anything.

        Args:
            cells: The source of the notebook's code cells.
            names: The names that the values are set to.

        Returns:
            Them by name, as JSON.

        Raises:
            RefusedError: If that fails.
        """
        return self.ask(Frame(Kind.LITERAL, text=_text(names, cells, {}))).text

    def ask(self, frame: Frame) -> Frame:
        """Asks, and hears the answer.

        Args:
            frame: What to ask.

        Returns:
            What came back.

        Raises:
            RefusedError: If it gives no answer, in time and form.
        """
        self.say(frame)
        return self.hear()

    def say(self, frame: Frame) -> None:
        """Says something that ``hear`` hears the answer to.

        Args:
            frame: What to say.

        Raises:
            RefusedError: If it does not listen, or has spoken before it was asked.
        """
        if self._process is None:
            raise RefusedError(self.refused)
        try:
            if is_waiting(self._answer):
                read(self._answer, time.monotonic())
                raise self.refuse("it answered before it was asked")
            write(self._ask, frame, self._deadline)
        except (LateFrameError, BrokenFrameError) as error:
            raise self._why(error) from None

    def hear(self) -> Frame:
        """Hears what it says.

        Returns:
            What it said.

        Raises:
            RefusedError: If it says nothing in time, something that is no answer, or that it
                failed.
        """
        try:
            frame = read(self._answer, self._deadline)
        except (LateFrameError, BrokenFrameError) as error:
            raise self._why(error) from None
        if frame.kind is Kind.FAILED:
            raise self.refuse(f"its code says {said(frame.text)}")
        return frame

    def refuse(self, why: str) -> RefusedError:
        """Ends it, and words why; the first reason counts."""
        # explain() words what it meets anew.
        if not self.refused:
            ended = self.close()
            by = f" (by {_signal(ended)})" if ended and ended != signal.SIGKILL else ""
            self.refused = f"{why}{by}"
        return RefusedError(self.refused)

    def close(self) -> int:
        """Ends it; gives the signal that ended it before, if one did.

        Raises:
            DropvizError: Each time, if the server has ended meanwhile, and it with that: whatever
                was made of its silence, it is no fault of the answer's.
        """
        if self._process is not None:
            process, self._process = self._process, None
            os.close(self._ask)
            os.close(self._answer)
            try:
                return self._server.end(process)
            except DropvizError as error:
                self._lost = error
        if self._lost is not None:
            raise self._lost
        return 0

    @property
    def _deadline(self) -> float:
        return min(self._end, time.monotonic() + self._call_seconds)

    def _why(self, error: Exception) -> RefusedError:
        if isinstance(error, BrokenFrameError):
            return self.refuse(str(error))
        late = time.monotonic() >= self._end
        limit = f"{self._all_seconds:g} s in all" if late else f"{self._call_seconds:g} s"
        return self.refuse(f"it gave no answer within {limit}")


def check_locks(held: Sequence[Lock]) -> None:
    """Refuses to run an answer where a lock that is needed does not hold.

    Args:
        held: The locks that hold.

    Raises:
        DropvizError: If one is missing; the message names it.
    """
    missing = [WORDS[lock] for lock in NEEDED if lock not in held]
    if missing:
        raise DropvizError(
            f"This system does not lock in what answers do with {' and '.join(missing)}, so that "
            "one could read your files or change its points. Expected Linux 5.13 or later, with "
            "Landlock and seccomp. Grade on such a machine; or, where you trust every answer, "
            "say --unlocked."
        )


def held_locks(server: ForkServer, *, unlocked: bool) -> tuple[str, ...]:
    """Tries which locks hold on this system, with nothing behind them.

    Args:
        server: It forks a child for that.
        unlocked: Whether it will do if one that is needed does not.

    Returns:
        Those that do, in words.

    Raises:
        DropvizError: If one that is needed does not.
    """
    with Child(server, unlocked=unlocked) as child:
        return tuple(WORDS[lock] for lock in child.locks)


def said(text: str) -> str:
    """What an answer says of itself, as it may be shown: short, and it does nothing."""
    return visible(" ".join(text.split()))[:_SAID].rstrip(".")


def _text(names: Sequence[str], cells: Sequence[str], given: Mapping[str, Any]) -> str:
    return "\0".join(
        [" ".join(names), json.dumps(given), *(cell.replace("\0", "") for cell in cells)]
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
