"""What every test shares, and which tests are one more of a kind."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

# Before the first import of TensorFlow, here and in every kernel that a test starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# A worker for each processor and a thread for each worker take a fifteenth less time than threads
# that wait for each other. What a test computes is too small to be shared among threads anyhow.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

# A script's shell has what it starts in the background ignore interrupts; some tests send them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Layer names count from "lstm" again in every test."""
    # Tests that need no Keras do not wait seconds for it.
    if "keras" in sys.modules:
        import keras

        keras.utils.clear_session(free_memory=False)


@pytest.fixture(autouse=True, scope="module")
def _little_to_collect() -> None:
    """Keeps what is there already out of the garbage collector's way.

    Every shell that IPython closes collects garbage, which takes seconds in a process that
    has TensorFlow and the graphs of hundreds of tests in it.
    """
    gc.collect()
    gc.freeze()


# ---------------------------------------------------------------- tiers


def pytest_configure(config: pytest.Config) -> None:
    # Who names a test wants it to run, whatever its tier.
    if any("::" in name for name in config.args):
        config.option.markexpr = ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "kernel" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kernel)
    for cases in _parametrised(items):
        kept = _kept(cases)
        for case in cases:
            if case not in kept:
                case.add_marker(pytest.mark.full)
    # pytest takes a file that is named before its folder as a part of the folder.
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


def _parametrised(items: list[pytest.Item]) -> Iterator[list[pytest.Function]]:
    """The cases of each test that is marked with ``few``."""
    found: dict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("few"):
            found[item.nodeid.partition("[")[0]].append(item)
    yield from found.values()


def _kept(cases: list[pytest.Function]) -> list[pytest.Function]:
    """The cases that stand for all."""
    marker = cases[0].get_closest_marker("few")
    assert marker is not None
    if marker.args and isinstance(marker.args[0], int):
        wanted = min(marker.args[0], len(cases))
        return [cases[number * len(cases) // wanted] for number in range(wanted)]
    if marker.args:
        kept = [case for case in cases if case.callspec.id in marker.args]
        if len(kept) < len(marker.args) and len(cases) > len(marker.args):
            there = {case.callspec.id for case in cases}
            raise pytest.UsageError(f"{cases[0].nodeid}: no {set(marker.args) - there}")
        return kept
    # Each value of each parameter, beside such of the others as came least often so far.
    left = {case: [(name, id(one)) for name, one in case.callspec.params.items()] for case in cases}
    came: Counter[tuple[str, int]] = Counter()
    kept = []
    while missing := {pair for pairs in left.values() for pair in pairs if not came[pair]}:
        best = max(
            left,
            key=lambda case: (
                len(missing & {*left[case]}),
                -sum(came[pair] for pair in left[case]),
            ),
        )
        came.update(left.pop(best))
        kept.append(best)
    return kept
