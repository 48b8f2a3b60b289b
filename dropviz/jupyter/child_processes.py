"""What other processes did while a cell ran: dropviz sees into the kernel's own alone."""

from __future__ import annotations

import multiprocessing
import os

_LEAST = 1.0  # seconds of a processor; what trains with Keras takes more to import it


class ChildProcesses:
    """Those that were started from when this was made."""

    def __init__(self) -> None:
        self._before = _seconds()

    @property
    def remark(self) -> str:
        """What is known of their work, where it may have been a training; else empty."""
        took = _seconds() - self._before
        running = len(multiprocessing.active_children())
        said = [f"took {took:.1f} s of processor time"] if took >= _LEAST else []
        said += [f"still run ({running:,} of them)"] if running else []
        if not said:
            return ""
        return (
            f"Processes that the cell started {' and '.join(said)}; what trains in them cannot be "
            "recorded. Train in the notebook's own process, or use dropviz.record in theirs."
        )


def _seconds() -> float:
    """Processor time of processes that have ended and were waited for."""
    times = os.times()
    return times.children_user + times.children_system
