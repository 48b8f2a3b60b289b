from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest

from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError
from dropviz.studies.steering import Steering, StopTrainingError

SPEC = RunSpec(dropout=0.2, recurrent_dropout=0.5)
SCHEDULE = (Change(2, 0.3, 0.5), Change(4, 0.3, 0.1, frozen=True), Change(6, 0.0, 0.1))
LONG = 20  # seconds that a test waits for a thread before it says that it hangs


@contextmanager
def thread(body: Callable[[], Any]) -> Iterator[Queue[Any]]:
    """Runs something in a thread; its result, or its exception, comes out of the queue."""
    results: Queue[Any] = Queue()

    def run() -> None:
        try:
            results.put(body())
        except BaseException as error:  # noqa: BLE001
            results.put(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    yield results
    worker.join(LONG)
    assert not worker.is_alive()


def happens(steering: Steering, name: str = "sync") -> threading.Event:
    """An event that is set once the thread has come by its jobs."""
    event = threading.Event()
    steering.ask(name, event.set)
    return event


# ---------------------------------------------------------------- rates


def test_the_rates_begin_with_those_of_the_spec() -> None:
    steering = Steering(SPEC)

    assert steering.wanted == Change(0, 0.2, 0.5)
    assert [steering.at(batch) for batch in (0, 1)] == [Change(0, 0.2, 0.5), Change(1, 0.2, 0.5)]


def test_of_several_moves_the_latest_wins() -> None:
    steering = Steering(SPEC)
    for rate in (0.3, 0.7, 0.4):
        steering.move(dropout=rate)
    steering.move(recurrent_dropout=0.1)

    assert steering.at(3) == Change(3, 0.4, 0.1)


def test_a_move_leaves_what_it_does_not_name() -> None:
    steering = Steering(SPEC)

    steering.move(frozen=True)
    steering.move(dropout=0.0)

    assert steering.at(0) == Change(0, 0.0, 0.5, frozen=True)
    steering.move(frozen=False)
    assert steering.at(1) == Change(1, 0.0, 0.5)


@pytest.mark.parametrize("wrong", [{"dropout": 1.0}, {"recurrent_dropout": -0.1}], ids=str)
def test_a_move_out_of_range_changes_nothing(wrong: dict[str, float]) -> None:
    steering = Steering(SPEC)

    with pytest.raises(DropvizError, match=f"^{next(iter(wrong))} must be"):
        steering.move(**({"dropout": 0.9} | wrong))

    assert steering.at(0) == Change(0, 0.2, 0.5)


def test_moves_of_many_threads_end_with_one_of_them() -> None:
    steering = Steering(SPEC)
    rates = [n / 100 for n in range(50)]

    def move() -> None:
        for rate in rates:
            steering.move(dropout=rate, recurrent_dropout=rate)

    workers = [threading.Thread(target=move) for _ in range(4)]
    for worker in workers:
        worker.start()
    seen = [steering.at(batch) for batch in range(100)]
    for worker in workers:
        worker.join(LONG)

    # Both rates of a move act together.
    assert all(s.dropout == s.recurrent_dropout for s in seen if s.dropout != 0.2)
    assert steering.at(100) == Change(100, 0.49, 0.49)


# ---------------------------------------------------------------- the schedule


def test_a_schedule_is_followed_and_the_listener_is_told() -> None:
    told: list[Change] = []
    steering = Steering(RunSpec(dropout=0.2, recurrent_dropout=0.5, schedule=SCHEDULE), told.append)

    seen = [steering.at(batch) for batch in range(8)]

    assert [(c.dropout, c.recurrent_dropout, c.frozen) for c in seen] == [
        *[(0.2, 0.5, False)] * 2,
        *[(0.3, 0.5, False)] * 2,
        *[(0.3, 0.1, True)] * 2,
        *[(0.0, 0.1, False)] * 2,
    ]
    assert [change.batch for change in seen] == list(range(8))
    assert told == list(SCHEDULE)


def test_a_move_acts_until_the_next_entry_of_the_schedule() -> None:
    told: list[Change] = []
    steering = Steering(RunSpec(dropout=0.2, recurrent_dropout=0.5, schedule=SCHEDULE), told.append)
    steering.at(2)
    steering.move(dropout=0.9)

    assert [steering.at(batch).dropout for batch in (3, 4, 5, 6)] == [0.9, 0.3, 0.3, 0.0]
    assert told == list(SCHEDULE)


def test_of_entries_that_are_due_at_once_the_last_acts() -> None:
    told: list[Change] = []
    steering = Steering(RunSpec(schedule=SCHEDULE), told.append)

    assert steering.at(5) == Change(5, 0.3, 0.1, frozen=True)
    assert told == [SCHEDULE[1]]


def test_beginning_again_forgets_moves_pauses_and_stops() -> None:
    steering = Steering(RunSpec(schedule=SCHEDULE))
    steering.move(dropout=0.9, frozen=True)
    steering.pause()
    steering.stop()

    steering.begin(RunSpec(dropout=0.2, recurrent_dropout=0.5, schedule=SCHEDULE[:1]))

    assert not steering.paused
    assert [steering.at(batch).dropout for batch in range(8)] == [0.2] * 2 + [0.3] * 6


# ---------------------------------------------------------------- pause, resume, stop


def test_a_stop_ends_the_training_before_its_next_batch() -> None:
    steering = Steering(SPEC)
    steering.at(0)
    steering.stop()

    with pytest.raises(StopTrainingError):
        steering.at(1)


def test_a_paused_training_waits_until_it_is_resumed() -> None:
    steering = Steering(SPEC)
    steering.pause()
    assert steering.paused
    with thread(lambda: steering.at(3)) as results:
        assert happens(steering).wait(LONG)
        assert results.empty()
        steering.resume()
        assert results.get(timeout=LONG) == Change(3, 0.2, 0.5)
    assert not steering.paused


def test_a_move_while_the_training_is_paused_acts_on_its_next_batch() -> None:
    steering = Steering(SPEC)
    steering.pause()
    with thread(lambda: steering.at(3)) as results:
        assert happens(steering).wait(LONG)
        steering.move(dropout=0.7)
        steering.resume()
        assert results.get(timeout=LONG) == Change(3, 0.7, 0.5)


@pytest.mark.parametrize("end", ["stop", "close"])
def test_a_paused_training_can_be_ended(end: str) -> None:
    steering = Steering(SPEC)
    steering.pause()
    with thread(lambda: steering.at(3)) as results:
        assert happens(steering).wait(LONG)
        getattr(steering, end)()
        assert isinstance(results.get(timeout=LONG), StopTrainingError)


# ---------------------------------------------------------------- jobs


def test_a_job_is_done_between_two_batches_by_the_thread_that_trains() -> None:
    steering = Steering(SPEC)
    where: list[int] = []
    steering.ask("look", lambda: where.append(threading.get_ident()))

    steering.at(0)
    steering.at(1)

    assert where == [threading.get_ident()]


def test_a_later_job_of_the_same_name_takes_the_place_of_one_that_waits() -> None:
    steering = Steering(SPEC)
    done: list[str] = []
    for number in range(3):
        steering.ask("look", functools.partial(done.append, f"look {number}"))
    steering.ask("cost", lambda: done.append("cost"))

    steering.at(0)

    assert done == ["look 2", "cost"]


def test_jobs_are_done_while_the_training_is_paused_and_it_stays_paused() -> None:
    steering = Steering(SPEC)
    steering.pause()
    with thread(lambda: steering.at(3)) as results:
        for _ in range(3):
            assert happens(steering).wait(LONG)
        assert steering.paused
        assert results.empty()
        steering.resume()
        results.get(timeout=LONG)


def test_a_job_that_moves_a_rate_acts_on_the_batch_that_waits() -> None:
    steering = Steering(SPEC)
    steering.ask("move", lambda: steering.move(dropout=0.8))

    assert steering.at(0) == Change(0, 0.8, 0.5)


def test_a_job_that_stops_ends_the_training_at_once() -> None:
    steering = Steering(SPEC)
    steering.ask("stop", steering.stop)

    with pytest.raises(StopTrainingError):
        steering.at(0)


def test_jobs_are_done_while_nothing_trains_until_the_end() -> None:
    steering = Steering(SPEC)
    with thread(steering.work) as results:
        for _ in range(3):
            assert happens(steering).wait(LONG)
        assert results.empty()
        steering.close()
        assert results.get(timeout=LONG) is None


def test_a_job_may_train_and_the_thread_goes_on_to_the_next() -> None:
    steering = Steering(SPEC)
    seen: list[int] = []

    def train() -> None:
        steering.begin(SPEC)
        steering.pause()
        seen.extend(steering.at(batch).batch for batch in range(4))

    with thread(steering.work) as results:
        steering.ask("train", train)
        while not steering.paused:
            assert happens(steering).wait(LONG)
        assert happens(steering).wait(LONG)
        assert seen == []
        steering.resume()
        done = happens(steering, "next")
        assert done.wait(LONG)
        steering.close()
        assert results.get(timeout=LONG) is None
    assert seen == [0, 1, 2, 3]


def test_what_is_asked_together_with_a_training_does_not_wait_for_its_end() -> None:
    steering = Steering(SPEC)
    looked = threading.Event()

    def train() -> None:
        steering.begin(SPEC)
        steering.pause()
        steering.at(0)

    steering.ask("train", train)
    steering.ask("look", looked.set)
    with thread(steering.work):
        assert looked.wait(LONG)
        assert steering.paused
        steering.close()


def test_close_ends_the_work_without_the_jobs_that_still_wait() -> None:
    steering = Steering(SPEC)
    done: list[str] = []
    steering.close()
    steering.ask("late", lambda: done.append("late"))

    steering.work()

    assert done == []


# ---------------------------------------------------------------- steps and pace


def test_a_step_lets_one_batch_through() -> None:
    steering = Steering(SPEC)
    begun: list[int] = []
    steering.step()

    def train() -> None:
        begun.extend(steering.at(batch).batch for batch in range(3))

    with thread(train) as results:
        assert happens(steering).wait(LONG)
        while begun != [0]:
            assert happens(steering).wait(LONG)
        assert happens(steering).wait(LONG)
        once = list(begun)
        steering.step()
        while begun != [0, 1]:
            assert happens(steering).wait(LONG)
        assert steering.paused
        steering.resume()
        results.get(timeout=LONG)

    assert (once, begun) == ([0], [0, 1, 2])


def test_batches_of_a_slow_pace_are_so_far_apart_and_a_stop_does_not_wait() -> None:
    steering = Steering(SPEC)
    steering.pace(0.2)
    began = time.monotonic()
    for batch in range(3):
        steering.at(batch)
    took = time.monotonic() - began

    steering.pace(1000.0)
    steering.at(3)
    with thread(lambda: steering.at(4)) as results:
        steering.stop()
        assert isinstance(results.get(timeout=LONG), StopTrainingError)

    assert took >= 0.4


def test_full_speed_ends_the_waiting_of_a_slow_one() -> None:
    steering = Steering(SPEC)
    steering.pace(1000.0)
    steering.at(0)
    with thread(lambda: steering.at(1)) as results:
        steering.pace(0.0)
        assert results.get(timeout=LONG).batch == 1


def test_the_time_that_a_training_was_paused_is_known_and_begins_anew() -> None:
    steering = Steering(SPEC)
    steering.pause()
    with thread(lambda: steering.at(0)) as results:
        assert happens(steering).wait(LONG)
        time.sleep(0.2)
        steering.resume()
        results.get(timeout=LONG)
    waited = steering.waited
    steering.begin(SPEC)

    assert waited >= 0.2
    assert steering.waited == 0
