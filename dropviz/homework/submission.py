"""Reads what was handed in: whose it is, which assignment, and the code; nothing of it is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropviz.errors import DropvizError, received
from dropviz.homework.key_file import check_student

_MOST = 16 << 20  # bytes of a notebook; outputs make it large
_ENDING = ".ipynb"
_NO_FILE = (
    "It is a link, a folder or no file of data, and what may lie behind it is not read. Expected a "
    "notebook itself. Put that in its place."
)
_STUDENT = re.compile(r"""^student *= *["']([^"'\n]*)["']""", re.MULTILINE)
_ASSIGNMENT = re.compile(r"""^assignment *= *["']([\w-]+)(?: (\w+))?["']""", re.MULTILINE)


@dataclass(frozen=True)
class Submission:
    """A notebook that was handed in.

    Attributes:
        student: Whose it is.
        assignment: The assignment that it names.
        edition: The edition that it names; "" where it names none.
        cells: The source of its code cells, in order.
        printed: What its code cells printed, in order.
        says: Whose it says that it is, where that is not whose folder it lies in; "" as a rule.
        lies_in: The folder that it lies in; "" where it lies in none.
    """

    student: str
    assignment: str
    edition: str
    cells: tuple[str, ...]
    printed: tuple[str, ...]
    says: str = ""
    lies_in: str = ""

    @property
    def is_at_home(self) -> bool:
        """Whether it lies in the folder of its own student, where nobody else puts a file."""
        return self.lies_in == self.student


def find_notebooks(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Finds the notebooks in a folder, and in those of each student.

    Args:
        folder: What was collected: ID/NAME.ipynb, ID/ASSIGNMENT/NAME.ipynb (nbgrader's), or
            files side by side.

    Returns:
        The paths of plain files, sorted; and by path, why nothing of it is read.

    Raises:
        DropvizError: If there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise DropvizError(f"There is no folder {received(str(folder))}. Give what was collected.")
    listed = [path for path in sorted(folder.rglob("*")) if not _is_copy(path, folder)]
    named = [path for path in listed if path.suffix.lower() == _ENDING]
    # A pipe is read without end, and a link leads to what somebody else handed in.
    found = [path for path in named if path.is_file() and not path.is_symlink()]
    left = {path: _NO_FILE for path in named if path not in found}
    left |= {path: _NO_FILE for path in listed if path.is_symlink()}
    for path in folder.iterdir():
        if path.is_dir() and path in listed and not any(path in each.parents for each in named):
            left.setdefault(path, _nothing_in(each for each in listed if path in each.parents))
    if not found and not left:
        raise DropvizError(
            f"There is no notebook in {received(str(folder))}. Expected ID/NAME.ipynb for each "
            "student, or *.ipynb."
        )
    return found, left


def _nothing_in(files: Iterable[Path]) -> str:
    names = [path.name for path in files]
    return (
        f"There is no notebook of this student's. Expected NAME{_ENDING}. Received: "
        f"{received(names) if names else 'an empty folder'}. Ask for it."
    )


def read_submission(path: Path, folder: Path) -> Submission:
    """Reads a notebook that was handed in.

    Args:
        path: The file.
        folder: What was collected, in which it lies.

    Returns:
        What is in it.

    Raises:
        DropvizError: If it is no notebook, too large, or does not say whose or what it is.
    """
    cells, printed = read_notebook(path)
    text = "\n".join(cells)
    named = _ASSIGNMENT.search(text)
    if named is None:
        raise DropvizError(
            'It names no assignment. Expected its cell with assignment = "...", as it was handed '
            "out. Put the cell back, and grade it again."
        )
    said = _STUDENT.search(text)
    inside = path.relative_to(folder)
    student = _student(inside, said)
    says = said[1] if said and said[1] != student else ""
    lies_in = inside.parts[0] if len(inside.parts) > 1 else ""
    edition = named[2] or ""
    return Submission(student, named[1], edition, tuple(cells), tuple(printed), says, lies_in)


def read_notebook(path: Path) -> tuple[list[str], list[str]]:
    """Reads code cells, and what they printed.

    Args:
        path: The file.

    Returns:
        The sources, and the outputs.

    Raises:
        DropvizError: If it is no notebook, or too large.
    """
    try:
        _check_size(path.stat().st_size)
        notebook = json.loads(path.read_bytes())  # UTF-8 as a rule; some editors mark it
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in code]
        outputs = [out for cell in code for out in cell.get("outputs") or ()]
        return sources, list(printed_by(outputs))
    except DropvizError:
        raise
    except OSError as error:
        raise DropvizError(f"It cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DropvizError(
            "It is no notebook, or damaged. Expected a file that Jupyter wrote. Ask for it again."
        ) from None


def _check_size(size: int) -> None:
    if size > _MOST:
        raise DropvizError(
            f"It is {size >> 20} MiB large, {_MOST >> 20} at the most, which outputs make. "
            "Clear them, and grade it again."
        )


def printed_by(outputs: Iterable[Any]) -> Iterator[str]:
    """What cells printed, in order.

    Args:
        outputs: The outputs of a notebook's cells.

    Yields:
        Texts.
    """
    for each in outputs:
        if each.get("output_type") == "stream":
            yield "".join(each["text"])


def _student(inside: Path, said: re.Match[str] | None) -> str:
    """The id: the student's folder, where that can be one, or what the notebook says."""
    candidates = [inside.parts[0]] if len(inside.parts) > 1 else []
    candidates += [said[1]] if said else []
    for each in candidates[:-1]:
        try:
            return check_student(each)
        except DropvizError:
            continue
    if not candidates:
        raise DropvizError(
            "It does not say whose it is. Expected it in a folder of the student's id, or "
            'student = "..." in it. Put it into such a folder, and grade it again.'
        )
    return check_student(candidates[-1])


def _is_copy(path: Path, folder: Path) -> bool:
    """Whether it is a copy that an editor keeps, as in .ipynb_checkpoints."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
