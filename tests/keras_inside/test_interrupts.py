from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import FrameType
from typing import Any

import pytest

from dropviz.keras_inside import hooks, interrupts
from dropviz.keras_inside.interrupts import act, minded, safe_point, taken, through

Log = list[str]


def send() -> None:
    signal.raise_signal(signal.SIGINT)


# A function that belongs to dropviz, as far as its frame says.
_OURS: dict[str, Any] = {"__name__": "dropviz.made", "contextmanager": contextmanager}
exec(  # noqa: S102
    """
def ours(work):
    return work()

@contextmanager
def block(enter, leave):
    enter()
    try:
        yield
    finally:
        leave()
""",
    _OURS,
)
ours: Callable[[Callable[[], Any]], Any] = _OURS["ours"]
block: Callable[..., Any] = _OURS["block"]


def steps(log: Log, *then: Callable[[], None]) -> Callable[[], None]:
    """Sends an interrupt, notes that it went on, and does more."""

    def work() -> None:
        send()
        log.append("went on")
        for each in then:
            each()

    return work


def test_an_interrupt_of_the_users_code_acts_at_once() -> None:
    log: Log = []

    with pytest.raises(KeyboardInterrupt), minded():
        steps(log)()

    assert log == []


def test_an_interrupt_waits_while_dropviz_is_at_work_and_acts_when_the_block_ends() -> None:
    log: Log = []

    def work() -> None:
        with minded():
            ours(steps(log))
            log.append("ended")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert log == ["went on", "ended"]


def test_an_interrupt_waits_for_what_dropviz_has_called() -> None:
    log: Log = []

    with pytest.raises(KeyboardInterrupt), minded():
        ours(lambda: [steps(log)() for _ in range(2)])

    assert log == ["went on", "went on"]


def test_an_interrupt_that_waits_acts_at_a_safe_point() -> None:
    log: Log = []

    with pytest.raises(KeyboardInterrupt), minded():
        ours(steps(log, safe_point, lambda: log.append("after")))

    assert log == ["went on"]
    assert not taken()


def test_a_safe_point_does_nothing_where_no_interrupt_waits() -> None:
    with minded():
        ours(safe_point)
    safe_point()


def test_an_interrupt_that_was_taken_does_not_act() -> None:
    with minded():
        ours(steps([]))
        assert taken()
        assert not taken()


def test_an_error_that_ends_the_block_stands_for_the_interrupt() -> None:
    def work() -> None:
        with minded():
            ours(steps([]))
            1 / 0  # noqa: B018

    with pytest.raises(ZeroDivisionError):
        work()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_the_handler_is_the_one_before_however_the_block_ends(
    error: type[BaseException] | None,
) -> None:
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(error) if error else nullcontext(), minded():
        assert signal.getsignal(signal.SIGINT) != before
        if error:
            raise error

    assert signal.getsignal(signal.SIGINT) == before
    assert not interrupts._minders


def test_blocks_in_one_another_act_once() -> None:
    log: Log = []

    def work() -> None:
        with minded():
            ours(steps(log))
            with minded():
                log.append("inner")
            log.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert log == ["went on", "inner"]


def test_an_interrupt_goes_to_the_handler_that_was_there() -> None:
    log: Log = []

    def own(number: int, frame: FrameType | None) -> None:
        del number, frame
        log.append("own")

    before = signal.signal(signal.SIGINT, own)
    try:
        with minded():
            ours(steps(log))
            safe_point()
            send()
    finally:
        signal.signal(signal.SIGINT, before)

    assert log == ["went on", "own", "own"]


def test_a_handler_that_the_block_puts_there_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        with minded():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_interrupts_that_are_ignored_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with minded():
            ours(send)
            assert not taken()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_second_interrupt_soon_after_waits_too_and_a_later_one_acts_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: Log = []

    def work() -> None:
        with minded():
            ours(steps(log, steps(log)))
            monkeypatch.setattr(interrupts, "_PATIENCE", 0.0)
            ours(steps(log))

    with pytest.raises(KeyboardInterrupt):
        work()

    assert log == ["went on", "went on"]


def test_another_thread_neither_minds_nor_takes_an_interrupt() -> None:
    seen: list[object] = []

    def work() -> None:
        with minded():
            safe_point()
            seen.extend([signal.getsignal(signal.SIGINT) == main, taken()])

    with minded():
        main = signal.getsignal(signal.SIGINT)
        ours(send)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert taken()

    assert seen == [True, False]


# ---------------------------------------------------------------- the user's code below ours


def test_an_interrupt_acts_in_code_of_the_users_that_dropviz_lets_through() -> None:
    log: Log = []

    with pytest.raises(KeyboardInterrupt), minded():
        ours(lambda: through(globals(), steps(log)))

    assert log == []


def test_an_interrupt_waits_in_what_runs_the_users_code() -> None:
    log: Log = []

    with minded():
        ours(lambda: through({}, steps(log)))
        assert taken()

    assert log == ["went on"]


def test_an_interrupt_waits_where_the_users_code_has_called_dropviz() -> None:
    log: Log = []

    with minded():
        ours(lambda: through(globals(), lambda: ours(steps(log))))
        assert taken()

    assert log == ["went on"]


class Called:
    def method(self, work: Callable[[], None]) -> str:
        work()
        return "its own"


@pytest.mark.parametrize("free", [True, False])
def test_an_interrupt_in_a_method_that_is_listened_to_acts_once_the_method_has_ended(
    *, free: bool
) -> None:
    log: Log = []

    def called() -> None:
        log.append(Called().method(steps(log)))
        log.append("went on after it")

    with minded(), hooks.before(Called, "method", lambda *_: None):
        if free:
            with pytest.raises(KeyboardInterrupt):
                called()
        else:
            ours(called)
            assert taken()

    assert log == (["went on"] if free else ["went on", "its own", "went on after it"])


def test_an_interrupt_does_not_come_between_a_block_and_its_clearing_away() -> None:
    """At each line of contextlib that enters or leaves the block."""
    number, most = 0, 40
    while number < most and (log := entered_and_left(number)):
        assert log == ["in", "out", "acted"]
        number += 1

    assert 4 <= number < most


def entered_and_left(number: int) -> Log:
    """What a block did with an interrupt at a line of contextlib; nothing without the line."""
    log: Log = []
    with interrupted_in_contextlib(number) as sent:
        try:
            with minded(), block(lambda: log.append("in"), lambda: log.append("out")):
                act()
        except KeyboardInterrupt:
            log.append("acted")
    return log if sent else []


@contextmanager
def interrupted_in_contextlib(number: int) -> Iterator[list[int]]:
    """Sends an interrupt at a line of contextlib, by its place among those that are run."""
    sent: list[int] = []
    left = [number]

    def stepped(frame: FrameType, event: str, _: object) -> Any:
        mine = "gen" in vars(frame.f_locals.get("self")) and frame.f_locals["self"].gen.gi_frame
        if event == "line" and mine and mine.f_globals is _OURS and not sent:
            left[0] -= 1
            if left[0] < 0:
                sent.append(frame.f_lineno)
                # As the signal would: in that frame, not in one of the tracer's.
                handler: Any = signal.getsignal(signal.SIGINT)
                handler(signal.SIGINT, frame)
        return stepped

    def called(frame: FrameType, *_: object) -> Any:
        own = frame.f_globals.get("__name__") == "contextlib"
        return stepped if own and frame.f_code.co_name in ("__enter__", "__exit__") else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        yield sent
    finally:
        sys.settrace(before)


def test_an_interrupt_that_acted_is_remembered_until_the_block_ends() -> None:
    with minded():
        assert not interrupts.acted()
        with suppress(KeyboardInterrupt):
            send()
        assert interrupts.acted()

    assert not interrupts.acted()


def test_a_signal_from_outside_waits_too() -> None:
    with minded():
        ours(lambda: os.kill(os.getpid(), signal.SIGINT))
        assert taken()
