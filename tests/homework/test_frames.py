from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest

from dropviz.homework.frames import (
    BrokenFrameError,
    Frame,
    Kind,
    LateFrameError,
    is_waiting,
    read,
    write,
)

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_frame_comes_out_as_it_went_in(pipe: Pipe) -> None:
    arrays = [
        np.arange(6, dtype="f4").reshape(1, 2, 3),
        np.zeros((0,), "f4"),
        np.ones((2, 2), "f4"),
    ]

    write(pipe[1], Frame(Kind.CALL, arrays, "ein Wort \u2713", (1, 2, 3)))
    came = read(pipe[0])

    assert (came.kind, came.text, came.numbers) == (Kind.CALL, "ein Wort \u2713", (1, 2, 3, 0))
    assert [each.shape for each in came.arrays] == [(1, 2, 3), (0,), (2, 2)]
    np.testing.assert_array_equal(came.arrays[0], arrays[0])
    assert not is_waiting(pipe[0])


def head(kind: int = 7, arrays: int = 0, text: int = 0) -> bytes:
    return struct.pack("<BB4IQ", kind, arrays, 0, 0, 0, 0, text)


BAD = {
    "no kind": (head(kind=99), "no answer"),
    "too many arrays": (head(arrays=200), "no answer"),
    "a long text": (head(text=1 << 40), "too large"),
    "a long side": (head(arrays=1) + struct.pack("<B3I", 1, 1 << 30, 1, 1), "no answer"),
    "many sides": (head(arrays=1) + struct.pack("<B3I", 4, 1, 1, 1), "no answer"),
    "many values": (head(arrays=1) + struct.pack("<B3I", 3, 60000, 60000, 60000), "too large"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_frame_is_refused_before_it_is_read(pipe: Pipe, name: str) -> None:
    raw, said = BAD[name]
    os.write(pipe[1], raw)

    with pytest.raises(BrokenFrameError, match=said):
        read(pipe[0], time.monotonic() + 1)


def test_half_a_frame_is_late_and_a_closed_pipe_is_broken() -> None:
    out, into = os.pipe()
    os.write(into, head(text=4)[:9])
    with pytest.raises(LateFrameError):
        read(out, time.monotonic() + 0.05)
    os.write(into, head(text=4)[:3])
    os.close(into)
    with pytest.raises(BrokenFrameError, match="ended before"):
        read(out, time.monotonic() + 1)
    os.close(out)


def test_who_does_not_read_does_not_hold_up_who_writes(pipe: Pipe) -> None:
    large = Frame(Kind.CALL, [np.zeros((1000, 1000), "f4")])

    with pytest.raises(LateFrameError):
        write(pipe[1], large, time.monotonic() + 0.05)
