"""What other processes did while a cell ran: dropviz sees into the kernel's own alone."""

from __future__ import annotations

import multiprocessing
import os

_LEAST = 1.0  # seconds of a processor; what trains with Keras takes more to import it


class ChildProcesses:
    """Those that were started from when this was made."""

    def __init__(self) -> None:
        self._before = _seconds()
        self._older = {each.pid for each in multiprocessing.active_children()}

    @property
    def remark(self) -> str:
        """What is known of their work, where it may have been a training; else empty."""
        took = _seconds() - self._before
        now = {each.pid for each in multiprocessing.active_children()}
        running = len(now - self._older)
        # Of those that have ended nobody knows when they were started.
        said = [f"that ended meanwhile took {took:.1f} s of processor time"] * (took >= _LEAST)
        said += [f"that the cell started still run ({running:,} of them)"] * (running > 0)
        if not said:
            return ""
        return (
            f"Processes {' and others '.join(said)}; what trains in them cannot be recorded. Train "
            "in the notebook's own process, or use dropviz.record in theirs."
        )


def _seconds() -> float:
    """Processor time of processes that have ended and were waited for."""
    times = os.times()
    return times.children_user + times.children_system
