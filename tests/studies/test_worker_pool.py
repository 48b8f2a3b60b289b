from __future__ import annotations

import pytest

from dropviz.studies import worker_pool
from dropviz.studies.worker_pool import WorkerPool

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
