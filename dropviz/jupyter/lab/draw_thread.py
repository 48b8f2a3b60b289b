"""One thread that draws what is wanted last, and never two pictures at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class DrawThread:
    """Draws in a thread of its own; a wish takes the place of one that waits."""

    def __init__(self, draw: Callable[[], None]) -> None:
        """Makes the thread, which begins at once.

        Args:
            draw: Draws what is to be seen now; must not raise.
        """
        self._draw = draw
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._wanted = self._closed = False
        self._thread = threading.Thread(target=self._work, name="dropviz-draw", daemon=True)
        self._thread.start()

    def want(self) -> None:
        """Has the picture drawn as soon as may be."""
        with self._changed:
            self._wanted = True
            self._changed.notify_all()

    def now(self) -> None:
        """Draws in the thread that calls."""
        with self._lock, _uncollected():
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


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keeps Python's collector from running inside the block; it runs a little after it.

    A picture is a hundred thousand objects that refer to each other. Where they grow old
    while it is drawn, every twelfth picture waits 300 ms for a collection of everything,
    Keras and TensorFlow included. Young, they are gone in a few.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(0)
