"""The live view: one output, a line above a picture, that changes while a training goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython import get_ipython
from IPython.display import display

from dropviz.core.free_memory import collecting_at_once
from dropviz.errors import visible
from dropviz.figures.colours import MUTED
from dropviz.jupyter.mime import LITERAL, escaped

if TYPE_CHECKING:
    from dropviz.core.curves import Curves
    from dropviz.studies.progress import Progress

# Seconds between two updates, at the least; a terminal cannot take a line back.
_PAUSE, _TERMINAL = 0.2, 10.0
# Drawing may take this share of the time that the training takes.
_SHARE = 0.03


class ProgressView:
    """Shows how a training goes, as its listener.

    One display handle, so that what the cell prints stays and the saved notebook holds
    one output. It changes at most five times a second, and its curves are drawn anew as
    long as drawing takes a few hundredths of the training's time.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._image = ""
        self._drawn: Curves | None = None
        self._next = 0.0
        self._next_drawing = 0.0
        self._pause = _PAUSE if hasattr(get_ipython(), "kernel") else _TERMINAL

    def __call__(self, progress: Progress) -> None:
        """Shows the progress, if it is time."""
        now = time.perf_counter()
        if now < self._next:
            return
        fresh = progress.curves.epochs and progress.curves is not self._drawn
        if fresh and now >= self._next_drawing:
            self._draw(progress)
            took = time.perf_counter() - now
            self._next_drawing = time.perf_counter() + took / _SHARE
        self.say(progress.sentence)
        self._next = time.perf_counter() + self._pause

    def say_at_times(self, line: str, picture: Callable[[], str] = lambda: "") -> None:
        """Shows a line and what stands below it, in place of those before, if it is time.

        Args:
            line: The line.
            picture: Makes HTML; called if it is time.
        """
        now = time.perf_counter()
        if now >= self._next:
            self._image = picture()
            self.say(line)
            self._next = time.perf_counter() + self._pause

    def say(self, line: str) -> None:
        """Shows a line in place of the one before."""
        said = f'<div class="{LITERAL}" style="color: {MUTED}">{escaped(line)}</div>'
        bundle = {"text/plain": visible(line), "text/html": said + self._image}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def _draw(self, progress: Progress) -> None:
        self._drawn = progress.curves
        with collecting_at_once():
            self._image = _image(progress)

    def close(self, line: str) -> None:
        """Leaves one line; the report draws the curves for good.

        Args:
            line: What to leave.
        """
        self._image = ""
        if self._handle is not None:
            self.say(line)


def _image(progress: Progress) -> str:
    from dropviz.figures.curves import curves

    drawn = curves(progress.curves, epochs=progress.epochs or 0)
    return drawn.img(drawn.frame())
