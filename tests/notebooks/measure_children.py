"""How much memory, and how much of a processor, the processes take that are started in a block."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

_PAUSE = 0.5  # seconds between two looks


@dataclass
class Taken:
    """What was taken, as far as it was looked at.

    Attributes:
        mib: The most memory of all of them together, what they share counted once.
        seconds: Time of the processor, by process.
    """

    mib: float = 0.0
    seconds: dict[int, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Time of the processor of all of them together, in seconds."""
        return sum(self.seconds.values())

    def look(self, before: set[int]) -> None:
        sizes = 0.0
        for process in psutil.Process().children(recursive=True):
            if process.pid in before:
                continue
            with suppress(psutil.Error):
                sizes += process.memory_full_info().pss / 2**20
                times = process.cpu_times()
                self.seconds[process.pid] = times.user + times.system
        self.mib = max(self.mib, sizes)


@contextmanager
def on_one_core() -> Iterator[Taken]:
    """Keeps what is started inside the block to one processor, and looks at what it takes."""
    taken, ended = Taken(), threading.Event()
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    def watch() -> None:
        while not ended.wait(_PAUSE):
            taken.look(before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield taken
    finally:
        os.sched_setaffinity(0, allowed)
        ended.set()
        watcher.join()
