"""What every test shares."""

from __future__ import annotations

import os
import warnings

# Before the first import of TensorFlow, here and in every kernel that a test starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
import pytest


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Layer names count from "lstm" again in every test."""
    keras.utils.clear_session(free_memory=False)
