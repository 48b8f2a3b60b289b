"""A process on one processor with so much memory and no more, and what it took."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from dropviz.core.closing import Closing

_GROUPS = Path("/sys/fs/cgroup")
_NAME = "dropviz_rehearsal"
_EVERY = 0.1  # seconds
_PATIENCE = 30.0  # seconds that a process may take to end when it is asked to
# What a process is, by a word of its command; the server where it is none of these.
_KINDS = {"kernel": b"ipykernel", "worker": b"loky"}


class MemoryGroup:
    """A limit of memory that Linux keeps, in whichever of its two forms; else none."""

    def __init__(self, limit: int) -> None:
        """Makes the group.

        Args:
            limit: Bytes.
        """
        self.folder: Path | None = None
        forms = (
            (_GROUPS / "memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
            (_GROUPS, "memory.max", "memory.swap.max"),
        )
        for above, most, swap in forms:
            folder = above / _NAME
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                (folder / most).write_text(str(limit))
                self.folder = folder
                with suppress(OSError):
                    (folder / swap).write_text(str(limit if "memsw" in swap else 0))
                break
        # A group that was there already counts on.
        self._before = self._counted()

    def enter(self) -> None:
        """Puts this process, and all that it will start, into the group."""
        if self.folder is not None:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self) -> int:
        """How many processes the system has ended for it since this was made."""
        return self._counted() - self._before

    def close(self) -> None:
        """Takes the group away, unless a process is still in it."""
        if self.folder is not None:
            with suppress(OSError):
                self.folder.rmdir()

    def _counted(self) -> int:
        for name in ("memory.oom_control", "memory.events"):
            with suppress(OSError, TypeError):
                lines = (self.folder / name).read_text().splitlines()  # type: ignore[operator]
                return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
        return 0


class LimitedProcess(Closing):
    """A process, all that it starts, and what they take."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        folder: Path,
        limit: int,
        log: IO[str],
    ) -> None:
        """Starts it on one processor.

        Args:
            command: What to run.
            environment: Its variables.
            folder: Where.
            limit: Bytes of memory that it may take, with all that it starts.
            log: Where its words go.
        """
        self.limit, self.peaks = limit, dict[str, int]()
        self._group = MemoryGroup(limit)

        def inside() -> None:
            self._group.enter()
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            preexec_fn=inside,  # noqa: PLW1509 (no thread of ours runs yet)
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    @property
    def is_held(self) -> bool:
        """Whether the system keeps the limit; else what is taken is only looked at."""
        return self._group.folder is not None

    @property
    def killed(self) -> int:
        """How many of its processes the system has ended for want of memory."""
        return self._group.killed()

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def begin_anew(self) -> None:
        """Forgets what was taken so far."""
        self.peaks.clear()

    def close(self) -> None:
        """Ends it, and all that it started."""
        self._done.set()
        family = _family(self._process.pid)
        try:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE)
        finally:
            for process in family:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self._process.wait()
        self._group.close()

    def _look(self) -> None:
        while not self._done.wait(_EVERY):
            taken: dict[str, int] = {"all": 0}
            for process in _family(self._process.pid):
                with suppress(OSError, StopIteration, IndexError):
                    words = Path(f"/proc/{process}/cmdline").read_bytes()
                    what = next((name for name, word in _KINDS.items() if word in words), "server")
                    status = Path(f"/proc/{process}/status").read_text().splitlines()
                    size = next(int(row.split()[1]) for row in status if row.startswith("VmRSS"))
                    taken["all"] += size * 1024
                    taken[what] = max(taken.get(what, 0), size * 1024)
            for what, size in taken.items():
                self.peaks[what] = max(self.peaks.get(what, 0), size)


def _family(first: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            above = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(above, []).append(int(each.name))
    found, left = [], [first]
    while left:
        found.append(left.pop())
        left += parents.get(found[-1], [])
    return found
