"""What recording 100 epochs keeps in memory: resident size of this process by epoch."""

from __future__ import annotations

import gc
from typing import Any

import keras
import psutil

from benchmarks.workload import Workload
from dropviz.recording.record import record

_MIB = 2**20


class _Resident(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.mib: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        del epoch, logs
        gc.collect()
        self.mib.append(psutil.Process().memory_info().rss / _MIB)


def grown(*, record_it: bool, epochs: int = 100) -> float:
    """MiB by which the process grew from the end of epoch 2 to the end of the last."""
    work, resident = Workload(), _Resident()
    if record_it:
        with record(work.model):
            work.fit(epochs, callbacks=[resident])
    else:
        work.fit(epochs, callbacks=[resident])
    return resident.mib[-1] - resident.mib[1]
