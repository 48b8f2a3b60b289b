"""Where the trainings of a study run: processes of our own, or anybody's executor."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

from loky import cpu_count
from loky.process_executor import ProcessPoolExecutor

from dropviz.core.closing import Closing
from dropviz.core.free_memory import GIB, available
from dropviz.errors import DropvizError, one_line, received
from dropviz.keras_inside.choose_backend import choose_backend

_EACH = 5  # trainings for which a process pays that takes seconds to import TensorFlow
_HOLDS = GIB  # what a process comes to hold with its compiled programs
_IDLE = 60  # seconds after which a process without work ends
# What a worker may come to hold beyond what it held after its first call, before loky takes it for
# a leak. Loky allows 300 MB, which Keras and one compiled program exceed: where the first call only
# asked for somebody's own data, each training would begin in a process of its own, for half a
# minute each. Models that do not fit are refused before they are built, by the memory there is.
_MAY_GROW = 4 * GIB


def check_executor(executor: object) -> None:
    """Raises DropvizError unless something is an executor that can train, or None."""
    if executor is not None and not isinstance(executor, Executor):
        raise DropvizError(
            "executor must be a concurrent.futures.Executor, as Dask's client.get_executor() "
            f"gives one. Received: {received(executor)}."
        )
    # TensorFlow's threads are not there in a process that is forked, which waits for them for ever.
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork" and "keras" in sys.modules:
        raise DropvizError(
            "A ProcessPoolExecutor that forks cannot train once Keras is loaded in this process. "
            'Expected one with mp_context=multiprocessing.get_context("spawn"), or none: dropviz '
            "then starts its own."
        )


class WorkerPool(Closing):
    """An executor, and what becomes of it when one of its workers dies.

    Processes of our own are started anew. Anybody's executor does as it does: Dask gives a dead
    worker's trainings to others; one that is broken for good ends the study, whose results are
    kept.
    """

    def __init__(self, executor: Executor | None, trainings: int) -> None:
        """Chooses where to run.

        Args:
            executor: Anything with ``submit`` as ``concurrent.futures.Executor`` has it; None
                for processes of our own.
            trainings: How many trainings there will be.
        """
        self._given = executor
        self.workers = _workers_for(trainings)
        self._own: Any = None
        self._asked: set[Future[Any]] = set()  # of an executor that is not ours

    def submit(self, function: Any, *args: Any) -> Future[Any]:
        """Asks a worker to call a function."""
        if self._given is not None:
            asked = self._given.submit(function, *args)
            if not isinstance(asked, Future):
                raise DropvizError(
                    "The submit of an executor must give a concurrent.futures.Future. Received: "
                    f"{received(asked)}. Give another executor."
                )
            self._asked.add(asked)
            asked.add_done_callback(self._asked.discard)
            return asked
        if self._own is None:
            # Where a worker grows further it begins anew between two trainings, and no result is
            # lost or changed by it.
            warnings.filterwarnings("ignore", "A worker was restarted", UserWarning, "loky")
            self._own = ProcessPoolExecutor(
                max_workers=self.workers, timeout=_IDLE, env=worker_environment()
            )
        future: Future[Any] = self._own.submit(function, *args)
        return future

    def begin_anew(self, error: BrokenExecutor) -> None:
        """Ends what is left of a broken pool; the next ``submit`` starts another.

        Args:
            error: What broke it.

        Raises:
            DropvizError: If the executor is not ours.
        """
        if self._given is not None:
            raise DropvizError(
                f"The executor broke ({one_line(error)}). The results so far "
                "are kept; give another executor and the same results file to go on."
            ) from error
        self.close()

    def close(self) -> None:
        """Ends our own processes, whatever they do; takes back what another has not begun."""
        for future in tuple(self._asked):
            future.cancel()
        if self._own is not None:
            self._own.shutdown(wait=True, kill_workers=True)
            self._own = None


def _workers_for(trainings: int) -> int:
    """How many processes of our own to train in: as processors and memory allow."""
    room = available()
    fit = cpu_count() if room is None else min(cpu_count(), room // _HOLDS)
    return int(max(1, min(fit, trainings // _EACH)))


def worker_environment() -> Mapping[str, str]:
    """What a worker's environment must hold before Keras is imported there.

    With TensorFlow one thread each, so that results are the same however many workers there are.
    And how far loky, which reads it as it is imported, lets one grow.
    """
    return {
        "KERAS_BACKEND": choose_backend().name,
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "LOKY_MAX_MEMORY_LEAK_SIZE": os.environ.get("LOKY_MAX_MEMORY_LEAK_SIZE", str(_MAY_GROW)),
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }
