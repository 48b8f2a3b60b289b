from __future__ import annotations

import ctypes
import gc
import os
import weakref
from pathlib import Path

import psutil
import pytest

from dropviz.core import free_memory
from dropviz.core.free_memory import (
    GIB,
    available,
    collecting_at_once,
    give_back,
    has_room,
    limit,
)


def group(folder: Path, version: int, limit: str | None, used: str | None) -> Path:
    """Makes the files of a container's limits in one of Linux's two forms."""
    names = {
        1: ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
        2: ("memory.max", "memory.current"),
    }[version]
    for name, text in zip(names, (limit, used), strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if text is not None:
            path.write_text(text)
    return folder


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    """Gives the machine 3 GiB, whatever it has."""
    monkeypatch.setattr(free_memory, "_MACHINE", tmp_path / "meminfo")
    pages = {"SC_PAGE_SIZE": 4096, "SC_AVPHYS_PAGES": 3 * GIB // 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__, raising=False)
    return 3 * GIB


# ---------------------------------------------------------------- what is there


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_container_has_left_is_its_limit_less_what_it_uses(
    version: int, machine: int, tmp_path: Path
) -> None:
    left = available(group(tmp_path, version, "2000000000\n", "500000000\n"))

    assert left == 1_500_000_000 < machine


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("limit", "used"),
    [("max\n", "5\n"), (None, "5\n"), ("5\n", None), ("", ""), ("-1", "0"), ("soon", "5")],
)
def test_without_a_limit_the_machine_s_own_memory_counts(
    version: int, limit: str | None, used: str | None, machine: int, tmp_path: Path
) -> None:
    assert available(group(tmp_path, version, limit, used)) == machine


def test_without_a_folder_the_machine_s_own_memory_counts(machine: int, tmp_path: Path) -> None:
    assert available(tmp_path / "nowhere") == machine


@pytest.mark.parametrize("version", [1, 2])
def test_a_limit_beyond_the_machine_is_no_room(version: int, machine: int, tmp_path: Path) -> None:
    # What the first form says where there is no limit.
    assert available(group(tmp_path, version, "9223372036854771712", "5")) == machine


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("version", [1, 2])
def test_a_container_beyond_its_limit_has_nothing_left(version: int, tmp_path: Path) -> None:
    assert available(group(tmp_path, version, "1000", "1200")) == 0


@pytest.mark.usefixtures("machine")
def test_of_two_limits_the_tighter_one_counts(tmp_path: Path) -> None:
    group(tmp_path, 1, "7000", "1000")

    assert available(group(tmp_path, 2, "9000", "1000")) == 6000


@pytest.mark.parametrize("error", [AttributeError, OSError, ValueError])
def test_a_system_that_does_not_tell_is_no_error(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: str) -> int:
        raise error

    monkeypatch.setattr(os, "sysconf", silent, raising=False)
    monkeypatch.setattr(free_memory, "_MACHINE", tmp_path / "meminfo")

    assert available(tmp_path) is None
    assert available(group(tmp_path, 2, "9000", "1000")) == 8000


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("version", "kept"), [(1, "total_inactive_file"), (2, "inactive_file")], ids=["first", "second"]
)
def test_what_a_container_keeps_of_files_is_not_taken(
    version: int, kept: str, tmp_path: Path
) -> None:
    folder = group(tmp_path, version, "9000", "8000")
    stat = folder / ("memory/memory.stat" if version == 1 else "memory.stat")
    stat.write_text(f"anon 5\n{kept} 3000\nslab 7\n")

    assert available(folder) == 4000


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("table", "left"),
    [
        ("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:  700 kB\n", 700 * 1024),
        ("MemTotal: 9 kB\nMemFree: 1 kB\n", 3 * GIB),
        ("MemAvailable: much\n", 3 * GIB),
        ("\n", 3 * GIB),
    ],
)
def test_nor_is_what_the_machine_keeps_of_them(table: str, left: int, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(table)

    assert available(tmp_path / "nowhere") == left


def test_this_machine_tells_or_says_that_it_does_not() -> None:
    left = available()

    # Less than any number of bytes that no machine has.
    assert left is None or 0 < left < 2**80


@pytest.mark.parametrize(
    ("room", "size", "fits"),
    [
        (8 * GIB, 8 * GIB, True),
        (8 * GIB, 8 * GIB + 1, False),
        (0, GIB, True),
        (0, GIB + 1, False),
        (None, 2**60, True),
    ],
)
def test_what_is_larger_than_what_is_left_has_no_room(
    room: int | None, size: int, *, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_memory, "available", lambda: room)

    assert has_room(size) is fits


# ---------------------------------------------------------------- what is allowed


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("limit_", "found"),
    [
        ("2000000000\n", 2_000_000_000),
        ("max\n", None),
        ("9223372036854771712\n", None),  # the first form's word for none
        (None, None),
        ("soon", None),
    ],
)
def test_a_limit_is_one_that_allows_less_than_there_is(
    version: int,
    limit_: str | None,
    found: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 3 * GIB // 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__, raising=False)

    assert limit(group(tmp_path, version, limit_, "5\n")) == found


# ---------------------------------------------------------------- giving back


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="asks for glibc")
def test_what_was_freed_between_blocks_that_stay_is_given_back() -> None:
    each, most = 100_000, 1000  # bytes: what is larger has a mapping of its own
    blocks = [bytearray(b"1" * each) for _ in range(most)]
    kept = blocks[::50]  # holes of 49 blocks between them
    del blocks
    process = psutil.Process()
    before = process.memory_info().rss

    give_back()

    assert before - process.memory_info().rss > each * most // 2
    assert all(block[-1] == ord("1") for block in kept)


def test_where_there_is_no_such_call_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    give_back()


# ---------------------------------------------------------------- what a block leaves behind


class Link:
    """Something that holds itself, so that no count of references frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.mark.parametrize("links", [1, 5_000])  # more than make Python's collector come meanwhile
def test_circles_are_gone_when_the_block_ends(links: int) -> None:
    def leave() -> list[weakref.ref[Link]]:
        return [weakref.ref(Link()) for _ in range(links)]

    with collecting_at_once():
        left = leave()

    assert [each() for each in left] == [None] * links


def test_what_is_older_is_not_gone_through() -> None:
    old = Link()
    gc.collect()  # it is old now
    watched = weakref.ref(old)
    del old

    with collecting_at_once():
        pass

    assert watched() is not None
    gc.collect()


@pytest.mark.parametrize("on", [True, False])
def test_python_s_collector_is_left_as_it_was(on: bool) -> None:  # noqa: FBT001
    before = gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        with pytest.raises(ArithmeticError), collecting_at_once():
            raise ArithmeticError
        assert gc.isenabled() is on
    finally:
        (gc.enable if before else gc.disable)()
