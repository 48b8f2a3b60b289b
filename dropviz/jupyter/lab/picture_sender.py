"""Sends what the open tab shows, no faster than somebody looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

# Eleven a second at full speed, so that ten are left where a batch comes between.
BETWEEN = 0.09
# Of a training's time at the most: what costs more to look at is sent less often.
SHARE = 0.05
# While an epoch is evaluated no mask is new. What was not sent meanwhile is sent afterwards, no
# nearer to each other than the second of these; both in seconds.
SAVED = 0.5
NEAREST = 0.025
# Of a training a page answers so many pictures with one word, or after .9 s, as each answer costs
# a notebook as much as a picture does: measured, 2.8 ms of 18.5 a picture where each fifth is.
TOGETHER = 10
AHEAD = 2 * TOGETHER  # an answer is a tenth of a second on its way, and from afar a whole one
# A front end that is not asked to answer (its kernel is busy with a cell) is sent one a second.
UNANSWERED = 1.0

Message = Mapping[str, Any]


class PictureSender:
    """Sends a few pictures ahead; what comes meanwhile waits, and the newest is sent.

    A front end answers pictures once it has painted them, or one that came after them, so that no
    more than a few queue up however slow it is. A tab or a page that nobody sees is sent nothing.

    Attributes:
        seen: Whether a view of the panel can be seen; None as long as none has said.
        sent: Pictures sent so far.
        bytes: The size of the last one.
    """

    def __init__(self, make: Callable[[], Message], send: Callable[[Message], int]) -> None:
        """Makes a sender.

        Args:
            make: Makes the picture of now.
            send: Sends it, and returns its size in bytes.
        """
        self.seen: bool | None = None
        self.sent = self.bytes = 0
        self._views: set[str] = set()  # those that can be seen
        self._make, self._send = make, send
        self._lock = threading.RLock()
        self._answered = 0
        self._last = 0.0
        self._paid = 0.0  # until then no look is due
        self._wanted = False

    @property
    def open(self) -> bool:
        """Whether the front end would take a picture now."""
        if self.seen is False:
            return False
        on_their_way = self.sent - self._answered
        return on_their_way < AHEAD or time.monotonic() - self._last >= UNANSWERED

    @property
    def due(self) -> bool:
        """Whether a training should look at its masks now, to have them sent."""
        now = time.monotonic()
        return self.open and now >= max(self._paid, self._last + NEAREST)

    def took(self, seconds: float) -> None:
        """Takes what a look and its picture cost the training, to keep to its share.

        Args:
            seconds: Of the training's thread.
        """
        saved = max(self._paid, time.monotonic() - SAVED)
        self._paid = saved + max(BETWEEN, seconds / SHARE)

    def want(self) -> None:
        """Sends the picture of now as soon as may be."""
        with self._lock:
            self._wanted = True
            if self.open:
                self.now()

    def now(self) -> None:
        """Sends the picture of now, whoever looks."""
        with self._lock:
            self._wanted = False
            self._last = time.monotonic()
            self.sent += 1
            self.bytes = self._send(self._numbered())

    def _numbered(self) -> Message:
        return {"kind": "picture", "number": self.sent, "together": TOGETHER, **self._make()}

    def answer(self, number: int) -> None:
        """Takes a front end's word that it has painted a picture.

        Args:
            number: The picture's number.
        """
        with self._lock:
            self._answered = max(self._answered, min(number, self.sent))
            if self._wanted and self.open:
                self.now()

    def look(self, view: str, *, seen: bool) -> None:
        """Takes a view's word whether it can be seen.

        Args:
            view: Which of them: a panel may stand in a notebook and beside it.
            seen: Whether it can be.
        """
        with self._lock:
            (self._views.add if seen else self._views.discard)(view)
            self.seen = bool(self._views)
            if seen:
                # What was sent before went nowhere, or to a page that is gone.
                self._answered = self.sent
                self.now()
