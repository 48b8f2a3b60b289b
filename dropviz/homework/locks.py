"""The locks of the process that runs an answer: which there are, and shutting them.

Shut right after the fork, while there is one thread, for Landlock and seccomp bind a thread and
what it starts: TensorFlow's own threads, in which an answer can run code too, start behind them.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

from dropviz.homework import landlock, seccomp
from dropviz.homework.own_user import become_own_user
from dropviz.homework.readable import readable

_MEMORY = 4 << 30  # of addresses; a child that runs Keras takes some 2.5 GiB of them
_CPU_SECONDS = 240
_FILES = 128
_THREADS = 256  # beside those that the user runs already


class Lock(IntEnum):
    """A lock."""

    FILES = 1
    CALLS = 2
    LIMITS = 3
    USER = 4


WORDS = {
    Lock.FILES: "files (Landlock)",
    Lock.CALLS: "processes, sockets and signals (seccomp)",
    Lock.LIMITS: "memory, time and size of files (rlimits)",
    Lock.USER: "a user of its own",
}
# Without these no answer is run, unless a person says so.
NEEDED = (Lock.FILES, Lock.CALLS, Lock.LIMITS)


def shut(server: int) -> tuple[Lock, ...]:
    """Shuts every lock that this system has, for good.

    Args:
        server: The process that it was forked from, with which it ends.

    Returns:
        The locks that hold now.
    """
    _offer_to_kernel()
    readable_paths = readable()
    own = become_own_user()
    _end_with(server)
    held = {
        Lock.LIMITS: _limits(own_user=own),
        Lock.USER: own,
        Lock.FILES: landlock.restrict(readable_paths),
        Lock.CALLS: seccomp.restrict(),
    }
    return tuple(lock for lock, holds in held.items() if holds)


def forget_own_modules() -> None:
    """Takes dropviz, and what of it could be asked for, out of the process."""
    for name in [each for each in sys.modules if each.partition(".")[0] == "dropviz"]:
        del sys.modules[name]
    sys.modules["dropviz"] = None  # type: ignore[assignment]  # an import of it fails, and says so


def _offer_to_kernel() -> None:
    """Where memory is short, the kernel ends this process first, and not the judge."""
    # Before all locks: of a process that becomes another user, what is in /proc is root's.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _end_with(server: int) -> None:
    """Has the kernel end this process when the server ends, whatever ends that."""
    # The kernel forgets it where a process becomes another user, and seccomp refuses it.
    ctypes.CDLL(None).prctl(seccomp.SIGNAL_OF_PARENTS_DEATH, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server:
        os._exit(0)


def _limits(*, own_user: bool) -> bool:
    threads = _THREADS if own_user else _THREADS + _running_now()
    limits = {
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_NPROC: threads,
    }
    try:
        for which, most in limits.items():
            resource.setrlimit(which, (most, most))
    except (OSError, ValueError):
        return False
    return True


def _running_now() -> int:
    """Threads that the user of this process runs: its limit counts them all."""
    count, own = 0, os.getuid()
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if each.name.isdigit() and each.stat().st_uid == own:
                count += len(list((each / "task").iterdir()))
    return count
