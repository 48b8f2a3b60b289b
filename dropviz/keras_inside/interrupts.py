"""Interrupts that wait until what is under way has come to an end.

An interrupt raises ``KeyboardInterrupt`` wherever Python happens to be. Keras and TensorFlow
do not come through that everywhere: a layer keeps the masks of a call that did not end, an
optimizer that is half built is taken for built, and an import is not made good by a second
one. Nor would our own setting up and clearing away. So inside ``minded`` an interrupt waits
while a function of dropviz is on the stack, and acts at the next ``safe_point``, or as soon
as code of the user's runs again.

What is on the stack decides, not a flag that is set and cleared: there is no moment between
a block and its clearing away at which an interrupt could come through.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Self, TypeVar

Made = TypeVar("Made")

_PACKAGE = __name__.partition(".")[0]
# Seconds after which a person who interrupts again wants out, whatever it may break.
_PATIENCE = 1.0
_NUMBER = signal.SIGINT

_minders: list[minded] = []


class minded:  # noqa: N801 (a block, as contextlib's are)
    """A block inside which interrupts wait while dropviz is at work.

    Does nothing in other threads than the main one, which alone is interrupted; nor where
    interrupts are ignored. An interrupt that still waits when the block ends acts then.
    """

    def __init__(self) -> None:
        self.heard: float | None = None
        self.acted = False
        self._before: Any = None

    def __enter__(self) -> Self:
        before = signal.getsignal(_NUMBER)
        outer = isinstance(getattr(before, "__self__", None), minded)
        if threading.current_thread() is threading.main_thread() and callable(before) and not outer:
            self._before = before
            signal.signal(_NUMBER, self.hear)
            _minders.append(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        if self._before is None:
            if kind is None:
                act()
            return
        _minders.remove(self)
        # A handler that the block has put in this place stays.
        if signal.getsignal(_NUMBER) == self.hear:
            signal.signal(_NUMBER, self._before)
        if self.heard is not None and kind is None:
            self.pass_on(_NUMBER, sys._getframe())

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal."""
        __tracebackhide__ = True  # IPython's word for frames that are not the user's
        now = time.monotonic()
        first = now if self.heard is None else self.heard
        if now - first < _PATIENCE and _at_work(frame):
            self.heard = first
        else:
            self.pass_on(number, frame)

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """Has the interrupt act, as it would have without us."""
        __tracebackhide__ = True
        self.heard, self.acted = None, True
        self._before(number, frame)


def safe_point() -> None:
    """Lets an interrupt that waits act here."""
    __tracebackhide__ = True
    waits = _waiting()
    if waits:
        waits.pass_on(_NUMBER, sys._getframe())


def act() -> None:
    """Lets an interrupt that waits act, if what called the caller is the user's."""
    __tracebackhide__ = True
    waits = _waiting()
    if waits and not _at_work(_beyond_contextlib(sys._getframe(1).f_back)):
        waits.pass_on(_NUMBER, sys._getframe())


def taken() -> bool:
    """Whether an interrupt waits; who asks has taken it, and it waits no longer."""
    waits = _waiting()
    if waits:
        waits.heard = None
    return waits is not None


def acted() -> bool:
    """Whether an interrupt has acted in a block that is under way."""
    return any(each.acted for each in _minders)


def is_ours(frame: FrameType) -> bool:
    """Whether a frame is of dropviz's own code."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE


def through(
    namespace: Mapping[str, Any],  # noqa: ARG001 (read from the frame)
    call: Callable[..., Made],
    *args: Any,
    **kw: Any,
) -> Made:
    """Calls what runs code of the user's, in which interrupts act at once.

    Args:
        namespace: The globals of that code; until it runs, interrupts wait.
        call: What runs it.
        *args: Its arguments.
        **kw: Its keywords.

    Returns:
        What it returns.
    """
    return call(*args, **kw)


def _waiting() -> minded | None:
    here = threading.current_thread() is threading.main_thread()
    return next((each for each in _minders if here and each.heard is not None), None)


def _at_work(frame: FrameType | None) -> bool:
    """Whether dropviz is at work in a frame, itself or in what it has called."""
    called: list[FrameType] = []
    while frame is not None:
        if frame.f_code is through.__code__:
            namespace = frame.f_locals.get("namespace")
            return not any(each.f_globals is namespace for each in called)
        if is_ours(frame) or (not called and _runs_our_block(frame)):
            return True
        called.append(frame)
        frame = frame.f_back
    return False


def _runs_our_block(frame: FrameType) -> bool:
    """Whether this is contextlib, about to enter or to leave a block of dropviz's."""
    if frame.f_globals.get("__name__") != "contextlib":
        return False
    generator = getattr(frame.f_locals.get("self"), "gen", None)
    block = getattr(generator, "gi_frame", None)
    return block is not None and is_ours(block)


def _beyond_contextlib(frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_globals.get("__name__") == "contextlib":
        frame = frame.f_back
    return frame
