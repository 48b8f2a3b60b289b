from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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


@pytest.mark.skipif(MemoryGroup(2**40).folder is None, reason="no group of memory can be made")
def test_what_takes_more_than_it_may_is_ended_and_that_is_told(tmp_path: Path) -> None:
    code = "import time; time.sleep(.3); kept = bytearray(b'x') * (400 << 20); time.sleep(60)"

    with started(code, tmp_path, limit=100 * MIB) as process:
        before = process.killed
        assert process.is_held
        end = time.monotonic() + 30
        while process.runs and time.monotonic() < end:
            time.sleep(0.1)
        assert not process.runs
        assert process.killed == before + 1
