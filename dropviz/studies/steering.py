"""Where a person and the thread that trains meet: what is wanted of a training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec

Job = Callable[[], object]


class StopTrainingError(Exception):
    """Ends a training from inside, before its next batch."""


class Steering:
    """What is wanted of the trainings of one thread, now and from given batches on.

    The one owner of the rates that are wanted: sliders are a view of it, which moves it and
    is told by its listener where the schedule does. What is in force is
    ``VariableRates.setting``, which follows at the next batch; what was used is the
    recorded layer's.

    Every method may be called from any thread. A move takes the place of one that has
    not acted yet, and so does a job: there is no queue.

    Attributes:
        on_compile: Called before a batch that has to be compiled for.
    """

    def __init__(
        self,
        spec: RunSpec,
        listener: Callable[[Change], None] = lambda _: None,
        on_compile: Job = lambda: None,
    ) -> None:
        """Makes the steering of a thread.

        Args:
            spec: The rates to begin with, and those of its schedule.
            listener: Told, in the thread that trains, of rates that come from the schedule.
            on_compile: Called, in that thread, before a batch whose rates ask for a graph that
                is not there yet, which takes seconds.
        """
        self._changed = threading.Condition()
        self._listener, self.on_compile = listener, on_compile
        self._jobs: dict[str, Job] = {}
        self._closed = False
        self._between = 0.0
        self.begin(spec)

    def begin(self, spec: RunSpec) -> None:
        """Makes ready for another training.

        Args:
            spec: The rates to begin with, and those of its schedule.
        """
        with self._changed:
            self._wanted = replace(spec.start, frozen=False)
            self._coming = list(spec.schedule)
            self._paused = self._stopped = self._single = False
            self._next_batch = self._waited = 0.0

    @property
    def wanted(self) -> Change:
        """The rates for the next batch."""
        with self._changed:
            return self._wanted

    @property
    def paused(self) -> bool:
        """Whether the training waits."""
        with self._changed:
            return self._paused

    @property
    def waits(self) -> bool:
        """Whether the training has time between its batches: it is paused, or slowed."""
        with self._changed:
            return self._paused or self._between > 0

    @property
    def waited(self) -> float:
        """Seconds for which this training has been paused so far."""
        with self._changed:
            return self._waited

    def move(self, **rates: Any) -> None:
        """Sets ``dropout``, ``recurrent_dropout`` or ``frozen`` from the next batch on.

        Raises:
            DropvizError: If a rate is out of range; nothing is changed then.
        """
        with self._changed:
            self._wanted = replace(self._wanted, **rates)

    def pause(self) -> None:
        """Makes the training wait before its next batch."""
        with self._changing():
            self._paused = True

    def resume(self) -> None:
        """Lets a training that waits go on."""
        with self._changing():
            self._paused = False

    def step(self) -> None:
        """Lets one batch through, and has the training wait again after it."""
        with self._changing():
            self._paused = self._single = True

    def pace(self, between: float) -> None:
        """Slows this training and all that follow.

        Args:
            between: Seconds from the begin of a batch to that of the next, at the least.
        """
        with self._changing():
            self._between, self._next_batch = between, 0.0

    def stop(self) -> None:
        """Ends the training before its next batch."""
        with self._changing():
            self._stopped = True

    def close(self) -> None:
        """Ends the training, and the thread that waits for jobs."""
        with self._changing():
            self._stopped = self._closed = True

    def ask(self, name: str, job: Job) -> None:
        """Has the thread do something: at once, or between two batches of a training.

        Args:
            name: A later job of the same name takes the place of one that waits.
            job: What to do; must not raise.
        """
        with self._changing():
            self._jobs[name] = job

    def work(self) -> None:
        """Does what is asked, until ``close``; the body of the thread."""
        while True:
            with self._changed:
                while not self._jobs and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                # One alone: a training that it begins does the others between its batches.
                job = self._jobs.pop(next(iter(self._jobs)))
            job()

    def at(self, batch: int) -> Change:
        """The rates that a batch is to use; called by the thread that trains.

        Does what was asked meanwhile, and waits while the training is paused.

        Args:
            batch: Its number over the whole training.

        Returns:
            The rates from this batch on.

        Raises:
            StopTrainingError: If the training is to end.
        """
        self._follow(batch)
        while True:
            with self._changed:
                jobs, self._jobs = self._jobs, {}
            for job in jobs.values():
                job()
            with self._changed:
                if self._stopped:
                    raise StopTrainingError
                now = time.monotonic()
                if self._single or not (self._paused or now < self._next_batch):
                    self._single = False
                    self._next_batch = now + self._between
                    return replace(self._wanted, batch=batch)
                if not self._jobs:
                    self._wait(now)

    def _wait(self, now: float) -> None:
        """Waits for the next change; while it is not paused, until the next batch is due."""
        paused = self._paused
        self._changed.wait(None if paused else self._next_batch - now)
        self._waited += time.monotonic() - now if paused else 0.0

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keeps others out of the block, and wakes up who waits after it."""
        with self._changed:
            yield
            self._changed.notify_all()

    def _follow(self, batch: int) -> None:
        with self._changed:
            due = [change for change in self._coming if change.batch <= batch]
            self._coming = [change for change in self._coming if change.batch > batch]
            if due:
                self._wanted = due[-1]
        if due:
            self._listener(due[-1])
