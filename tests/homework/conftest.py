"""One fork server serves all tests of a process: it takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dropviz.homework import fork_client
from dropviz.homework.fork_client import ForkServer

# What an answer's process asks of Keras before it calls a layer.
_NO_KERAS = (
    "import sys, types; keras = types.ModuleType('keras'); sys.modules['keras'] = keras; "
    "keras.utils = types.SimpleNamespace(set_random_seed=int); "
    "keras.Layer = type('Layer', (), {}); "
)


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    with ForkServer() as running:
        yield running


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    """A fork server of a test's own, which may end: without Keras it starts in no time."""
    monkeypatch.setattr(fork_client, "_PROGRAM", _NO_KERAS + fork_client._PROGRAM)
    with ForkServer() as running:
        yield running
