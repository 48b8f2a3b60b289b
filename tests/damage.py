"""Damage done to saved files by a stranger's hand, and everything that a loaded result offers."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dropviz.core import result_files
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.scenario_string import call, magic
from dropviz.errors import DropvizError

SEAL = b"dropviz sha256 "
PLACES = tuple[Any, ...]


class Gone:
    """Stands for a field that is taken away."""


class Again:
    """Stands for one entry more: a field of no known name, or the first once more."""


# What a field may be changed to, whatever it should hold.
WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 2**31, 2**63, 10**30, 0.5, 1.0, -0.5),
    *(1e308, -1e308, "1e400", "", "x", "1", "0.5", "nan", "inf", "\ud800", "a$^{b", "x" * 5000),
    *("\0\x1b[2J\n\u202e", "input", "recurrent", "cell", "candidate", "LSTM", "GRU", "SimpleRNN"),
    *("keras", "moon", "zoneout", [], [1], ["x"], [[]], {}, {"a": 1}, Gone, Again),
)


def sealed(body: bytes) -> bytes:
    """Gives an archive without a comment the seal of its bytes."""
    assert body[-2:] == b"\0\0"
    body = body[:-2] + (len(SEAL) + 64).to_bytes(2, "little") + SEAL
    return body + hashlib.sha256(body).hexdigest().encode()


def archived(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members, without a comment."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def members_of(path: Path) -> dict[str, bytes]:
    """The members of a file, as they are stored."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def npy(array: Any) -> bytes:
    """An array as NumPy stores it."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def header_of(text: str) -> dict[str, bytes]:
    """The member that holds a header."""
    return {"dropviz.json.npy": npy(np.frombuffer(text.encode(), np.uint8))}


def by_hand(path: Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Path:
    """Writes a file with a right seal, whatever it says."""
    text = json.dumps({"format": result_files.FORMAT, "kind": kind, **header})
    # A number that Python's reader takes for infinity.
    members = header_of(text.replace('"1e400"', "1e400"))
    members |= {f"{name}.npy": npy(array) for name, array in arrays.items()}
    path.write_bytes(sealed(archived(members, zipfile.ZIP_STORED)))
    return path


def places(node: Any, path: PLACES = ()) -> Iterator[PLACES]:
    """The way to each field of plain data and to each entry of its lists."""
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def edited(header: dict[str, Any], path: PLACES, value: Any) -> dict[str, Any]:
    """A copy with another value at one place; the same where there is nothing to add to."""
    changed = copy.deepcopy(header)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    last = path[-1]
    if value is Gone:
        del node[last]
    elif value is not Again:
        node[last] = value
    elif isinstance(node[last], dict):
        node[last]["extra"] = 1
    elif isinstance(node[last], list):
        node[last] += node[last][:1]
    return changed


def changed_arrays(array: Any) -> Iterator[tuple[str, Any]]:
    """An array in other types and shapes, and with other values."""
    # In single precision 1e308 is infinity, and NaN is no whole number: as a stranger may write.
    with np.errstate(all="ignore"):
        for name in ("float16", "float32", "float64", "int64", "uint8", ">f4", ">i8", "bool", "U3"):
            yield f"as {name}", np.nan_to_num(array).astype(name)
        yield "no axis", np.float64(1)
        yield "one axis more", array[..., None]
        for axis in range(array.ndim):
            yield f"axis {axis} twice", np.concatenate([array, array], axis)
            yield f"axis {axis} cut", np.take(array, range(array.shape[axis] - 1), axis)
            yield f"axis {axis} empty", np.take(array, [], axis)
        for value in (np.nan, np.inf, -np.inf, -1, 0, 2, 2**31, 2**62, 1e308):
            yield f"all {value}", np.full_like(array, np.float64(value).astype(array.dtype))
            for place in (0, -1):
                other = array.copy()
                other.flat[place] = np.float64(value).astype(array.dtype)
                yield f"{value} at {place}", other


def use(result: Run | Recording) -> None:
    """Asks a result for all its words and numbers."""
    recording = result
    if isinstance(result, Run):
        recording = result.recording
        assert str(result) == "\n".join(result.summary)
        assert all(isinstance(each, str) for each in (result.title, repr(result), result.ending))
        assert all(len(values) <= result.curves.epochs for values in result.curves.values())
        for proof in result.proof.values():
            assert proof.sentence
            assert proof.badge
        if result.spec:
            assert call(result.spec)
            assert magic(result.spec)
    assert isinstance(recording, Recording)
    assert isinstance(str(recording) + repr(recording), str)
    for layer in recording.values():
        assert repr(layer)
        assert layer.setting.rules
        for masks in layer.values():
            assert masks.sentence in layer.sentences
            assert 0 <= masks.expected_range[0] <= masks.expected_range[1] <= 1
            assert masks.same_over_calls in {True, False, None}
            for at in range(len(masks.batches)):
                assert masks.of_batch(at).size
                assert layer.at(at).startswith("batch ")


def draw(result: Run | Recording) -> None:
    """Draws all pictures of a result; what has none to draw says so."""
    from dropviz.figures.heatmaps import atlas
    from dropviz.figures.unrolled import where
    from dropviz.jupyter.report import page

    pictures: list[Callable[[], Any]] = []
    if isinstance(result, Run):
        assert page(result)
        pictures += [partial(result.figure, name) for name in ("cell", "curves")]
    recording = result.recording if isinstance(result, Run) else result
    for layer in recording.values():
        pictures += [partial(where, layer), partial(atlas, layer)]
    for picture in pictures:
        try:
            drawn = picture()
        except DropvizError as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        assert drawn.alt
        assert drawn.frame()
