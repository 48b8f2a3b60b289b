"""Which backend Keras runs on, or will once it is imported; loads nothing.

Keras reads ``KERAS_BACKEND`` when it is imported, else "backend" in the file keras.json of
``KERAS_HOME`` or ~/.keras, which it writes itself with "tensorflow" (keras/src/backend/config.py).
Whoever has installed another one alone need not say so here. Tried with Keras 3.8.0 and 3.15.1.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dropviz.errors import DropvizError, received

VARIABLE = "KERAS_BACKEND"


@dataclass(frozen=True)
class Backend:
    """A backend that dropviz works with.

    Attributes:
        title: What people call it.
        extra: The extra of dropviz that installs it.
        packages: The packages that bring it, of which one is enough.
    """

    title: str
    extra: str
    packages: tuple[str, ...]


BACKENDS = {
    "tensorflow": Backend("TensorFlow", "cpu", ("tensorflow", "tensorflow-cpu")),
    "jax": Backend("JAX", "jax", ("jax",)),
    "torch": Backend("PyTorch", "torch", ("torch",)),
}


@dataclass(frozen=True)
class Choice:
    """A backend.

    Attributes:
        name: Keras's name of it.
        why: Why it is this one.
    """

    name: str
    why: str

    @property
    def title(self) -> str:
        """What people call it."""
        return BACKENDS[self.name].title if self.name in BACKENDS else self.name


def choose_backend() -> Choice:
    """Tells which backend it is: what is said, else what is installed.

    Returns:
        The backend and why.
    """
    loaded = _loaded()
    if loaded:
        return Choice(loaded, "Keras was imported with it")
    said = os.environ.get(VARIABLE)
    if said:
        return Choice(said, f"{VARIABLE} says so")
    written = _written()
    there = [name for name in BACKENDS if find_spec(name)]
    if written in there:
        return Choice(written, "Keras's own file keras.json says so")
    if not there:
        return Choice("tensorflow", "it is Keras's default")
    return Choice(there[0], f"{'no other' if len(there) == 1 else 'it'} is installed")


def check_backend() -> None:
    """Checks, in no time, that Keras can be imported on its backend.

    Raises:
        DropvizError: If the backend is not installed, or was switched after Keras was
            imported; the message says what to do.
    """
    choice, said = choose_backend(), os.environ.get(VARIABLE)
    if _loaded():
        if said and said != choice.name:
            raise DropvizError(
                f"{VARIABLE} was set after Keras was imported, which reads it once. Expected "
                f"{choice.name!r}, which Keras runs on here. Received: {received(said)}. Restart "
                f"the kernel and set {VARIABLE} first, or set it back."
            )
        return
    if choice.name not in BACKENDS or find_spec(choice.name):
        return  # another one is Keras's to find; the recorder says what it can do with it
    extra = BACKENDS[choice.name].extra
    nor = "" if said else ", nor JAX or PyTorch"
    raise DropvizError(
        f"No {choice.title} was found{nor}, and Keras needs it to train. Install it with: "
        f'python -m pip install "dropviz[{extra}]"'
        + ('  (or "dropviz[tensorflow]" for a GPU)' if extra == "cpu" else "")
        + ", then restart the kernel."
    )


def _loaded() -> str:
    """The backend of the Keras that is imported; empty where none is."""
    config: Any = getattr(sys.modules.get("keras"), "config", None)
    return str(config.backend()) if hasattr(config, "backend") else ""


def _written() -> str:
    """What keras.json says; empty where there is no such file."""
    try:
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        found = json.loads((home / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # the last where a user has no home
        return ""
    return str(found.get("backend", "")) if isinstance(found, dict) else ""
