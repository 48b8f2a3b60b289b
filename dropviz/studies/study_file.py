"""The results of a study on disk: a line for each finished training, written at once.

Lines are JSON with a digest each. They are only ever added, each in one write, so that a process
that is killed leaves at most a torn last line, which is cut off when the study goes on. What failed
for a reason outside the training is trained again; of the lines of a cell the first that came to
an end counts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from dropviz.core.file_fields import (
    by_name,
    explained,
    fields,
    flag,
    number,
    one_of,
    refused,
    several,
    text,
)
from dropviz.core.training_result import Ended, TrainingResult
from dropviz.errors import DropvizError, received

_FORM = 1
_DIGEST = 16  # hexadecimal digits of SHA-256, which tell a damaged line


def _point(name: str, value: Any) -> float:
    """A point of a curve: a number, NaN and infinity among them."""
    if type(value) not in {int, float}:
        raise refused(name, "a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise refused(name, "a number", value) from error


_RESULT = fields(
    cell=text,
    curves=by_name(several(_point)),
    status=one_of(get_args(Ended)),
    reason=text,
    seconds=number(0),
    retry=flag,
)


@dataclass(frozen=True)
class StudyId:
    """What results must have in common to stand in one file.

    Attributes:
        task: The task's name.
        data: A digest of its data.
        engine: How the trainings are run.
        versions: Of what computes, and which backend it is, as of ``worker.versions``.
    """

    task: str
    data: str
    engine: str
    versions: Mapping[str, str]


class ResultsFile:
    """A file of results that a study reads, and adds to."""

    def __init__(self, path: str | os.PathLike[str], study: StudyId) -> None:
        """Opens a file, or begins one.

        Args:
            path: Where; its folder must exist.
            study: What is asked now.

        Raises:
            DropvizError: If it cannot be read or written there, is damaged, is no study of dropviz,
                or holds the results of another one or of other versions; it is left as it is.
        """
        self.path = Path(path)
        self._study = study
        self.results: dict[str, TrainingResult] = {}
        try:
            raw = self._whole()
            if b"\n" in raw:
                self._read(raw)
            else:
                self._begin(raw)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def add(self, result: TrainingResult) -> None:
        """Writes a result, unless one that counts is there of its cell.

        Args:
            result: What came out of a training.

        Raises:
            DropvizError: If it cannot be written; what was written before is kept.
        """
        known = self.results.get(result.cell)
        if known is not None and not known.retry:
            return
        try:
            self._append(_line(asdict(result)))
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.results[result.cell] = result

    def _whole(self) -> bytes:
        if not self.path.exists():
            return b""
        # A device may have no end, and a pipe waits for somebody who writes.
        if not self.path.is_file():
            raise DropvizError(
                f"{received(str(self.path))} is taken by what is no file. Give another file."
            )
        return self.path.read_bytes()

    def _begin(self, raw: bytes) -> None:
        first = _line(self._header)
        # A kill may have torn the first line; whatever else is there is somebody's own.
        if not first.startswith(raw):
            raise DropvizError(
                f"{received(str(self.path))} is no study of dropviz, and is left as it is. "
                "Give another file, or one that is not there yet."
            )
        self.path.touch()
        if raw:
            os.truncate(self.path, 0)
        self._append(first)

    @property
    def _header(self) -> dict[str, Any]:
        return {"dropviz study": _FORM, **asdict(self._study)}

    def _append(self, line: bytes) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            written = os.write(handle, line)
            if written < len(line):
                # A disk that is full takes a part; a torn line would hide what comes after it.
                os.ftruncate(handle, os.fstat(handle).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)

    def _read(self, raw: bytes) -> None:
        whole = raw[: raw.rfind(b"\n") + 1]
        # An editor may end a file with an empty line.
        numbered = [(n, each) for n, each in enumerate(whole.splitlines(), 1) if each.strip()]
        first, *lines = [_entry(each, n, self.path) for n, each in numbered or [(1, b"")]]
        self._check(first)
        for entry in lines:
            if entry == first:  # two processes began it in one instant
                continue
            result = _result(entry, self.path)
            known = self.results.get(result.cell)
            if known is None or known.retry:
                self.results[result.cell] = result
            elif not result.retry and _found(known) != _found(result):
                raise DropvizError(
                    f"{received(str(self.path))} holds two different results of the cell "
                    f"{received(result.cell)}. Expected one; begin a new file."
                )
        if len(whole) < len(raw):
            os.truncate(self.path, len(whole))

    def _check(self, first: Mapping[str, Any]) -> None:
        for name, value in self._header.items():
            if first.get(name) != value:
                raise DropvizError(
                    f"{received(str(self.path))} holds the results of another study: {name} is "
                    f"{received(first.get(name))}, and here it is {received(value)}. Give another "
                    "file."
                )


def data_digest(arrays: Mapping[str, Any]) -> str:
    """A digest of the arrays of a task, with their shapes and types."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:_DIGEST]


def _line(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(entry, sort_keys=True)
    return f'{{"digest": "{_digest(text)}", "entry": {text}}}\n'.encode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


def _entry(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        held = json.loads(line)
        entry = held["entry"]
        digest = _digest(json.dumps(entry, sort_keys=True))
        if isinstance(entry, dict) and held["digest"] == digest:
            return entry
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise DropvizError(
        f"Line {number:,} of {received(str(path))} is damaged, or the file is no study of dropviz. "
        "Take another copy, or give another file."
    )


def _result(entry: Mapping[str, Any], path: Path) -> TrainingResult:
    with explained(f"{received(str(path))} is damaged", " Give another file."):
        return TrainingResult(**_RESULT("a result", entry))


def _found(result: TrainingResult) -> str:
    # As text: one NaN is as good as another.
    return repr((sorted(result.curves.items()), result.status))


def _unwritable(path: Path, error: OSError) -> DropvizError:
    return DropvizError(
        f"The results cannot be kept in {received(str(path))} ({type(error).__name__}: "
        f"{error.strerror or error}). What was written before is kept; give a file in a folder "
        "that exists, with room on its disk."
    )
