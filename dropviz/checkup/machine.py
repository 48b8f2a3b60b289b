"""The processors and the memory that this process may really use."""

from __future__ import annotations

import os
from dataclasses import dataclass

from loky import cpu_count

from dropviz.core.free_memory import available, limit


@dataclass(frozen=True)
class Machine:
    """What there is.

    Attributes:
        processors: Those of the machine, as TensorFlow counts them.
        own: Those of them that this process may use, by its container's limit too.
        memory_left: Bytes; None where the system does not tell.
        memory_limit: Bytes that its container may take in all; None without a limit.
    """

    processors: int
    own: int
    memory_left: int | None
    memory_limit: int | None


def machine() -> Machine:
    """Looks what there is."""
    return Machine(os.cpu_count() or 1, cpu_count(), available(), limit())
