"""One file for one result: a NumPy archive with a header and a seal, no pickle, written whole.

The archive's comment, the end of the file, is the SHA-256 of every byte before it: what is
read is what was written.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import uuid
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.free_memory import GIB, has_room
from dropviz.errors import DropvizError, received

FORMAT = 2
_HEADER = "dropviz.json"
_SUFFIX = ".npy"
_MOST_HEADER = 2**26  # bytes; a header of 2**17 calls, the most that are logged, is a tenth of it
_SEAL = b"dropviz sha256 "
_DIGEST = 2 * hashlib.sha256().digest_size  # letters
_CHUNK = 2**20
_ENCRYPTED = 1  # a bit of a member's flags

Arrays = dict[str, NDArray[Any]]


def write(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> Path:
    """Writes one result; the file is either whole or as it was before.

    Args:
        path: Where to; its folder must exist.
        kind: What the file holds, as in "run".
        header: Everything that is not an array; must be JSON.
        arrays: The arrays by name, of numbers.

    Returns:
        The path written.

    Raises:
        DropvizError: If the file cannot be written there, or the header is no JSON.
    """
    whole = {"format": FORMAT, "kind": kind, **header}
    return write_whole(path, lambda: _content(whole, arrays))


def write_whole(path: str | os.PathLike[str], content: Callable[[], bytes]) -> Path:
    """Writes a file that is either whole or as it was before.

    Args:
        path: Where to; its folder must exist.
        content: Makes what it is to hold, once there is a place for it.

    Returns:
        The path written.

    Raises:
        DropvizError: If it cannot be written there.
    """
    target = checked_path(path)
    shown = received(str(target))
    if not target.parent.is_dir():
        raise DropvizError(
            f"The folder {received(str(target.parent))} does not exist. Received: "
            f"path={shown}. Make the folder first, or give another path."
        )
    # A device would be replaced by a file.
    if target.exists() and not target.is_file():
        raise DropvizError(f"{shown} is taken by what is no file. Give another path.")
    # Not its own name and more: that may be too long.
    temporary = target.with_name(f".dropviz-{uuid.uuid4().hex}")
    try:
        made = content()
        with temporary.open("xb") as stream:
            stream.write(made)
            # Before it takes the place of the old one: some disks say only now that they are full.
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except (OSError, MemoryError) as error:
        raise DropvizError(
            f"{shown} could not be written, and what was there is as it was: {_why(error)}. "
            "Make room or give another path, and save again."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def _content(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    try:
        text = json.dumps(header, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DropvizError(
            f"The header of a file must be JSON. Received one with: {error}."
        ) from error
    if len(text) > _MOST_HEADER:
        raise DropvizError(
            f"The header of a file must have at most {_MOST_HEADER:,} letters. Received: "
            f"{len(text):,}. Record less (keep=, every=)."
        )
    for name, array in arrays.items():
        if not _holds_numbers(array.dtype):
            raise DropvizError(f"Array {name!r} must be of numbers. Received: {array.dtype}.")
    members = {_HEADER: np.frombuffer(text.encode(), np.uint8), **arrays}
    buffer = io.BytesIO()
    # The stub takes every keyword for allow_pickle.
    np.savez_compressed(buffer, **members)  # type: ignore[arg-type]
    # An archive ends with the length of its comment and the comment, which NumPy leaves empty.
    length = len(_SEAL) + _DIGEST
    body = buffer.getvalue()[:-2] + length.to_bytes(2, "little") + _SEAL
    return body + hashlib.sha256(body).hexdigest().encode()


def read(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any], Arrays]:
    """Reads what ``write`` wrote.

    Args:
        path: The file.

    Returns:
        The kind, the header and the arrays.

    Raises:
        DropvizError: If there is no such file, or it is damaged, foreign, or of another
            format than this dropviz writes.
    """
    source = checked_path(path)
    shown = received(str(source))
    if not source.is_file():
        raise DropvizError(f"There is no file {shown}. Expected a file that Run.save wrote.")
    try:
        with source.open("rb") as stream:
            return _read(stream, shown)
    except DropvizError:
        raise
    except (OSError, MemoryError) as error:
        raise DropvizError(
            f"{shown} cannot be read: {_why(error)}. Expected a file that Run.save or "
            "Recording.save wrote; take another copy."
        ) from error


def _read(stream: IO[bytes], shown: str) -> tuple[str, dict[str, Any], Arrays]:
    foreign = DropvizError(
        f"{shown} is not a dropviz file, or it is damaged. Expected a file that "
        "Run.save or Recording.save wrote; save it again, or take another copy."
    )
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive)
            header = _header(archive, members.pop(_HEADER))
            kind, version = str(header.pop("kind")), header.pop("format")
            _check_version(version, shown)
            _check_seal(stream)
            _check_room(members.values(), shown)
            return kind, header, {name: _array(archive, each) for name, each in members.items()}
    except (DropvizError, MemoryError):
        raise
    # The readers of zip, npy and JSON raise a dozen types over bytes that are not theirs.
    except Exception as error:
        raise foreign from error


def _check_seal(stream: IO[bytes]) -> None:
    """Checks that a file ends with the digest of all that comes before it."""
    left = stream.seek(0, os.SEEK_END) - _DIGEST
    stream.seek(left - len(_SEAL))
    seal, digest = stream.read(len(_SEAL)), stream.read()
    stream.seek(0)
    found = hashlib.sha256()
    while left > 0:
        chunk = stream.read(min(left, _CHUNK))
        found.update(chunk)
        left -= len(chunk) or left
    if seal != _SEAL or found.hexdigest().encode() != digest:
        raise ValueError("the digest is another one")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members = {info.filename.removesuffix(_SUFFIX): info for info in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise ValueError("two members have one name")
    return members


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    if member.file_size > _MOST_HEADER:
        raise ValueError("the header is too large")
    found = json.loads(
        _array(archive, member).tobytes(), object_pairs_hook=_once, parse_constant=_no_constant
    )
    if not isinstance(found, dict):
        raise TypeError("the header is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two fields have one name")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_version(version: object, shown: str) -> None:
    if type(version) is not int or version < 1:
        raise ValueError("no version")
    if version != FORMAT:
        older = version < FORMAT
        raise DropvizError(
            f"{shown} was written by {'an older' if older else 'a newer'} dropviz (file format "
            f"{received(version)}; this one reads {FORMAT}). "
            f"{'Read it with that one, or train again.' if older else 'Update dropviz to read it.'}"
        )


def _check_room(members: Any, shown: str) -> None:
    size = sum(member.file_size for member in members)
    if not has_room(size):
        raise DropvizError(
            f"{shown} holds {size / GIB:,.1f} GiB of arrays, more than there is memory for here. "
            "Free some memory, or read it on a larger machine."
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Reads an array whose three statements of its size agree, and allots no more than that."""
    plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if member.compress_type not in plain or member.flag_bits & _ENCRYPTED:
        raise ValueError("packed in another way")
    with archive.open(member) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError("another version of npy")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        size = math.prod(shape) * dtype.itemsize
        if not _holds_numbers(dtype) or min(shape, default=0) < 0:
            raise ValueError("no array of numbers")
        if stream.tell() + size != member.file_size:
            raise ValueError("of another size than it says")
    with archive.open(member) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _holds_numbers(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fiu"


def _why(error: BaseException) -> str:
    """What the system says of an error, in its own words, on one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split())


def checked_path(path: object, name: str = "path", example: str = "run.dropviz") -> Path:
    """Checks that something may name a file, which need not be there.

    Args:
        path: What came.
        name: The argument that it came as.
        example: A name as it may be.

    Raises:
        DropvizError: If it names none, or may not be looked at.
    """
    try:
        found = Path(path)  # type: ignore[arg-type]
        with suppress(FileNotFoundError, NotADirectoryError):
            found.stat()
    except PermissionError as error:
        raise DropvizError(f"{received(path)} cannot be looked at: {_why(error)}.") from error
    # A name may hold a NUL, be too long for the system, or be no name at all.
    except Exception as error:
        raise DropvizError(
            f'{name} must be the name of a file, as in "{example}". Received: {received(path)}.'
        ) from error
    return found
