"""Makes ready for Keras: called before anything imports it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from dropviz.keras_inside.choose_backend import VARIABLE, check_backend, choose_backend

# TensorFlow's C++ side writes these at import whatever its log level is (measured with
# 2.21; tensorflow#100442).
_CHATTER = re.compile(
    r"^(I0000 |WARNING: All log messages before absl|To enable the following instructions)"
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
    with _without_chatter():
        import_module("keras")


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, and passes on all but chatter."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        real = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            lines = held.read().decode(errors="replace").splitlines()
            for line in lines:
                if not _CHATTER.match(line):
                    print(line, file=sys.stderr)  # noqa: T201
