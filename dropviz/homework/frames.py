"""Frames of plain numbers over a pipe, between the judge and the process that runs an answer.

A frame holds a kind, four whole numbers, a short text and a few arrays of float32. Every size is
checked before anything of that size is read, and nothing in it can be more than a number or a
text: no pickle, no names, no code. Whoever reads it from an answer believes none of it.
"""

from __future__ import annotations

import math
import os
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_HEAD = struct.Struct("<BB4IQ")  # kind, arrays, four numbers, bytes of the text
_SHAPE = struct.Struct("<3I")
_ARRAYS, _SIDE, _VALUES = 8, 1 << 16, 1 << 22
_PIECE = 4096  # no more than a pipe takes at once without blocking, once it takes anything
TEXT, CODE = 1 << 16, 1 << 24  # bytes of a text from an answer, and of one to it


class Kind(IntEnum):
    """What a frame says."""

    READY = 1  # the locks are shut; numbers: those that hold
    CODE = 2  # text: the names that are asked for, what is given (JSON), then the cells
    MAKE = 3  # arrays: units, rate, features; what comes back are the shapes of the weights
    CALL = 4  # numbers: layer, training, weights; arrays: weights, inputs, states
    IDENTIFY = 5  # numbers: features, units
    LITERAL = 6  # text: as of CODE; what comes back is JSON
    DONE = 7  # it went well
    FAILED = 8  # text: what the answer's own error says
    ASK = 9  # of the answer: CALL on the judge's layer
    NAMED = 10  # of the answer: text is the name that `identify` gave


@dataclass(frozen=True, eq=False)
class Frame:
    """One message.

    Attributes:
        kind: What it says.
        arrays: Up to 8 arrays of float32, with up to 3 sides each.
        text: A text, often empty.
        numbers: Up to four whole numbers, 0 to 2**32 - 1.
    """

    kind: Kind
    arrays: Sequence[Array] = ()
    text: str = ""
    numbers: tuple[int, ...] = ()


class BrokenFrameError(Exception):
    """What came is no frame, or it ended in the middle; the message is half a sentence."""


class LateFrameError(Exception):
    """Nothing came in time."""


def write(pipe: int, frame: Frame, deadline: float | None = None) -> None:
    """Writes a frame.

    Args:
        pipe: A file descriptor.
        frame: What to write.
        deadline: When to give up, by ``time.monotonic``; never by default.

    Raises:
        LateFrameError: If the other end does not read it in time.
        BrokenFrameError: If there is no other end any more.
    """
    text = frame.text.encode("utf-8", "replace")
    numbers = (*frame.numbers, 0, 0, 0, 0)[:4]
    parts = [_HEAD.pack(frame.kind, len(frame.arrays), *numbers, len(text))]
    arrays = [np.ascontiguousarray(each, "<f4") for each in frame.arrays]
    parts += [bytes([each.ndim]) + _sides(each.shape) for each in arrays]
    view = memoryview(b"".join([*parts, text, *(each.tobytes() for each in arrays)]))
    try:
        while view:
            _wait(pipe, deadline, to_write=True)
            view = view[os.write(pipe, view[:_PIECE]) :]
    except BrokenPipeError:
        raise BrokenFrameError("it ended before it answered") from None


def read(pipe: int, deadline: float | None = None, most: int = TEXT) -> Frame:
    """Reads a frame.

    Args:
        pipe: A file descriptor.
        deadline: When to give up, by ``time.monotonic``; never by default.
        most: Bytes that its text may have.

    Returns:
        The frame.

    Raises:
        LateFrameError: If it does not come in time.
        BrokenFrameError: If what comes is no frame, or too large.
    """
    kind, many, *numbers, length = _HEAD.unpack(_exactly(pipe, _HEAD.size, deadline))
    if kind not in iter(Kind) or many > _ARRAYS:
        raise BrokenFrameError("what it answered is no answer")
    shapes = [_shape(_exactly(pipe, 1 + _SHAPE.size, deadline)) for _ in range(many)]
    sizes = [math.prod(shape) for shape in shapes]
    if length > most or sum(sizes) > _VALUES:
        raise BrokenFrameError("its answer is too large")
    text = _exactly(pipe, length, deadline).decode("utf-8", "replace")
    arrays = [
        np.frombuffer(_exactly(pipe, 4 * size, deadline), "<f4").reshape(shape)
        for size, shape in zip(sizes, shapes, strict=True)
    ]
    return Frame(Kind(kind), arrays, text, tuple(numbers))


def is_waiting(pipe: int) -> bool:
    """Whether something can be read already, or the other end is gone."""
    return bool(select.select([pipe], [], [], 0)[0])


def _sides(shape: tuple[int, ...]) -> bytes:
    return _SHAPE.pack(*(*shape, 1, 1, 1)[:3])


def _shape(raw: bytes) -> tuple[int, ...]:
    sides, count = _SHAPE.unpack(raw[1:]), raw[0]
    if count > len(sides) or max(sides) > _SIDE:
        raise BrokenFrameError("what it answered is no answer")
    return tuple(sides[:count])


def _wait(pipe: int, deadline: float | None, *, to_write: bool) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    sides = ([], [pipe]) if to_write else ([pipe], [])
    if left <= 0 or not any(select.select(*sides, [], left)):
        raise LateFrameError


def _exactly(pipe: int, size: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    while size:
        _wait(pipe, deadline, to_write=False)
        part = os.read(pipe, min(size, 1 << 16))
        if not part:
            raise BrokenFrameError("it ended before it answered")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
