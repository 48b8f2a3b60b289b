"""One file for one result: a NumPy archive with a header, no pickle, written atomically."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.errors import DropvizError, received

FORMAT = 1
_HEADER = "dropviz.json"

Arrays = dict[str, NDArray[Any]]


def write(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> Path:
    """Writes one result; the file is either whole or not there.

    Args:
        path: Where to; its folder must exist.
        kind: What the file holds, as in "run".
        header: Everything that is not an array; must be JSON.
        arrays: The arrays by name.

    Returns:
        The path written.

    Raises:
        DropvizError: If the folder does not exist.
    """
    target = _as_path(path)
    if not target.parent.is_dir():
        raise DropvizError(
            f"The folder {str(target.parent)!r} does not exist. Received: "
            f"path={str(target)!r}. Make the folder first, or give another path."
        )
    text = json.dumps({"format": FORMAT, "kind": kind, **header}, allow_nan=False)
    content = dict(arrays) | {_HEADER: np.frombuffer(text.encode(), np.uint8)}
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as stream:
            # The stub takes every keyword for allow_pickle.
            np.savez_compressed(stream, **content)  # type: ignore[arg-type]
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def read(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any], Arrays]:
    """Reads what ``write`` wrote.

    Args:
        path: The file.

    Returns:
        The kind, the header and the arrays.

    Raises:
        DropvizError: If there is no such file, or it is damaged, foreign or newer.
    """
    source = _as_path(path)
    if not source.is_file():
        raise DropvizError(
            f"There is no file {str(source)!r}. Expected a file that Run.save wrote."
        )
    foreign = DropvizError(
        f"{str(source)!r} is not a dropviz file, or it is damaged. Expected a file that "
        "Run.save or Recording.save wrote; save it again, or take another copy."
    )
    try:
        with source.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays: Arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(_HEADER).tobytes())
        kind, version = header["kind"], int(header["format"])
    # The readers of zip, npy and JSON raise a dozen types over bytes that are not theirs.
    except Exception as error:
        raise foreign from error
    if version > FORMAT:
        raise DropvizError(
            f"{str(source)!r} was written by a newer dropviz (file format {version}; this one "
            f"reads up to {FORMAT}). Update dropviz to read it."
        )
    return kind, header, arrays


def _as_path(path: object) -> Path:
    try:
        found = Path(path)  # type: ignore[arg-type]
        found.is_file()
    # A name may hold a NUL, be too long for the system, or be no name at all.
    except Exception as error:
        raise DropvizError(
            f'path must be the name of a file, as in "run.dropviz". Received: {received(path)}.'
        ) from error
    return found
