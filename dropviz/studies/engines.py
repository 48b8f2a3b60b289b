"""The engines: how the whole training of a study's cell is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dropviz.errors import is_known, unknown_name

Engine = Literal["exact", "xla"]
ENGINES: Mapping[str, str] = {
    "exact": "each training is to the bit that of plain Keras",
    "xla": "compiled by XLA: to the bit, or up to rounding, plain Keras with jit_compile=True",
}


def check_engine(engine: object) -> None:
    """Raises UnknownNameError unless there is such an engine."""
    if not is_known(engine, ENGINES):
        raise unknown_name("engine", engine, ENGINES)
