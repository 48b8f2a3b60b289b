"""The processes of a fork server and its answers, as the system sees them."""

from __future__ import annotations

import os
import time

import psutil

from dropviz.homework.fork_client import ForkServer
from dropviz.homework.frames import Frame, Kind
from dropviz.homework.sandbox import Child

SLEEPS = "import time\nmake = time.sleep(1000)"


def answer_of(server: ForkServer, *, call_seconds: float = 20.0) -> tuple[Child, psutil.Process]:
    """Starts an answer; gives the near end of it and its process, whose parent is the server."""
    before = _below()
    child = Child(server, unlocked=True, call_seconds=call_seconds)
    (process,) = (each for each in _below() - before if each.ppid() != os.getpid())
    return child, process


def asleep(server: ForkServer) -> tuple[Child, psutil.Process]:
    """Starts an answer that sleeps, and listens to nobody."""
    child, process = answer_of(server)
    child.say(Frame(Kind.CODE, text=f"make\0{{}}\0{SLEEPS}", numbers=(1,)))
    return child, process


def ends(process: psutil.Process) -> bool:
    """Whether a process ends within seconds; one that nobody has waited for has ended too."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def _below() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))
