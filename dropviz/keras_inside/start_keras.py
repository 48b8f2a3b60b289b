"""Makes ready for Keras: called before anything imports it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from dropviz.errors import DropvizError

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
        DropvizError: If no TensorFlow is found; the message says what to install.
    """
    if loaded():
        return
    # Another backend is Keras's to find; the recorder says what it can do with it.
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow" and not find_spec(
        "tensorflow"
    ):
        raise DropvizError(
            "No TensorFlow was found, and Keras needs it to train. Install it with: "
            'python -m pip install "dropviz[cpu]"  (or "dropviz[tensorflow]" for a GPU), '
            "then restart the kernel."
        )


def ready() -> None:
    """Imports Keras, and keeps TensorFlow's start quiet.

    Raises:
        DropvizError: If no TensorFlow is found; the message says what to install.
    """
    check()
    if loaded():
        return
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
