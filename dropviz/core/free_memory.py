"""How much memory is left to this process, whether something has room in it, and giving it back."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GIB = 2**30
# What is left is an estimate where Linux keeps much of files. So little is never refused.
_ALWAYS = GIB
_GROUP = Path("/sys/fs/cgroup")
_MACHINE = Path("/proc/meminfo")
# A container's limit, what it has used of it, and where it says how much of that is kept of
# files and given up when asked, in the second and the first form that Linux gives; a hosting
# machine's own memory says nothing of it (repo2docker, Binder).
_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def available(group: Path = _GROUP) -> int | None:
    """Bytes left to this process: of its container's limit, or else of the machine.

    Args:
        group: Where Linux shows the limits of a container.

    Returns:
        The bytes; None where the system does not tell.
    """
    left = [room for files in _FILES if (room := _room(group, *files)) is not None]
    machine = _row(_MACHINE, "MemAvailable:")
    if machine is not None:
        left.append(1024 * machine)
    else:
        with suppress(AttributeError, OSError, ValueError):  # not every system tells
            left.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))
    return min(left, default=None)


def limit(group: Path = _GROUP) -> int | None:
    """Bytes that the container of this process may take in all.

    Args:
        group: Where Linux shows the limits of a container.

    Returns:
        The bytes; None where there is no limit, or the machine has no more than it allows.
    """
    with suppress(AttributeError, OSError, ValueError):
        has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        allowed = [most for most, *_ in _FILES if (group / most).exists()]
        texts = [(group / each).read_text().strip() for each in allowed]
        # "max" is no limit, nor is the large number that stands for it in the first form.
        return min(
            (int(text) for text in texts if text.isdecimal() and int(text) < has), default=None
        )
    return None


def has_room(size: int) -> bool:
    """Whether so many bytes can be had without the system ending the process.

    Args:
        size: The bytes; a gibibyte always can.
    """
    room = available()
    return room is None or size <= max(room, _ALWAYS)


def give_back() -> None:
    """Gives freed memory back to the system at once, in 1 to 3 ms; with glibc alone.

    glibc keeps what is freed between two blocks that are not. Of trainings one after another
    several threads allocate, and so the process grows though nothing holds what it keeps.
    """
    with suppress(AttributeError, OSError, TypeError):  # not every system has it
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def collecting_at_once() -> Iterator[None]:
    """Has what a block leaves behind in circles collected as it ends, and nothing that is older.

    Pictures of matplotlib are circles of tens of thousands of objects. Python's own collector comes
    so often meanwhile that it takes them for old ones, and has to go through all that TensorFlow
    holds to be rid of them: measured, .4 s after every second training, against .02 s.

    Yields:
        Nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if was_on:
            gc.enable()


def _room(group: Path, limit: str, used: str, parts: str, kept: str) -> int | None:
    try:
        most, now = (group / limit).read_text().strip(), (group / used).read_text().strip()
    except OSError:
        return None
    # "max" is no limit.
    if not most.isdecimal() or not now.isdecimal():
        return None
    return max(0, int(most) - int(now) + (_row(group / parts, kept) or 0))


def _row(path: Path, name: str) -> int | None:
    """A number of a table that Linux writes."""
    with suppress(OSError, ValueError, IndexError):
        for line in path.read_text().splitlines():
            first, *numbers = line.split()
            if first == name:
                return int(numbers[0])
    return None
