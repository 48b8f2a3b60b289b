"""Runs the trainings of a study on workers, each result handed over as it comes."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dropviz.core.number_forms import counted
from dropviz.core.training_result import TrainingResult
from dropviz.errors import DropvizError, one_line, received
from dropviz.studies.worker import Answer, Order, answer
from dropviz.studies.worker_pool import WorkerPool

_AHEAD = 64  # trainings that wait with the executor, beyond those that run
_DEATHS = 2  # of a worker that a training may take with it, alone
_LOOK = 1.0  # seconds after which somebody looks for a training that was cancelled


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    Attributes:
        done: Trainings that have ended.
        total: All of them.
        failed: Those that failed.
        before: Those that were in the results file.
        seconds: Since the study began.
        cells: All trainings, as scenarios.
        results: What has come of them, by scenario.
    """

    done: int
    total: int
    failed: int
    before: int
    seconds: float
    cells: Sequence[str] = ()
    results: Mapping[str, TrainingResult] = field(default_factory=dict, repr=False)

    @property
    def left(self) -> float:
        """Seconds that the rest will take at this pace; infinite before the first result."""
        new = self.done - self.before
        return (self.total - self.done) * self.seconds / new if new else float("inf")

    @property
    def so_far(self) -> str:
        """What is done, in a few words."""
        said = f"{self.done:,} of {counted(self.total, 'training')}"
        if self.failed:
            said += f", {self.failed:,} failed"
        if self.before:
            said += f", {self.before:,} from the results file"
        return said

    @property
    def sentence(self) -> str:
        """The progress in one line."""
        said = self.so_far
        if self.done == self.total:
            return f"{said}: {self.seconds:.0f} s"
        if self.done == self.before:
            return f"{said}: workers start, and train in plain Keras first what the proof compares"
        return f"{said}: {self.seconds:.0f} s, about {self.left:.0f} s left"


class CellRunner:
    """Hands trainings to workers, and takes back what they answer."""

    def __init__(
        self,
        pool: WorkerPool,
        order: Order,
        data: Any,
        found: Callable[[TrainingResult], None],
    ) -> None:
        """Makes a runner.

        Args:
            pool: Where the trainings run.
            order: What all of them have in common.
            data: The task, for a worker that does not have its data; None where each can load it.
            found: Called with each result as it comes.
        """
        self._pool = pool
        self._order = order
        self._data = data
        self._found = found
        self._waiting: deque[str] = deque()
        self._running: dict[Future[Answer], str] = {}
        # What was sent with the data, and to which worker; and what waits until it has come there.
        self._sent: dict[Future[Answer], str] = {}
        self._held: list[str] = []
        self._suspects: deque[str] = deque()
        self._deaths = Counter[str]()

    def run(self, cells: Sequence[str]) -> None:
        """Runs trainings to their end.

        Args:
            cells: The trainings.

        Raises:
            DropvizError: If the executor is broken for good, or its workers have other versions;
                results so far have been handed over.
        """
        self._waiting.extend(cells)
        while self._waiting or self._suspects or self._running:
            try:
                self._submit()
                # One that is cancelled, as by ``shutdown(cancel_futures=True)``, wakes nobody.
                wait(self._running, _LOOK, FIRST_COMPLETED)
                done = [each for each in self._running if each.done()]
                # Last what was sent: who answered before the data came does not need them again.
                for future in sorted(done, key=self._sent.__contains__):
                    self._take(future)
            except BrokenExecutor as error:
                self._after_death(error)
            except DropvizError:
                self._take_finished()
                raise

    def _submit(self) -> None:
        # One alone, where somebody took a worker with it and it is not known who.
        source = self._suspects or self._waiting
        room = 1 if self._suspects else self._pool.workers + _AHEAD
        while source and len(self._running) + len(self._held) < room:
            future = self._ask(source[0], None)
            self._running[future] = source.popleft()
            if source is self._suspects:
                break

    def _take(self, future: Future[Answer]) -> None:
        came = _came(future, self._running[future], sent=future in self._sent)
        if came.needs_data:
            self._send_data(self._running[future], came.needs_data)
        # Only now: a pool that broke on the way finds the training where it was.
        del self._running[future]
        if self._sent.pop(future, None):
            self._release()
        if came.refused:
            raise DropvizError(came.refused)
        if came.result is not None:
            self._found(came.result)

    def _send_data(self, cell: str, worker: str) -> None:
        """Sends the data with a training, once to each worker; its others wait until they came."""
        if worker in self._sent.values():
            self._held.append(cell)
            return
        future = self._ask(cell, self._data)
        self._running[future], self._sent[future] = cell, worker

    def _ask(self, cell: str, data: Any) -> Future[Answer]:
        try:
            return self._pool.submit(answer, cell, self._order, data)
        except (BrokenExecutor, DropvizError):
            raise
        except Exception as error:
            # As one raises that was shut down.
            raise _cannot_run(error) from error

    def _release(self) -> None:
        self._waiting.extendleft(reversed(self._held))
        self._held.clear()

    def _take_finished(self) -> None:
        """Takes what has come to its end, whatever became of the others."""
        done = [each for each in self._running if each.done() and not each.cancelled()]
        for future in done:
            if future.exception() or not _is_of(future.result(), self._running[future]):
                continue
            if future.result().result is not None:
                self._take(future)

    def _after_death(self, error: BrokenExecutor) -> None:
        self._take_finished()
        self._pool.begin_anew(error)
        running = list(self._running.values())
        self._running.clear()
        self._sent.clear()
        self._release()
        if len(running) == 1:
            self._deaths[running[0]] += 1
            if self._deaths[running[0]] >= _DEATHS:
                reason = f"its worker died {_DEATHS} times ({type(error).__name__})"
                self._found(TrainingResult(running[0], status="failed", reason=reason, retry=True))
                return
        self._suspects.extendleft(reversed(running))


def _came(future: Future[Answer], cell: str, *, sent: bool) -> Answer:
    """The answer to a training; refused where an executor makes up one of its own.

    Args:
        future: What was asked.
        cell: The training.
        sent: Whether the data were sent with it.
    """
    try:
        came = future.result()
    except BrokenExecutor:
        raise
    except Exception as error:
        raise _cannot_run(error) from error
    if not _is_of(came, cell) or (sent and came.needs_data):
        raise DropvizError(
            f"The executor must answer the training {received(cell)} with what the function that "
            f"it was given returns. Received: {received(came)}. The results so far are kept; give "
            "another executor and the same results file to go on."
        )
    return came


def _is_of(came: object, cell: str) -> bool:
    """Whether something is an answer to a training."""
    if not isinstance(came, Answer):
        return False
    if came.result is None:
        return bool(came.needs_data or came.refused)
    return isinstance(came.result, TrainingResult) and came.result.cell == cell


def _cannot_run(error: Exception) -> DropvizError:
    return DropvizError(
        f"The executor could not run a training ({one_line(error)}). The results so far "
        "are kept; give another executor and the same results file to go on."
    )


class ProgressTeller:
    """Counts results, and tells a listener."""

    def __init__(
        self,
        cells: Sequence[str],
        done: Mapping[str, TrainingResult],
        listener: Callable[[StudyProgress], None] | None,
    ) -> None:
        """Makes a counter.

        Args:
            cells: All trainings.
            done: Those that have ended, which grows.
            listener: What is told.
        """
        self._cells, self._done = cells, done
        self._before = len(done)
        self._listener = listener
        self._began = time.perf_counter()

    def __call__(self) -> None:
        """Tells where the study stands."""
        if self._listener is None:
            return
        failed = sum(each.status == "failed" for each in self._done.values())
        self._listener(
            StudyProgress(
                len(self._done),
                len(self._cells),
                failed,
                self._before,
                time.perf_counter() - self._began,
                self._cells,
                MappingProxyType(self._done),
            )
        )
