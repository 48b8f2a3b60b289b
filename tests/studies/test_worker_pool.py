from __future__ import annotations

import multiprocessing
import sys
import types
from concurrent.futures import ProcessPoolExecutor

import pytest

from dropviz.errors import DropvizError
from dropviz.studies import worker_pool
from dropviz.studies.worker_pool import WorkerPool, check_executor

GIB = 2**30


@pytest.mark.parametrize(
    ("trainings", "processors", "room", "workers"),
    [
        (0, 8, 100 * GIB, 1),
        (9, 8, 100 * GIB, 1),
        (10, 8, 100 * GIB, 2),
        (10, 1, 100 * GIB, 1),
        (250, 8, 100 * GIB, 8),
        (250, 8, 3 * GIB + 1, 3),
        (250, 8, GIB // 2, 1),
        (250, 8, None, 8),
    ],
)
def test_there_are_as_many_processes_as_trainings_processors_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch,
    trainings: int,
    processors: int,
    room: int | None,
    workers: int,
) -> None:
    monkeypatch.setattr(worker_pool, "cpu_count", lambda: processors)
    monkeypatch.setattr(worker_pool, "available", lambda: room)

    assert WorkerPool(None, trainings).workers == workers


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_that_would_wait_for_ever_are_refused(
    monkeypatch: pytest.MonkeyPatch, method: str, *, loaded: bool
) -> None:
    if loaded:
        monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    else:
        monkeypatch.delitem(sys.modules, "keras", raising=False)
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as executor:
        if method == "fork" and loaded:
            with pytest.raises(DropvizError, match=r"forks cannot train once Keras .*spawn"):
                check_executor(executor)
        else:
            check_executor(executor)
