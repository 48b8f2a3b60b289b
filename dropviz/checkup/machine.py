"""The processors and the memory that this process may really use."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

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
        device: What computes, in words, as far as it can be told without loading Keras.
    """

    processors: int
    own: int
    memory_left: int | None
    memory_limit: int | None
    device: str = ""


def machine() -> Machine:
    """Looks what there is."""
    return Machine(os.cpu_count() or 1, cpu_count(), available(), limit(), _device())


def _device() -> str:
    # Keras 2 has none; doctor says of it that it is too old.
    if hasattr(sys.modules.get("keras"), "distribution"):
        from dropviz.keras_inside.devices import device_names

        return f"{', '.join(device_names())} (as Keras lists them)"
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return "a GPU is here (Keras lists it once it is loaded and its backend can use it)"
    return "cpu (no GPU of NVIDIA's is here)"
