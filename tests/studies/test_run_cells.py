from __future__ import annotations

import itertools
import math
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from dropviz.core.training_result import TrainingResult
from dropviz.errors import DropvizError
from dropviz.studies import run_cells
from dropviz.studies.run_cells import CellRunner, ProgressTeller, StudyProgress
from dropviz.studies.worker import Answer, Order
from dropviz.studies.worker_pool import WorkerPool, worker_environment

CELLS = [f"lstm:s{number}" for number in range(200)]
ORDER = Order("digits", "abc", "exact", {"keras": "3"})
Reply = Callable[[str, Any], Answer]


def done(cell: str, _: Any = None) -> Answer:
    return Answer(TrainingResult(cell))


class Mortal(WorkerPool):
    """Processes of our own as far as the runner can tell: a cell may take one with it."""

    def __init__(self, reply: Reply, deadly: Counter[str]) -> None:
        super().__init__(None, 1)
        self._reply, self._deadly = reply, deadly
        self._broken = False
        self.begun = 1

    def submit(self, function: Any, *args: Any) -> Future[Any]:
        del function
        cell, _, task = args
        future: Future[Any] = Future()
        self._broken |= self._deadly[cell] > 0
        if self._broken:
            # As in a real pool all that waits goes with the one that died.
            self._deadly[cell] -= 1
            future.set_exception(BrokenProcessPool("a process was terminated abruptly"))
        else:
            future.set_result(self._reply(cell, task))
        return future

    def begin_anew(self, error: BrokenExecutor) -> None:
        del error
        self._broken = False
        self.begun += 1


def ran(pool: WorkerPool, data: Any = None, cells: list[str] = CELLS) -> list[TrainingResult]:
    found: list[TrainingResult] = []
    CellRunner(pool, ORDER, data, found.append).run(cells)
    return found


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reply], None]:
    def use(reply: Reply) -> None:
        monkeypatch.setattr(run_cells, "answer", lambda cell, _, task: reply(cell, task))

    return use


@pytest.mark.parametrize("workers", [1, 4])
def test_each_training_is_run_once_by_anybody_s_executor(
    replies: Callable[[Reply], None], workers: int
) -> None:
    replies(done)
    with ThreadPoolExecutor(workers) as executor:
        found = ran(WorkerPool(executor, len(CELLS)))

    assert sorted(each.cell for each in found) == sorted(CELLS)


def test_no_more_wait_with_the_executor_than_a_few(replies: Callable[[Reply], None]) -> None:
    waiting: list[int] = []

    class Counting(Executor):
        running = 0

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self.running += 1
            waiting.append(self.running)
            future: Future[Any] = Future()
            future.add_done_callback(lambda _: setattr(self, "running", self.running - 1))
            future.set_result(function(*args, **kwargs))
            return future

    replies(done)
    ran(WorkerPool(Counting(), len(CELLS)))

    assert max(waiting) <= 65


class Workers(Executor):
    """Workers that take turns, and keep the data that they were sent."""

    def __init__(self, count: int) -> None:
        self._names = itertools.cycle(f"worker {number}" for number in range(count))
        self._have = set[str]()
        self.sent: list[str] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        del function, kwargs
        cell, _, task = args
        name = next(self._names)
        if task is not None:
            self.sent.append(task)
            self._have.add(name)
        answered: Future[Any] = Future()
        answered.set_result(done(cell) if name in self._have else Answer(needs_data=name))
        return answered


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_data_travel_once_to_each_worker_however_many_trainings_wait(workers: int) -> None:
    executor = Workers(workers)

    found = ran(WorkerPool(executor, len(CELLS)), data="the arrays")

    assert sorted(each.cell for each in found) == sorted(CELLS)
    # Whoever asked, another may have been given what was sent for it.
    assert workers <= len(executor.sent) <= 2 * workers


def test_what_waits_for_data_waits_with_the_runner(replies: Callable[[Reply], None]) -> None:
    asked: list[Any] = []
    has = threading.Event()

    def reply(cell: str, task: Any) -> Answer:
        asked.append(task)
        if task is not None:
            has.set()
        return done(cell) if has.is_set() else Answer(needs_data="the worker")

    replies(reply)
    with ThreadPoolExecutor(1) as executor:
        pool = WorkerPool(executor, len(CELLS))
        found = ran(pool, data="the arrays")

    assert sorted(each.cell for each in found) == sorted(CELLS)
    assert asked.count("the arrays") == 1
    assert len(asked) <= pool.workers + 64 + len(CELLS)


def test_a_worker_that_dies_as_data_are_sent_costs_no_training() -> None:
    class Dying(Mortal):
        """Dies where it is sent something: the pool is broken before it takes the order."""

        sending = 0

        def submit(self, function: Any, *args: Any) -> Future[Any]:
            self.sending += args[-1] is not None
            if args[-1] is not None and self.sending == 1:
                raise BrokenProcessPool("a process was terminated abruptly")
            return super().submit(function, *args)

    has: list[bool] = []

    def reply(cell: str, task: Any) -> Answer:
        has.extend([True] if task is not None else [])
        return done(cell) if has else Answer(needs_data="the worker")

    pool = Dying(reply, Counter())

    found = ran(pool, data="the arrays")

    assert sorted(each.cell for each in found) == sorted(CELLS)
    assert pool.begun == 2


@pytest.mark.parametrize("ending", [KeyboardInterrupt, DropvizError("a full disk")])
def test_what_an_executor_of_others_has_not_begun_is_taken_back(
    replies: Callable[[Reply], None], ending: Any
) -> None:
    begun: list[str] = []
    go_on = threading.Event()

    def reply(cell: str, _: Any) -> Answer:
        begun.append(cell)
        # The second waits until the runner has seen what came of the first.
        assert len(begun) == 1 or go_on.wait(10)
        return done(cell)

    def found(_: TrainingResult) -> None:
        raise ending

    replies(reply)
    with ThreadPoolExecutor(1) as executor:
        with (
            pytest.raises(type(ending) if isinstance(ending, Exception) else ending),
            WorkerPool(executor, len(CELLS)) as pool,
        ):
            CellRunner(pool, ORDER, None, found).run(CELLS)
        go_on.set()

    assert len(begun) <= 2


@pytest.mark.parametrize("deadly", [0, 57, 199])
def test_a_worker_that_dies_once_costs_no_training(deadly: int) -> None:
    pool = Mortal(done, Counter({CELLS[deadly]: 1}))

    found = ran(pool)

    assert sorted(each.cell for each in found) == sorted(CELLS)
    assert {each.status for each in found} == {"done"}
    assert pool.begun == 2


@pytest.mark.parametrize("deadly", [(5,), (5, 6), (0, 199)])
def test_a_training_that_kills_its_worker_fails_and_the_others_do_not(deadly: Any) -> None:
    pool = Mortal(done, Counter({CELLS[number]: 99 for number in deadly}))

    found = ran(pool)

    assert sorted(each.cell for each in found) == sorted(CELLS)
    failed = {each.cell: each.reason for each in found if each.status == "failed"}
    assert set(failed) == {CELLS[number] for number in deadly}
    assert all("its worker died 2 times" in reason for reason in failed.values())
    assert all(each.retry == (each.status == "failed") for each in found)


def test_an_executor_of_others_that_breaks_ends_the_study_in_a_sentence(
    replies: Callable[[Reply], None],
) -> None:
    def reply(cell: str, _: Any) -> Answer:
        if cell == CELLS[3]:
            raise BrokenProcessPool("gone\nfor good")
        return done(cell)

    replies(reply)
    found: list[TrainingResult] = []
    with ThreadPoolExecutor(1) as executor:
        runner = CellRunner(WorkerPool(executor, 10), ORDER, None, found.append)
        with pytest.raises(DropvizError, match="The executor broke") as caught:
            runner.run(CELLS[:10])

    assert "\n" not in str(caught.value)
    assert {each.cell for each in found} <= {*CELLS[:10]} - {CELLS[3]}
    assert found


class Ended(Executor):
    """Workers whose answers are all there before any is taken, but one has gone wrong."""

    def __init__(self, wrong: Callable[[Future[Any]], object]) -> None:
        self._wrong = wrong

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        del function, kwargs
        answered: Future[Any] = Future()
        if args[0] == CELLS[1]:
            self._wrong(answered)
        else:
            answered.set_result(done(args[0]))
        return answered


def cancelled(future: Future[Any]) -> None:
    future.cancel()
    future.set_running_or_notify_cancel()


WRONG: dict[str, Callable[[Future[Any]], object]] = {
    "raises": lambda future: future.set_exception(OSError("a lost worker")),
    "is cancelled": cancelled,
    "is cancelled and nobody is told": lambda future: future.cancel(),
    "has other versions": lambda future: future.set_result(Answer(refused="Other versions.")),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_has_ended_is_kept_where_another_training_goes_wrong(wrong: str) -> None:
    # Which of several comes first is not for the runner to say: each of ten runs has its own order.
    for _ in range(10):
        found: list[TrainingResult] = []
        pool = WorkerPool(Ended(WRONG[wrong]), 10)
        with pytest.raises(DropvizError, match=r"could not run a training|Other versions"):
            CellRunner(pool, ORDER, None, found.append).run(CELLS[:10])

        assert sorted(each.cell for each in found) == sorted({*CELLS[:10]} - {CELLS[1]})


def test_an_executor_that_was_shut_down_is_said_in_a_sentence() -> None:
    with ThreadPoolExecutor(1) as executor:
        pass

    with pytest.raises(DropvizError, match=r"could not run a training \(RuntimeError: cannot sch"):
        ran(WorkerPool(executor, 1))


def test_what_has_ended_is_kept_where_an_executor_is_shut_down_on_the_way() -> None:
    class Shut(Ended):
        taken = 0

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self.taken += 1
            if self.taken > 5:
                raise RuntimeError("cannot schedule new futures after shutdown")
            return super().submit(function, *args, **kwargs)

    found: list[TrainingResult] = []
    pool = WorkerPool(Shut(lambda future: future.set_result(done(CELLS[1]))), 10)
    with pytest.raises(DropvizError, match="results so far are kept"):
        CellRunner(pool, ORDER, None, found.append).run(CELLS[:10])

    assert sorted(each.cell for each in found) == sorted(CELLS[:5])


def test_trainings_that_a_shutdown_cancels_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, replies: Callable[[Reply], None]
) -> None:
    monkeypatch.setattr(run_cells, "_LOOK", 0.01)
    found: list[TrainingResult] = []
    all_are_asked = threading.Event()

    def reply(cell: str, _: Any) -> Answer:
        executor.shutdown(wait=False, cancel_futures=True)
        return done(cell)

    replies(reply)
    with ThreadPoolExecutor(1) as executor:
        executor.submit(all_are_asked.wait)
        pool = WorkerPool(executor, 1)
        submit = pool.submit

        def asked(*args: Any) -> Future[Any]:
            future = submit(*args)
            if args[1] == CELLS[4]:
                all_are_asked.set()
            return future

        monkeypatch.setattr(pool, "submit", asked)
        with pytest.raises(DropvizError, match=r"could not run a training \(CancelledError\)"):
            CellRunner(pool, ORDER, None, found.append).run(CELLS[:5])

    assert [each.cell for each in found] == CELLS[:1]


ODD_ANSWERS: dict[str, Any] = {
    "a number": 5,
    "none": None,
    "an empty one": Answer(),
    "the result of another": done(CELLS[9]),
    "a word for a result": Answer("done"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("odd", ODD_ANSWERS)
def test_what_is_no_answer_to_its_training_is_said_and_the_others_are_kept(odd: str) -> None:
    found: list[TrainingResult] = []
    pool = WorkerPool(Ended(lambda future: future.set_result(ODD_ANSWERS[odd])), 10)

    with pytest.raises(DropvizError, match=f"must answer the training '{CELLS[1]}'") as caught:
        CellRunner(pool, ORDER, None, found.append).run(CELLS[:5])

    assert "\n" not in str(caught.value)
    assert sorted(each.cell for each in found) == [CELLS[0], *CELLS[2:5]]


def test_data_are_not_sent_for_ever_to_who_never_has_them(
    replies: Callable[[Reply], None],
) -> None:
    workers = itertools.count()
    replies(lambda *_: Answer(needs_data=f"worker {next(workers)}"))
    with ThreadPoolExecutor(1) as executor, pytest.raises(DropvizError, match="must answer"):
        ran(WorkerPool(executor, 1), data=object(), cells=CELLS[:3])


def test_an_executor_that_gives_no_future_is_said_in_a_sentence() -> None:
    class Silent(Executor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            del function, args, kwargs

    with WorkerPool(Silent(), 1) as pool, pytest.raises(DropvizError, match="Received: None"):
        ran(pool)


def test_workers_of_other_versions_end_the_study(replies: Callable[[Reply], None]) -> None:
    replies(lambda *_: Answer(refused="A worker has other versions."))
    with ThreadPoolExecutor(1) as executor, pytest.raises(DropvizError, match="other versions"):
        ran(WorkerPool(executor, 1))


def test_progress_tells_how_much_is_left() -> None:
    told: list[StudyProgress] = []
    results = {cell: TrainingResult(cell) for cell in CELLS[:2]}
    tell_progress = ProgressTeller(CELLS[:10], results, told.append)
    tell_progress()
    for cell, status in zip(CELLS[2:4], ("done", "failed"), strict=True):
        results[cell] = TrainingResult(cell, status=status)  # type: ignore[arg-type]
        tell_progress()

    assert [(each.done, each.failed) for each in told] == [(2, 0), (3, 0), (4, 1)]
    assert (told[2].before, told[2].total, list(told[2].results)) == (2, 10, CELLS[:4])
    assert math.isinf(told[0].left)
    halfway = StudyProgress(done=6, total=10, failed=0, before=2, seconds=8.0)
    assert halfway.left == pytest.approx(8.0)
    assert halfway.sentence == ("6 of 10 trainings, 2 from the results file: 8 s, about 8 s left")


# ---------------------------------------------------------------- how far a worker may grow


@pytest.mark.parametrize(("own", "most"), [("", 4 << 30), ("123456789", 123456789), ("5e8", 5e8)])
def test_a_worker_may_hold_keras_and_its_programs(
    own: str, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "LOKY_MAX_MEMORY_LEAK_SIZE"
    monkeypatch.setenv(name, own) if own else monkeypatch.delenv(name, raising=False)

    assert float(worker_environment()[name]) == most


def test_a_worker_knows_how_far_it_may_grow() -> None:
    with WorkerPool(None, 1) as pool:
        asked = "__import__('loky').process_executor._MAX_MEMORY_LEAK_SIZE"
        most = pool.submit(eval, asked).result()

    assert most > 2 << 30
