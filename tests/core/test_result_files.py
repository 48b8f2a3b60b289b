from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import io
import json
import os
import pickle
import stat
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropviz.core import result_files
from dropviz.errors import DropvizError
from tests.damage import SEAL, archived, header_of, members_of, npy, sealed

HEADER = {"spec": {"rate": 0.1, "name": "é"}, "list": [1, None, True]}
ARRAYS: dict[str, Any] = {
    "masks/0/input": np.array([0.0, 1 / 0.7, np.nan], "float32"),
    "none": np.zeros((0, 3)),
    "states": np.array([[2**62, -1]]),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return result_files.write(tmp_path / "a.dropviz", "run", HEADER, ARRAYS)


# ---------------------------------------------------------------- there and back


def test_what_is_written_is_read(path: Path) -> None:
    kind, header, arrays = result_files.read(path)

    assert kind == "run"
    assert {name: header[name] for name in HEADER} == HEADER
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_may_be_text(path: Path, kind: type) -> None:
    written = result_files.write(kind(path), "run", {}, {})

    assert written == path
    assert result_files.read(kind(path))[0] == "run"


def test_a_name_is_kept_as_given(tmp_path: Path) -> None:
    assert result_files.write(tmp_path / "no-suffix", "run", {}, {}).name == "no-suffix"
    assert os.listdir(tmp_path) == ["no-suffix"]  # noqa: PTH208


def test_a_new_file_replaces_an_old_one(path: Path) -> None:
    result_files.write(path, "recording", {}, {})

    assert result_files.read(path)[0] == "recording"


def test_a_file_may_be_read_by_those_who_may_read_any_new_file(path: Path) -> None:
    plain = path.with_name("plain")
    plain.touch()

    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_file_holds_no_pickle(path: Path) -> None:
    with np.load(path, allow_pickle=False) as archive:
        kinds = {archive[name].dtype.kind for name in archive.files}

    assert "O" not in kinds


# ---------------------------------------------------------------- whole or not there

FULL, READ_ONLY = OSError(errno.ENOSPC, "No space left"), OSError(errno.EROFS, "Read-only")


class Broken:
    """A way in which writing breaks off: what fails, and how."""

    def __init__(self, owner: Any, name: str, error: BaseException) -> None:
        self.owner, self.name, self.error = owner, name, error

    def __repr__(self) -> str:
        return f"{self.name} {type(self.error).__name__}"

    def __call__(self, *args: Any, **_: Any) -> None:
        if self.name == "savez_compressed":
            args[0].write(b"PK half of it")
        raise self.error


BROKEN = [
    Broken(owner, name, error)
    for owner, name in (
        (np, "savez_compressed"),
        (Path, "open"),
        (os, "fsync"),
        (Path, "replace"),
    )
    for error in (FULL, READ_ONLY, MemoryError(), KeyboardInterrupt())
]


@pytest.mark.parametrize("there", [True, False], ids=["an old file", "no file"])
@pytest.mark.parametrize("broken", BROKEN, ids=repr)
def test_a_write_that_breaks_off_leaves_what_was_there(
    broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    path = tmp_path / "a.dropviz"
    if there:
        result_files.write(path, "run", HEADER, ARRAYS)
    before = path.read_bytes() if there else b""
    interrupt = isinstance(broken.error, KeyboardInterrupt)

    with monkeypatch.context() as patched:
        patched.setattr(broken.owner, broken.name, broken)
        with pytest.raises(KeyboardInterrupt if interrupt else DropvizError) as caught:
            result_files.write(path, "run", {}, {})

    if not interrupt:
        assert "could not be written, and what was there is as it was: " in str(caught.value)
        assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == ([path] if there else [])
    assert not there or path.read_bytes() == before


def test_a_file_larger_than_the_system_lets_grow_leaves_the_old_one(path: Path) -> None:
    resource = pytest.importorskip("resource")
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    large = {"noise": np.random.default_rng(0).random(2**14)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**14, limits[1]))
    try:
        with pytest.raises(DropvizError, match=r"could not be written, .*File too large"):
            result_files.write(path, "run", {}, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)

    assert result_files.read(result_files.write(path, "run", {}, {}))[0] == "run"


@pytest.mark.skipif(os.name != "posix", reason="has no such devices")
def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(DropvizError, match="/dev/null' is taken by what is no file"):
        result_files.write("/dev/null", "run", {}, {})

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    "array",
    [[object()], ["text"], [b"a"], [1j], [True]],
    ids=lambda each: type(each[0]).__name__,
)
def test_an_array_of_no_numbers_is_not_written(array: Any, tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="Array 'a' must be of numbers"):
        result_files.write(tmp_path / "new.dropviz", "run", {}, {"a": np.array(array)})

    assert list(tmp_path.iterdir()) == []


def test_a_header_larger_than_is_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_files, "_MOST_HEADER", 1000)

    with pytest.raises(DropvizError, match=r"at most 1,000 letters. Received: 1,0\d\d\."):
        result_files.write(tmp_path / "new.dropviz", "run", {"code": "x" * 1000}, {})


def test_a_header_that_is_no_json_leaves_nothing(tmp_path: Path) -> None:
    circle: list[Any] = []
    circle.append(circle)
    for odd in (float("nan"), object(), {1: {2}}, np.float32(1), circle):
        with pytest.raises(DropvizError, match="The header of a file must be JSON"):
            result_files.write(tmp_path / "new.dropviz", "run", {"loss": odd}, {})

    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_stays(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(DropvizError, match="taken' is taken by what is no file"):
        result_files.write(tmp_path / "taken", "run", {}, {})

    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_a_missing_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.dropviz"

    with pytest.raises(DropvizError, match=r"missing' does not exist. Received: path=") as caught:
        result_files.write(path, "run", {}, {})

    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what is no such file


def _archive(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _headed(text: str) -> bytes:
    return archived(header_of(text))


def _array() -> bytes:
    return npy(np.ones(3))


def _garbled(old: bytes, new: bytes) -> bytes:
    garbled = _array().replace(old, new)
    assert garbled != _array()
    return archived({"dropviz.json.npy": garbled})


FOREIGN = {
    "empty": b"",
    "text": b"epoch,loss\n1,0.5\n",
    "zeros": bytes(1000),
    "pickle": pickle.dumps({"dropviz.json": 1}),
    "an array": _array(),
    "an archive of arrays": _archive(a=np.ones(3)),
    "an archive with a pickle": _archive(a=np.array([object()], dtype=object)),
    "a zip": archived({"readme.txt": b"hello"}),
    "a zip with the header's name": archived({"dropviz.json": b"{}"}),
    "an array of no known shape": _garbled(b"(3,)", b"(3, "),
    "an array of no known type": _garbled(b"<f8", b",f8"),
    "an array larger than any memory": _garbled(
        b"(3,), }" + 12 * b" ", b"(3" + 12 * b"0" + b",), }"
    ),
    "a header that is no JSON": _headed("{"),
    "a header that is no text": _archive(**{"dropviz.json": np.array([255, 254], np.uint8)}),
    "a header that is a list": _headed("[]"),
    "a header that is a number": _headed("3"),
    "a header without a kind": _headed('{"format": 1}'),
    "a header without a format": _headed('{"kind": "run"}'),
    "a header with an odd format": _headed('{"kind": "run", "format": "one"}'),
    "a header with no format": _headed('{"kind": "run", "format": null}'),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_one_clear_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foreign.dropviz"
    path.write_bytes(content)

    with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged") as caught:
        result_files.read(path)

    assert "\n" not in str(caught.value)


class Trap:
    sprung = False

    def __reduce__(self) -> tuple[Callable[..., None], tuple[type, str, bool]]:
        return setattr, (Trap, "sprung", True)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    path = tmp_path / "trap.dropviz"
    text = json.dumps({"kind": "run", "format": result_files.FORMAT})
    header = np.frombuffer(text.encode(), np.uint8)
    trap = np.array([Trap()], dtype=object)
    path.write_bytes(_archive(**{"dropviz.json": header, "trap": trap}))

    with pytest.raises(DropvizError, match="is not a dropviz file"):
        result_files.read(path)

    assert not Trap.sprung


@pytest.mark.few("0")
@pytest.mark.parametrize("part", range(8))
def test_a_file_cut_short_anywhere_is_refused(path: Path, part: int) -> None:
    whole = path.read_bytes()

    for length in range(part, len(whole), 8):
        path.write_bytes(whole[:length])
        with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
            result_files.read(path)


@pytest.mark.few("0")
@pytest.mark.parametrize("part", range(64))
def test_a_file_with_any_bit_wrong_is_refused(path: Path, part: int) -> None:
    whole = path.read_bytes()

    for bit in range(part, 8 * len(whole), 64):
        wrong = bytearray(whole)
        wrong[bit // 8] ^= 1 << (bit + bit // 64) % 8
        path.write_bytes(wrong)
        with pytest.raises(DropvizError):
            result_files.read(path)


# ---------------------------------------------------------------- the seal


def _rezipped(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Writes other members, with the seal that the file had."""
    with zipfile.ZipFile(path) as archive:
        seal = archive.comment
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = seal


Members = list[tuple[str, bytes]]
OTHER_MEMBERS: dict[str, Callable[[Members], Members]] = {
    "the same, packed anew": lambda members: members,
    "another order": lambda members: members[::-1],
    "one missing": lambda members: members[:-1],
    "one more": lambda members: [*members, ("more.npy", npy(np.ones(2)))],
    "one that is no array": lambda members: [*members, ("readme.txt", b"hello")],
    "one twice": lambda members: [*members, members[-1]],
    "another of one name": lambda members: [*members, (members[1][0], members[2][1])],
    "one of another name": lambda members: [*members[:-1], ("other.npy", members[-1][1])],
    "two exchanged": lambda members: [
        members[0],
        (members[1][0], members[2][1]),
        (members[2][0], members[1][1]),
        *members[3:],
    ],
    "only the header": lambda members: members[:1],
    "none": lambda members: members[:0],
}


@pytest.mark.parametrize("case", OTHER_MEMBERS)
def test_members_that_are_not_those_written_are_refused(case: str, path: Path) -> None:
    _rezipped(path, OTHER_MEMBERS[case](list(members_of(path).items())))

    with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
        result_files.read(path)


@pytest.mark.parametrize(
    ("before", "after"), [(b"", b"\0"), (b"", b"PK"), (b"\0", b""), (b"#!/bin/sh\n", b"")]
)
def test_bytes_before_or_after_the_file_are_refused(
    before: bytes, after: bytes, path: Path
) -> None:
    path.write_bytes(before + path.read_bytes() + after)

    with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
        result_files.read(path)


def test_the_seal_is_a_digest_of_all_before_it(path: Path) -> None:
    body, digest = path.read_bytes()[:-64], path.read_bytes()[-64:]

    assert hashlib.sha256(body).hexdigest().encode() == digest
    assert body.endswith(SEAL)


# ---------------------------------------------------------------- sealed by a stranger

GOOD = json.dumps({"kind": "run", "format": result_files.FORMAT})


def _huge(shape: str) -> bytes:
    """An array of ones that says that it is of another shape."""
    found = npy(np.ones(3))
    return found.replace(b"(3,), }" + b" " * (len(shape) - 4), f"{shape}, }}".encode())


def _twice() -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in [*header_of(GOOD).items(), *2 * [("a.npy", npy(np.ones(3)))]]:
            archive.writestr(name, content)
    return stream.getvalue()


def _said(size: int) -> bytes:
    """A member of which the directory says another size than it has."""
    found = archived(header_of(GOOD) | {"a.npy": npy(np.zeros(10**5))})
    real = len(npy(np.zeros(10**5))).to_bytes(4, "little")
    assert found.count(real) == 2
    return found.replace(real, size.to_bytes(4, "little"))


def _with(member: bytes, name: str = "a.npy") -> bytes:
    return archived(header_of(GOOD) | {name: member})


SEALED: dict[str, bytes] = {
    "one member twice": _twice(),
    "a shape larger than any memory": _with(_huge("(1000000000000,)")),
    "a shape larger than any number": _with(_huge("(99999999999999999999,)")),
    "a shape larger than it is": _with(_huge("(30,)")),
    "a shape smaller than it is": _with(npy(np.ones(3)) + b"more"),
    "a shape below zero": _with(_huge("(-3,)")),
    "no shape": _with(_huge("'abc'")),
    "a pickle": _with(npy(np.array([1], object))),
    "texts": _with(npy(np.array(["a"]))),
    "structures": _with(npy(np.zeros(2, "f4,i4"))),
    "times": _with(npy(np.zeros(2, "M8[s]"))),
    "a size that is too large": _said(2**30),
    "a size that is too small": _said(200),
    "no array": _with(b"hello", "readme.txt"),
    "a later npy": _with(npy(np.ones(3)).replace(b"NUMPY\1\0", b"NUMPY\3\0")),
    "packed in another way": archived(header_of(GOOD), zipfile.ZIP_LZMA),
    "fields of one name": archived(header_of(GOOD[:-1] + ', "kind": "recording"}')),
    "fields of one name, deep": archived(header_of(GOOD[:-1] + ', "a": {"b": 1, "b": 2}}')),
    "NaN in the header": archived(header_of(GOOD[:-1] + ', "seconds": NaN}')),
    "infinity in the header": archived(header_of(GOOD[:-1] + ', "seconds": -Infinity}')),
    "lists in lists in lists": archived(header_of(GOOD[:-1] + f', "a": {"[" * 10**5}')),
    "a number without end": archived(header_of(GOOD[:-1] + f', "a": {"1" * 10**4}' + "}")),
    "no header": archived({"a.npy": npy(np.ones(3))}),
    "no members": archived({}),
}


@pytest.mark.parametrize("case", SEALED)
def test_what_a_stranger_sealed_is_refused_before_it_takes_memory(
    case: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.dropviz"
    path.write_bytes(sealed(SEALED[case]))
    tracemalloc.start()
    try:
        with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
            result_files.read(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 2**23


def test_a_header_that_unpacks_to_more_than_any_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_files, "_MOST_HEADER", 2**16)
    path = tmp_path / "a.dropviz"
    path.write_bytes(sealed(archived(header_of(GOOD + " " * 2**16))))

    with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
        result_files.read(path)


def test_arrays_that_have_no_room_in_memory_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = result_files.write(tmp_path / "a.dropviz", "run", {}, {"a": np.zeros(2**20)})
    monkeypatch.setattr(result_files, "has_room", lambda size: size < 2**23)

    with pytest.raises(DropvizError, match=r"holds 0\.0 GiB of arrays, more than there is memory"):
        result_files.read(path)


@pytest.mark.parametrize("sealing", [sealed, bytes])
@pytest.mark.parametrize("by", [1, 10**9])
def test_a_newer_file_asks_for_a_newer_dropviz(
    by: int, sealing: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "newer.dropviz"
    version = result_files.FORMAT + by
    path.write_bytes(sealing(_headed(json.dumps({"kind": "run", "format": version}))))

    with pytest.raises(DropvizError, match=rf"written by a newer dropviz \(file format {version};"):
        result_files.read(path)


@pytest.mark.parametrize("sealing", [sealed, bytes])
def test_an_older_file_says_so(sealing: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "older.dropviz"
    path.write_bytes(sealing(_headed('{"kind": "run", "format": 1}')))

    with pytest.raises(
        DropvizError, match=r"written by an older dropviz \(file format 1; this one"
    ):
        result_files.read(path)


@pytest.mark.parametrize("version", [0, -1, True, 2.0, "2", None, [2]])
def test_a_file_of_no_version_is_foreign(version: Any, tmp_path: Path) -> None:
    path = tmp_path / "odd.dropviz"
    path.write_bytes(sealed(_headed(json.dumps({"kind": "run", "format": version}))))

    with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
        result_files.read(path)


def test_a_file_that_the_system_does_not_give_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(Path, "open", Broken(Path, "open", denied))

    with pytest.raises(DropvizError, match=r"cannot be read: Permission denied. Expected a file"):
        result_files.read(path)


def test_a_damaged_file_is_closed_again(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with contextlib.suppress(DropvizError):
            result_files.read(path)
        gc.collect()

    assert [str(each.message) for each in seen if str(path) in str(each.message)] == []


@pytest.mark.parametrize("name", ["missing.dropviz", "."])
def test_a_missing_file_is_one_clear_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="There is no file") as caught:
        result_files.read(tmp_path / name)

    assert "\n" not in str(caught.value)
