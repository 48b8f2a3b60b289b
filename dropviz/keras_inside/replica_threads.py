"""The threads in which TensorFlow traces the replicas of one step.

``MirroredStrategy.run`` calls its function in a thread for each replica, one after the other.
Leans on the name of ``_MirroredReplicaThread`` (tensorflow/python/distribute/mirrored_run.py);
tried with TensorFlow 2.18.0 and 2.21.0.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def in_replica_thread() -> bool:
    """Whether this thread traces a replica for the thread that waits for it."""
    return type(threading.current_thread()).__name__ == "_MirroredReplicaThread"


def made_outside(make: Callable[[], Made]) -> Made:
    """Makes something in a thread of its own, outside of every trace, scope and strategy.

    A variable that is made while a function is traced belongs to that function: on the
    first call TensorFlow traces the function a second time for it, and on a later call it
    refuses (tensorflow/python/eager/polymorphic_function/polymorphic_function.py). One that
    is made in the scope of a strategy is mirrored. Both go by the thread.

    Args:
        make: Makes it.

    Returns:
        What was made.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()
