"""Makes ready for Keras: called before anything imports it."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module

from dropviz.keras_inside.choose_backend import VARIABLE, check_backend, choose_backend
from dropviz.keras_inside.standard_error import held_back

# TensorFlow's C++ side writes these at import whatever its log level is (measured with
# 2.21; tensorflow#100442).
_CHATTER = re.compile(
    rb"^(I0000 |WARNING: All log messages before absl|To enable the following instructions)"
)


def loaded() -> bool:
    """Tells whether Keras has been imported already."""
    return "keras" in sys.modules


def check() -> None:
    """Checks, in no time, that Keras can be imported.

    Raises:
        DropvizError: If its backend is not installed, or was switched after Keras was imported;
            the message says what to do.
    """
    if loaded() and sys.modules["keras"] is None:
        return
    check_backend()


def ready() -> None:
    """Imports Keras on the backend that is installed, and keeps TensorFlow's start quiet.

    Raises:
        DropvizError: As ``check`` does.
    """
    check()
    if loaded():
        return
    choice = choose_backend().name
    if choice != "tensorflow":  # which Keras takes by itself
        os.environ.setdefault(VARIABLE, choice)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with held_back(_CHATTER):
        import_module("keras")
