"""The far end of the fork server: no answer outlives it, or what it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import dropviz
from dropviz.homework import fork_client, seccomp
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.sandbox import RefusedError

from .processes import answer_of, asleep, ends

ROOT = Path(dropviz.__file__).parents[1]
JUDGE = """
import sys, time
from dropviz.homework import fork_client, seccomp
from tests.homework.processes import asleep
fork_client._PROGRAM = sys.argv[1]
server = fork_client.ForkServer()
child, process = asleep(server)
print(process.pid, process.ppid(), flush=True)
time.sleep(1000)
"""


def test_answers_end_when_the_judge_is_gone(bare: ForkServer) -> None:
    del bare  # its program starts in no time
    program = fork_client._PROGRAM
    with subprocess.Popen(
        [sys.executable, "-c", JUDGE, program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as judge:
        assert judge.stdout is not None
        answer, server = (psutil.Process(int(each)) for each in judge.stdout.readline().split())
        assert answer.is_running()
        judge.kill()

    assert ends(answer)
    assert ends(server)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_answers_end_with_the_server(bare: ForkServer, by: signal.Signals) -> None:
    _, process = asleep(bare)

    process.parent().send_signal(by)

    assert ends(process)


@pytest.mark.skipif(not seccomp.is_known(), reason="the numbers of its calls are not known")
def test_an_answer_that_would_outlive_the_server_ends_with_it(bare: ForkServer) -> None:
    child, process = answer_of(bare)
    child.load(["import ctypes\nmake = ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)"], ["make"], seed=1)

    process.parent().kill()

    assert ends(process)


def test_what_an_answer_left_running_ends_with_it(
    bare: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where it is told --unlocked, on a processor whose calls are not known.
    del bare  # its program starts in no time
    unknown = "import platform; platform.machine = lambda: 'unknown'; "
    monkeypatch.setattr(fork_client, "_PROGRAM", unknown + fork_client._PROGRAM)
    leaves = "import os, time\nmake = os.fork() or time.sleep(1000)\nmake = os._exit(0)"
    with ForkServer() as server:
        child, process = answer_of(server, call_seconds=1.0)
        with pytest.raises(RefusedError):
            child.load([leaves], ["make"], seed=1)
        left = [each for each in psutil.process_iter() if _group(each) == process.pid]

        assert all(ends(each) for each in left)


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def test_a_child_of_an_earlier_server_is_not_ended_by_its_number(bare: ForkServer) -> None:
    _, process = asleep(bare)

    assert bare.end(psutil.Process().pid) == 0
    assert bare.end(process.pid) == signal.SIGKILL
    assert bare.end(process.pid) == 0
