"""Tells what is installed here, and whether dropviz can work with it."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dropviz.keras_inside.choose_backend import BACKENDS, VARIABLE, choose_backend

_PACKAGES = (
    "dropviz",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "torch",
    "numpy",
    "matplotlib",
    "scikit-learn",
    "ipython",
    "ipykernel",
    "ipywidgets",
)


# By backend, the packages of which one must be there.
_NEEDED = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}


def doctor() -> None:
    """Prints the versions of all that matters, the backend and the device, and a verdict."""
    found = {name: _version(name) for name in _PACKAGES}
    choice = choose_backend()
    told = {"Python": f"{platform.python_version()} on {platform.machine()}"}
    told |= {name: number or "-" for name, number in found.items()}
    told |= {"Keras backend": f"{choice.name} ({choice.why})", "device": _device()}
    for name, said in told.items():
        print(f"{name:<16}{said}")  # noqa: T201
    print(_verdict(found, choice.name))  # noqa: T201


def _device() -> str:
    """What computes, as far as it can be told without loading Keras."""
    keras = sys.modules.get("keras")
    if keras is not None:
        return ", ".join(keras.distribution.list_devices()) + " (as Keras lists them)"
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return "a GPU is here (Keras lists it once it is loaded and its backend can use it)"
    return "cpu (no GPU of NVIDIA's is here)"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _verdict(found: dict[str, str], backend: str) -> str:
    title, extra = BACKENDS.get(backend, (backend, ""))
    if not extra:
        return f"Not ready: dropviz records on {', '.join(BACKENDS)}; set {VARIABLE} to one."
    install = f'Run: python -m pip install "dropviz[{extra}]"'
    if not any(found.get(name) for name in _NEEDED[backend]):
        return f"Not ready: no {title}. {install}"
    if not found["keras"]:
        return f"Not ready: no Keras. {install}"
    if tuple(int(part) for part in found["keras"].split(".")[:2]) < (3, 8):
        return f"Not ready: Keras {found['keras']}; dropviz needs 3.8 or later."
    # As tensorflow/__init__.py reads it.
    if os.environ.get("TF_USE_LEGACY_KERAS") in ("true", "True", "1"):
        return (
            "Not ready: TF_USE_LEGACY_KERAS makes tf.keras the Keras 2 of tf_keras, which dropviz "
            "does not record; unset it."
        )
    return "Ready."
