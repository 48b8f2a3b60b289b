"""The engines: how the whole training of a study's cell is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dropviz.errors import DropvizError, is_known, unknown_name

Engine = Literal["exact", "xla"]
ENGINES: Mapping[str, str] = {
    "exact": "each training is to the bit that of plain Keras",
    "xla": "compiled by XLA: to the bit, or up to rounding, plain Keras with jit_compile=True",
}


def check_engine(engine: object, backend: str) -> None:
    """Checks that an engine can train on a backend.

    Args:
        engine: What came.
        backend: Keras's name of the backend.

    Raises:
        UnknownNameError: If there is no such engine.
        DropvizError: If that backend has none, or not this one.
    """
    if not is_known(engine, ENGINES):
        raise unknown_name("engine", engine, ENGINES)
    if backend not in ("tensorflow", "jax"):
        raise DropvizError(
            "dropviz trains many models with Keras on TensorFlow or JAX. Received: "
            f"backend={backend!r}. Set KERAS_BACKEND=tensorflow before Keras is imported."
        )
    if engine == "xla" and backend == "jax":
        raise DropvizError(
            'With JAX there is one engine, which XLA compiles, and it is "exact". Received: '
            "engine='xla'. Leave engine out."
        )
