from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import pickle
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropviz.core import result_files
from dropviz.errors import DropvizError

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


def _fails(error: BaseException) -> Callable[..., None]:
    def half(stream: Any, **_: Any) -> None:
        stream.write(b"PK half of it")
        raise error

    return half


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=repr)
def test_a_failed_write_leaves_the_old_file(
    path: Path, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez_compressed", _fails(error))

    refused = DropvizError if isinstance(error, OSError) else type(error)
    with pytest.raises(refused):
        result_files.write(path, "run", {}, {})

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=repr)
def test_a_failed_write_leaves_nothing_where_nothing_was(
    tmp_path: Path, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "savez_compressed", _fails(error))

    refused = DropvizError if isinstance(error, OSError) else type(error)
    with pytest.raises(refused):
        result_files.write(tmp_path / "new.dropviz", "run", {}, {})

    assert list(tmp_path.iterdir()) == []


def test_a_header_that_is_no_json_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        result_files.write(tmp_path / "new.dropviz", "run", {"loss": float("nan")}, {})

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
    return _archive(**{"dropviz.json": np.frombuffer(text.encode(), np.uint8)})


def _zip(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def _array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ones(3))
    return stream.getvalue()


def _garbled(old: bytes, new: bytes) -> bytes:
    garbled = _array().replace(old, new)
    assert garbled != _array()
    return _zip("dropviz.json.npy", garbled)


FOREIGN = {
    "empty": b"",
    "text": b"epoch,loss\n1,0.5\n",
    "zeros": bytes(1000),
    "pickle": pickle.dumps({"dropviz.json": 1}),
    "an array": _array(),
    "an archive of arrays": _archive(a=np.ones(3)),
    "an archive with a pickle": _archive(a=np.array([object()], dtype=object)),
    "a zip": _zip("readme.txt", b"hello"),
    "a zip with the header's name": _zip("dropviz.json", b"{}"),
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


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DropvizError, match="is not a dropviz file, or it is damaged"):
            result_files.read(path)


@pytest.mark.few("0")
@pytest.mark.parametrize("bit", range(8))
def test_a_file_with_any_byte_wrong_is_refused(path: Path, bit: int) -> None:
    whole = path.read_bytes()

    for at in range(len(whole)):
        wrong = bytearray(whole)
        wrong[at] ^= 1 << bit
        path.write_bytes(wrong)
        with pytest.raises(DropvizError):
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


def test_a_newer_file_asks_for_a_newer_dropviz(tmp_path: Path) -> None:
    path = tmp_path / "newer.dropviz"
    path.write_bytes(_headed(json.dumps({"kind": "run", "format": result_files.FORMAT + 1})))

    with pytest.raises(DropvizError, match="written by a newer dropviz"):
        result_files.read(path)
