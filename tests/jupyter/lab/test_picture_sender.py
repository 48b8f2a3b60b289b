from __future__ import annotations

import threading
from typing import Any

import pytest

from dropviz.jupyter.lab import picture_sender
from dropviz.jupyter.lab.picture_sender import (
    AHEAD,
    BETWEEN,
    NEAREST,
    SAVED,
    SHARE,
    TOGETHER,
    UNANSWERED,
    PictureSender,
)

SECONDS = 60


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class FrontEnd:
    """What is sent to a front end, which answers when a test says so."""

    def __init__(self) -> None:
        self.made = 0
        self.got: list[Any] = []
        self.sender = PictureSender(self._make, self._send)

    def _make(self) -> dict[str, Any]:
        self.made += 1
        return {"picture": self.made}

    def _send(self, message: Any) -> int:
        self.got.append(message)
        return len(str(message))

    def answer(self) -> None:
        self.sender.answer(self.got[-1]["number"])

    def trained(self, clock: Clock, seconds: float, evaluated: float, cost: float) -> int:
        """Pictures of a training of so many seconds, in epochs of .14 s that are evaluated."""
        before, end = len(self.got), clock.now + seconds
        while clock.now < end:
            for _ in range(20):
                clock.now += 0.007  # a batch
                if self.sender.due:
                    clock.now += cost
                    self.sender.want()
                    self.sender.took(cost)
                self.answer()
            clock.now += evaluated
        return len(self.got) - before


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(picture_sender, "time", clock)
    return clock


@pytest.fixture
def front_end(clock: Clock) -> FrontEnd:
    del clock
    made = FrontEnd()
    made.sender.look("a view", seen=True)
    return made


def test_what_begins_to_be_seen_is_sent_the_picture_of_now(front_end: FrontEnd) -> None:
    assert front_end.got == [{"kind": "picture", "number": 1, "together": TOGETHER, "picture": 1}]
    assert front_end.sender.bytes == len(str(front_end.got[0]))


def test_pictures_never_queue_up_and_the_newest_is_sent(front_end: FrontEnd) -> None:
    for _ in range(100):
        front_end.sender.want()
    before = len(front_end.got)

    front_end.answer()
    front_end.answer()

    assert before == AHEAD
    assert [each["number"] for each in front_end.got] == [*range(1, AHEAD + 2)]
    assert front_end.made == AHEAD + 1


def test_the_answer_to_a_later_picture_is_one_to_those_before(front_end: FrontEnd) -> None:
    for _ in range(AHEAD):
        front_end.sender.want()
    front_end.sender.answer(AHEAD)
    for _ in range(AHEAD):
        front_end.sender.want()

    assert len(front_end.got) == 2 * AHEAD


def test_a_training_is_asked_to_look_when_a_picture_is_due(
    front_end: FrontEnd, clock: Clock
) -> None:
    front_end.answer()
    due = [front_end.sender.due]
    clock.now += 1.01 * NEAREST
    due.append(front_end.sender.due)
    for _ in range(AHEAD):
        front_end.sender.now()
    clock.now += 1.01 * BETWEEN
    due.append(front_end.sender.due)  # none was answered
    front_end.answer()
    due.append(front_end.sender.due)

    assert due == [False, True, False, True]
    assert BETWEEN < 0.1  # more than ten a second


def test_what_is_spared_is_spent_and_then_a_look_waits_for_its_share(
    front_end: FrontEnd, clock: Clock
) -> None:
    due = []
    for _ in range(3):
        front_end.answer()
        front_end.sender.took(0.02)
        clock.now += 1.01 * NEAREST
        due.append(front_end.sender.due)
    clock.now += 3 * 0.4 - SAVED - 3 * 1.01 * NEAREST - 0.01
    due.append(front_end.sender.due)
    clock.now += 0.02
    due.append(front_end.sender.due)

    # Of .02 s each, a twentieth: three have used up 1.2 s, of which .5 were spared before.
    assert due == [True, False, False, False, True]
    assert pytest.approx(0.02 / 0.4) == SHARE


@pytest.mark.parametrize("evaluated", [0.0, 0.08, 0.2])
def test_ten_a_second_are_sent_in_a_training_that_is_evaluated_now_and_then(
    front_end: FrontEnd, clock: Clock, evaluated: float
) -> None:
    assert 10 <= front_end.trained(clock, 20, evaluated, 0.004) / 20 <= 13


@pytest.mark.parametrize("cost", [0.008, 0.02, 0.1])
def test_what_costs_more_than_its_share_is_looked_at_less_often(
    front_end: FrontEnd, clock: Clock, cost: float
) -> None:
    looks = front_end.trained(clock, 20, 0.08, cost)

    assert 0.8 * SHARE < looks * cost / 20 < 1.2 * SHARE


def test_where_nothing_is_answered_one_a_second_is_sent(front_end: FrontEnd, clock: Clock) -> None:
    for _ in range(AHEAD):
        front_end.sender.want()
    before = len(front_end.got)
    for _ in range(310):
        clock.now += 0.01
        if front_end.sender.due:
            front_end.sender.want()

    assert before == AHEAD
    assert len(front_end.got) - before == 3
    assert UNANSWERED == 1


def test_what_nobody_sees_is_sent_nothing_until_it_is_seen(
    front_end: FrontEnd, clock: Clock
) -> None:
    front_end.answer()
    front_end.sender.look("a view", seen=False)
    clock.now += 100
    due = front_end.sender.due
    front_end.sender.want()
    hidden = len(front_end.got)
    front_end.sender.look("a view", seen=True)

    assert (due, hidden, len(front_end.got)) == (False, 1, 2)


def test_one_view_that_goes_leaves_the_other_its_pictures(front_end: FrontEnd) -> None:
    front_end.answer()
    front_end.sender.look("beside the notebook", seen=True)
    front_end.answer()
    front_end.sender.look("beside the notebook", seen=False)
    front_end.sender.want()

    assert (front_end.sender.seen, len(front_end.got)) == (True, 3)

    front_end.answer()
    front_end.sender.look("a view", seen=False)
    front_end.sender.want()

    assert (front_end.sender.seen, len(front_end.got)) == (False, 3)


def test_before_a_front_end_has_said_that_it_is_there_one_a_second_is_due(clock: Clock) -> None:
    made = FrontEnd()
    made.sender.want()
    due = [made.sender.due]
    clock.now += UNANSWERED
    due.append(made.sender.due)

    assert due == [False, True]


@pytest.mark.parametrize("number", [-1, 0, 7])
def test_the_answer_of_another_page_opens_nothing_that_was_not_sent(
    front_end: FrontEnd, number: int
) -> None:
    front_end.sender.answer(number)
    for _ in range(2 * AHEAD):
        front_end.sender.want()

    assert len(front_end.got) == (AHEAD + 1 if number > 0 else AHEAD)


def test_two_threads_send_one_picture_after_the_other(clock: Clock) -> None:
    del clock
    inside, most = [0], [0]
    gate = threading.Barrier(8)

    def make() -> dict[str, Any]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1
        return {}

    sender = PictureSender(make, lambda _: 0)

    def go() -> None:
        gate.wait(SECONDS)
        for _ in range(50):
            sender.now()

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert (most[0], sender.sent) == (1, 400)
