"""Who waits for a training gets its own run, whatever is pressed before its static copy."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from dropviz.core.runs import Run
from dropviz.errors import DropvizError, StoppedError

from .panels import SECONDS, OpenedPanel, Pace

Open = Callable[..., OpenedPanel]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_quick")]


@dataclass
class SlowCopy:
    """Stands for the static copy; that of the first training takes until it is let go."""

    error: Exception | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        first = not self.begun.is_set()
        self.begun.set()
        self.free.wait(SECONDS)
        if first and self.error is not None:
            raise self.error


@pytest.fixture
def copy() -> Iterator[SlowCopy]:
    made = SlowCopy()
    yield made
    made.free.set()


@pytest.fixture
def people(copy: SlowCopy, pace: Pace) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait, each as a person's code would."""
    with ThreadPoolExecutor() as pool:
        yield pool
        # A test that fails leaves nobody waiting.
        copy.free.set()
        pace.go()


@pytest.fixture
def panel(opened: Open, copy: SlowCopy) -> OpenedPanel:
    made = opened("lstm:u4:d.2:r.5:e1:s3")
    made.lab._worker.on_rest = copy
    return made


def seed(run: Run) -> int:
    assert run.spec is not None
    return run.spec.seed


def begin_two(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor
) -> tuple[Future[Run], Future[Run]]:
    """Has one wait for a training whose copy is under way, and another for the next."""
    first = people.submit(panel.lab.train)
    assert copy.begun.wait(SECONDS)
    panel.slide(seed=4)
    second = people.submit(panel.lab.train)
    await_press(panel)
    return first, second


def await_press(panel: OpenedPanel) -> None:
    end = time.monotonic() + SECONDS
    while not panel.at("train").disabled:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_second_training_asked_for_before_the_copy_of_the_first_is_waited_for(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor, pace: Pace
) -> None:
    first, second = begin_two(panel, copy, people)
    pace.hold(0)

    assert not first.done()  # its copy is a part of it
    copy.free.set()
    one = first.result(SECONDS)
    pace.wait()
    assert not second.done()
    pace.go()

    assert (seed(one), seed(second.result(SECONDS))) == (3, 4)
    assert second.result() is panel.lab.run


@pytest.mark.full
def test_who_joins_a_training_that_a_button_began_waits_for_that_one(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor, pace: Pace
) -> None:
    first = people.submit(panel.lab.train)
    assert copy.begun.wait(SECONDS)
    panel.slide(seed=4)
    panel.press("train")
    joined = people.submit(panel.lab.train)
    pace.hold(0)

    copy.free.set()
    one = first.result(SECONDS)
    pace.wait()
    assert not joined.done()
    pace.go()

    assert (seed(one), seed(joined.result(SECONDS))) == (3, 4)
    assert pace.asked == [0, 1, 0, 1]  # two trainings for three who asked


@pytest.mark.full
def test_an_error_of_the_second_alone_is_the_second_s(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropviz.studies.memory_limit.available", lambda: 10 * 2**20)
    first = people.submit(panel.lab.train)
    assert copy.begun.wait(SECONDS)
    panel.slide(units=900_000)
    second = people.submit(panel.lab.train)
    await_press(panel)

    copy.free.set()

    assert first.result(SECONDS).status == "done"
    with pytest.raises(DropvizError, match="needs about"):
        second.result(SECONDS)


@pytest.mark.full
def test_an_error_of_the_first_s_copy_is_the_first_s(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor
) -> None:
    copy.error = RuntimeError("no room")
    first, second = begin_two(panel, copy, people)

    copy.free.set()

    with pytest.raises(RuntimeError, match="no room"):
        first.result(SECONDS)
    assert seed(second.result(SECONDS)) == 4


@pytest.mark.full
def test_closing_ends_all_that_wait(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor
) -> None:
    waiting = begin_two(panel, copy, people)

    panel.lab.close("Gone.")

    for each in waiting:
        with pytest.raises(DropvizError, match=r"^The panel is closed\. Open another one\.$"):
            each.result(SECONDS)
    copy.free.set()
    panel.lab._worker._thread.join(SECONDS)
    assert not panel.lab._worker._thread.is_alive()
    assert panel.said == "Gone."


@pytest.mark.full
def test_a_panel_that_closes_gives_no_run_of_before_to_who_waits(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor, pace: Pace
) -> None:
    copy.free.set()
    before = panel.lab.train()
    pace.hold(1)
    second = people.submit(panel.lab.train)
    pace.wait()

    panel.lab.close()

    with pytest.raises(DropvizError, match="The panel is closed"):
        second.result(SECONDS)
    assert before.status == "done"


@pytest.mark.full
def test_an_interrupt_of_who_waits_for_the_first_s_copy_leaves_the_second_alone(
    panel: OpenedPanel, copy: SlowCopy, people: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, heard = threading.main_thread().ident or 0, threading.Event()
    stop = panel.lab._worker.stop

    def stopping(*given: Any) -> None:
        stop(*given)
        heard.set()

    def interrupt() -> Future[Run]:
        assert copy.begun.wait(SECONDS)
        panel.slide(seed=4)
        second = people.submit(panel.lab.train)
        await_press(panel)
        signal.pthread_kill(main, signal.SIGINT)
        assert heard.wait(SECONDS)
        copy.free.set()
        return second

    monkeypatch.setattr(panel.lab._worker, "stop", stopping)
    other = people.submit(interrupt)
    with pytest.raises(StoppedError, match="results kept") as caught:
        panel.lab.train()

    kept: Any = caught.value.run
    assert seed(kept) == 3
    second = other.result(SECONDS).result(SECONDS)
    assert (seed(second), second.status) == (4, "done")
