"""What is particular to a backend in the tests that run on each of them."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

BACKEND = keras.config.backend()
HERE = Path(__file__).parent

# Seams and stores that only one backend has.
collect_ignore = [
    each.name
    for name in ("jax", "torch")
    for each in HERE.glob(f"test_{name}_*.py")
    if name != BACKEND
]
if BACKEND == "torch":  # which compiles no training
    collect_ignore.append("test_studies.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Variables of TensorFlow and tensors of PyTorch, on NumPy 2.4, where arrays are made.
    quiet = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(quiet)
