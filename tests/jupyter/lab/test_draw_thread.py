from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from dropviz.jupyter.lab.draw_thread import DrawThread

from .panels import SECONDS


@dataclass
class Drawing:
    """A drawing that lasts until it is let go."""

    wish: int = 0
    drawn: list[int] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    most: int = 0
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _now: int = 0

    def __call__(self) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        self.drawn.append(self.wish)
        self.by.append(threading.current_thread().name)
        self.begun.release()
        assert self.go.acquire(timeout=SECONDS)
        self._now -= 1
        self.ended.release()


@pytest.fixture
def drawing() -> Drawing:
    return Drawing()


@pytest.fixture
def thread(drawing: Drawing) -> Iterator[DrawThread]:
    made = DrawThread(drawing)
    yield made
    made.close()
    drawing.go.release(1000)
    made.join(SECONDS)
    assert not made._thread.is_alive()


def wait(semaphore: threading.Semaphore) -> None:
    assert semaphore.acquire(timeout=SECONDS)


def test_a_wish_is_drawn_in_the_draw_thread(thread: DrawThread, drawing: Drawing) -> None:
    thread.want()
    wait(drawing.begun)

    assert drawing.by == ["dropviz-draw"]


def test_nothing_is_drawn_that_nobody_wants(thread: DrawThread, drawing: Drawing) -> None:
    thread.close()
    thread.join(SECONDS)

    assert drawing.drawn == []


def test_of_many_wishes_during_a_drawing_the_last_is_drawn(
    thread: DrawThread, drawing: Drawing
) -> None:
    thread.want()
    wait(drawing.begun)

    for wish in range(1, 201):
        drawing.wish = wish
        thread.want()
    drawing.go.release(2)
    wait(drawing.begun)
    wait(drawing.ended)
    wait(drawing.ended)

    assert drawing.drawn == [0, 200]
    # There is no third: the next wish is the next drawing.
    drawing.wish = 201
    thread.want()
    wait(drawing.begun)
    assert drawing.drawn == [0, 200, 201]


def test_there_are_never_two_drawings_at_once(thread: DrawThread, drawing: Drawing) -> None:
    thread.want()
    wait(drawing.begun)
    others = [threading.Thread(target=thread.now) for _ in range(3)]
    for other in others:
        other.start()
    thread.want()

    drawing.go.release(5)
    for other in others:
        other.join(SECONDS)
    for _ in range(5):
        wait(drawing.ended)

    assert len(drawing.drawn) == 5
    assert drawing.most == 1


def test_now_draws_in_the_thread_that_calls(thread: DrawThread, drawing: Drawing) -> None:
    drawing.go.release()

    thread.now()

    assert drawing.by == [threading.current_thread().name]


def test_closing_ends_the_thread_once_it_has_drawn(thread: DrawThread, drawing: Drawing) -> None:
    thread.want()
    wait(drawing.begun)

    thread.want()
    thread.close()
    alive = thread._thread.is_alive()
    drawing.go.release()
    thread.join(SECONDS)

    assert alive
    assert not thread._thread.is_alive()
    assert len(drawing.drawn) == 1


def test_after_closing_a_wish_is_nothing(thread: DrawThread, drawing: Drawing) -> None:
    thread.close()
    thread.join(SECONDS)

    thread.want()
    thread.close()

    assert drawing.drawn == []


@pytest.mark.parametrize("enabled", [True, False])
def test_nothing_is_collected_while_it_draws_and_the_collector_is_left_as_it_was(
    enabled: bool,  # noqa: FBT001
) -> None:
    during: list[bool] = []
    thread = DrawThread(lambda: during.append(gc.isenabled()))
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        thread.now()
        assert during == [False]
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
        thread.close()
        thread.join(SECONDS)


def test_what_a_drawing_leaves_in_a_circle_is_gone_after_it() -> None:
    class Picture:
        def __init__(self) -> None:
            self.own = self

    left: list[weakref.ref[Picture]] = []
    thread = DrawThread(lambda: left.append(weakref.ref(Picture())))

    thread.now()

    assert left[0]() is None
    thread.close()
    thread.join(SECONDS)
