"""Where a person and the thread that trains meet: what is wanted of a training."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
    """

    def __init__(self, spec: RunSpec, listener: Callable[[Change], None] | None = None) -> None:
        """Makes the steering of a thread.

        Args:
            spec: The rates to begin with, and those of its schedule.
            listener: Told, in the thread that trains, of rates that come from the schedule.
        """
        self._changed = threading.Condition()
        self._listener = listener
        self._jobs: dict[str, Job] = {}
        self._closed = False
        self.begin(spec)

    def begin(self, spec: RunSpec) -> None:
        """Makes ready for another training.

        Args:
            spec: The rates to begin with, and those of its schedule.
        """
        with self._changed:
            self._wanted = replace(spec.start, frozen=False)
            self._coming = list(spec.schedule)
            self._paused = self._stopped = False

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

    def move(self, **rates: Any) -> None:
        """Sets ``dropout``, ``recurrent_dropout`` or ``frozen`` from the next batch on.

        Raises:
            DropvizError: If a rate is out of range; nothing is changed then.
        """
        with self._changed:
            self._wanted = replace(self._wanted, **rates)

    def pause(self) -> None:
        """Makes the training wait before its next batch."""
        self._set(_paused=True)

    def resume(self) -> None:
        """Lets a training that waits go on."""
        self._set(_paused=False)

    def stop(self) -> None:
        """Ends the training before its next batch."""
        self._set(_stopped=True)

    def close(self) -> None:
        """Ends the training, and the thread that waits for jobs."""
        self._set(_stopped=True, _closed=True)

    def ask(self, name: str, job: Job) -> None:
        """Has the thread do something: at once, or between two batches of a training.

        Args:
            name: A later job of the same name takes the place of one that waits.
            job: What to do; must not raise.
        """
        with self._changed:
            self._jobs[name] = job
            self._changed.notify_all()

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
                if not self._paused:
                    return replace(self._wanted, batch=batch)
                if not self._jobs:
                    self._changed.wait()

    def _set(self, **values: Any) -> None:
        with self._changed:
            vars(self).update(values)
            self._changed.notify_all()

    def _follow(self, batch: int) -> None:
        with self._changed:
            due = [change for change in self._coming if change.batch <= batch]
            self._coming = [change for change in self._coming if change.batch > batch]
            if due:
                self._wanted = due[-1]
        if due and self._listener:
            self._listener(due[-1])
