"""One thread that draws what is wanted last, and never two pictures at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Painter:
    """Draws in a thread of its own; a wish takes the place of one that waits."""

    def __init__(self, draw: Callable[[], None]) -> None:
        """Makes a painter.

        Args:
            draw: Draws what is to be seen now; must not raise.
        """
        self._draw = draw
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._wanted = self._closed = False
        self._thread = threading.Thread(target=self._work, name="dropviz-painter", daemon=True)
        self._thread.start()

    def want(self) -> None:
        """Has the picture drawn as soon as may be."""
        with self._changed:
            self._wanted = True
            self._changed.notify_all()

    def now(self) -> None:
        """Draws in the thread that calls."""
        with self._lock:
            self._draw()

    def close(self) -> None:
        """Ends the thread, once it has drawn what it is at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, seconds: float) -> None:
        """Waits for the thread to end, after ``close``."""
        self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._wanted and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                self._wanted = False
            self.now()
