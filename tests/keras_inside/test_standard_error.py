from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dropviz.keras_inside.standard_error import held_back

NOISE = re.compile(rb"noise")


def write(*lines: str) -> None:
    for line in lines:
        os.write(2, f"{line}\n".encode())


def fails(*_: Any, **__: Any) -> Any:
    raise OSError


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_noise_is_held_back_and_all_else_passes_in_its_order(
    capfd: pytest.CaptureFixture[str], error: type[BaseException] | None
) -> None:
    def work() -> None:
        with held_back(NOISE):
            write("one", "noise of native code", "two")
            if error:
                raise error

    if error:
        with pytest.raises(error):
            work()
    else:
        work()
    write("noise afterwards")

    assert capfd.readouterr().err == "one\ntwo\nnoise afterwards\n"


@pytest.mark.parametrize("missing", [(os, "dup"), (tempfile, "TemporaryFile")], ids=["dup", "file"])
def test_without_a_place_to_hold_it_all_passes(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, missing: tuple[Any, str]
) -> None:
    # pytest's own capture needs both afterwards.
    with monkeypatch.context() as patched:
        patched.setattr(*missing, fails)
        with held_back(NOISE):
            write("one", "noise")

    assert capfd.readouterr().err == "one\nnoise\n"


def test_a_process_without_a_stream_for_errors_is_no_reason_to_fail(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", None)
        with held_back(NOISE):
            write("one", "noise")

    assert capfd.readouterr().err == "one\n"


@pytest.mark.parametrize("raised", [OSError, ValueError], ids=["a full disk", "closed"])
def test_a_stream_that_cannot_be_flushed_is_no_reason_to_fail(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, raised: type[Exception]
) -> None:
    class Stream:
        def flush(self) -> None:
            raise raised

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", Stream())
        with held_back(NOISE):
            write("one", "noise")
    write("afterwards")

    assert capfd.readouterr().err == "one\nafterwards\n"


def test_an_error_of_the_block_has_no_other_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", fails)
        with pytest.raises(KeyError) as came, held_back(NOISE):
            raise KeyError

    assert came.value.__context__ is None


def test_no_file_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    with held_back(NOISE):
        pass
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", fails)
        with held_back(NOISE):
            pass

    assert open_files() == before
