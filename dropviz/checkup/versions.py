"""The versions of what matters, without importing any of it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
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
    "anywidget",
    "jupyterlab",
    "notebook",
)


def installed() -> dict[str, str]:
    """Looks the versions up.

    Returns:
        A version by each name of ``PACKAGES``; an empty one where it is not installed.
    """
    return {name: _version(name) for name in PACKAGES}


def parts(text: str) -> tuple[int, ...]:
    """The numbers at the front of a version: ``3, 10`` of ``3.10.0rc1``."""
    found = re.match(r"(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
