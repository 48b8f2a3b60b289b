"""Tells moves that a person made from those that follow from something else."""

from __future__ import annotations

import threading


class Quiet(threading.local):
    """A block inside which what moves is nobody's doing; in each thread one of its own.

    Attributes:
        on: Whether this thread is inside.
    """

    def __init__(self) -> None:
        self._depth = 0

    @property
    def on(self) -> bool:
        """Whether this thread is inside of such a block."""
        return self._depth > 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
