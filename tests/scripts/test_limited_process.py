from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts import limited_process
from scripts.limited_process import LimitedProcess, MemoryGroup

MIB = 2**20
pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone")


@contextmanager
def started(code: str, folder: Path, limit: int = 500 * MIB) -> Iterator[LimitedProcess]:
    with (
        (folder / "log").open("w") as log,
        LimitedProcess(
            [sys.executable, "-c", code],
            environment=os.environ,
            folder=folder,
            limit=limit,
            log=log,
        ) as process,
    ):
        yield process


def until(path: Path, seconds: float = 30.0) -> str:
    end = time.monotonic() + seconds
    while not path.exists() or not path.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    return path.read_text()


def test_it_has_one_processor(tmp_path: Path) -> None:
    code = (
        "import os, time; own = len(os.sched_getaffinity(0))\n"
        "open('said', 'w').write(str(own)); time.sleep(60)"
    )

    with started(code, tmp_path):
        assert until(tmp_path / "said") == "1"


def test_what_it_and_its_children_took_is_told(tmp_path: Path) -> None:
    child = (
        "import time; kept = bytearray(b'x') * (120 << 20)\n"
        "open('said', 'w').write('x'); time.sleep(60)"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    with started(code, tmp_path) as process:
        until(tmp_path / "said")
        time.sleep(0.5)  # until it has been looked at once more
        taken = process.peaks["all"]

    assert 120 * MIB < taken < 400 * MIB


def a_group_can_be_made() -> bool:
    group = MemoryGroup(2**40)
    group.close()
    return group.folder is not None


def test_what_the_system_ended_before_is_not_counted_and_a_group_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / limited_process._NAME
    folder.mkdir()
    events = folder / "memory.events"
    events.write_text("oom 3\noom_kill 3\n")
    monkeypatch.setattr(limited_process, "_GROUPS", tmp_path)

    group = MemoryGroup(2**40)
    before = group.killed()
    events.write_text("oom 5\noom_kill 5\n")
    after = group.killed()
    for each in folder.iterdir():
        each.unlink()  # as the system does
    group.close()

    assert (before, after) == (0, 2)
    assert not folder.exists()


def test_what_does_not_end_when_it_is_asked_to_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited_process, "_PATIENCE", 0.3)
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('said', 'w').write(str(os.getpid())); time.sleep(60)"
    )

    with started(code, tmp_path) as process:
        number = until(tmp_path / "said")

    assert not process.runs
    assert not Path(f"/proc/{number}").exists()


@pytest.mark.skipif(not a_group_can_be_made(), reason="no group of memory can be made")
def test_what_takes_more_than_it_may_is_ended_and_that_is_told(tmp_path: Path) -> None:
    code = "import time; time.sleep(.3); kept = bytearray(b'x') * (400 << 20); time.sleep(60)"

    with started(code, tmp_path, limit=100 * MIB) as process:
        before = process.killed
        assert process.is_held
        end = time.monotonic() + 30
        while process.runs and time.monotonic() < end:
            time.sleep(0.1)
        assert not process.runs
        assert (before, process.killed) == (0, 1)
