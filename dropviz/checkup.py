"""Tells what is installed here, and whether dropviz can work with it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "dropviz",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "numpy",
    "matplotlib",
    "scikit-learn",
    "ipython",
    "ipykernel",
    "ipywidgets",
)


def doctor() -> None:
    """Prints the versions of all that matters, and a verdict in one line."""
    found = {name: _version(name) for name in _PACKAGES}
    print(f"{'Python':<16}{platform.python_version()} on {platform.machine()}")  # noqa: T201
    for name, number in found.items():
        print(f"{name:<16}{number or '-'}")  # noqa: T201
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    print(f"{'Keras backend':<16}{backend}")  # noqa: T201
    print(_verdict(found, backend))  # noqa: T201


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _verdict(found: dict[str, str], backend: str) -> str:
    if not (found["tensorflow"] or found["tensorflow-cpu"]):
        return 'Not ready: no TensorFlow. Run: python -m pip install "dropviz[cpu]"'
    if not found["keras"]:
        return 'Not ready: no Keras. Run: python -m pip install "dropviz[cpu]"'
    if tuple(int(part) for part in found["keras"].split(".")[:2]) < (3, 8):
        return f"Not ready: Keras {found['keras']}; dropviz needs 3.8 or later."
    if backend != "tensorflow":
        return "Not ready: dropviz records on TensorFlow; set KERAS_BACKEND=tensorflow."
    # As tensorflow/__init__.py reads it.
    if os.environ.get("TF_USE_LEGACY_KERAS") in ("true", "True", "1"):
        return (
            "Not ready: TF_USE_LEGACY_KERAS makes tf.keras the Keras 2 of tf_keras, which dropviz "
            "does not record; unset it."
        )
    return "Ready."
