"""The near end of the fork server, where the far end does what it should not."""

from __future__ import annotations

import subprocess

import psutil
import pytest

from dropviz.errors import DropvizError
from dropviz.homework import fork_client
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.sandbox import Child

from .processes import answer_of, asleep, ends

GONE = "did not start or has ended"
READY = "import socket, sys, time; socket.socket(fileno=int(sys.argv[1])).send(b'ready'); "


def test_a_server_that_has_ended_is_started_anew_by_the_next_answer(bare: ForkServer) -> None:
    first, process = answer_of(bare)
    process.parent().kill()
    with pytest.raises(DropvizError, match=GONE):
        first.close()

    second, other = answer_of(bare)

    with second:
        second.load(["make = 1"], ["make"], seed=1)
        assert other.ppid() != process.ppid()


def test_an_answer_whose_server_ended_has_failed_by_no_fault_of_its_own(bare: ForkServer) -> None:
    child, process = answer_of(bare)
    process.parent().kill()
    assert ends(process)

    with pytest.raises(DropvizError, match=GONE):
        child.load(["make = 1"], ["make"], seed=1)
    # Whatever was made of that on the way, who closes it hears so again.
    for _ in range(2):
        with pytest.raises(DropvizError, match=GONE):
            child.close()


@pytest.mark.parametrize("program", ["pass", "raise SystemExit(3)", "import no_such_module"])
def test_a_server_that_does_not_start_leaves_nothing_open(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_client, "_PROGRAM", program)
    files, below = psutil.Process().num_fds(), psutil.Process().children()

    with pytest.raises(DropvizError, match=GONE):
        ForkServer()

    assert psutil.Process().num_fds() == files
    assert psutil.Process().children() == below


def test_a_process_that_the_system_refuses_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", short)
    files = psutil.Process().num_fds()

    with pytest.raises(DropvizError, match=GONE):
        ForkServer()

    assert psutil.Process().num_fds() == files


def test_an_answer_that_has_no_process_leaves_nothing_open(
    bare: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, process = answer_of(bare)
    process.parent().kill()
    with pytest.raises(DropvizError, match=GONE):
        child.close()
    monkeypatch.setattr(fork_client, "_PROGRAM", "pass")
    files = psutil.Process().num_fds()

    for _ in range(3):
        with pytest.raises(DropvizError, match=GONE):
            Child(bare)

    assert psutil.Process().num_fds() == files


def test_a_server_that_does_not_hear_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_client, "_PROGRAM", READY + "time.sleep(1000)")
    monkeypatch.setattr(fork_client, "_END", 0.2)
    before = set(psutil.Process().children())
    deaf = ForkServer()
    (process,) = set(psutil.Process().children()) - before

    deaf.close()
    deaf.close()

    assert not process.is_running()


def test_one_that_is_closed_lets_its_answers_end(bare: ForkServer) -> None:
    _, process = asleep(bare)
    server = process.parent()

    bare.close()

    assert ends(process)
    assert not server.is_running()
