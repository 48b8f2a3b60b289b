"""Builds what is handed out, and what is not, from one jupytext percent source each."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dropviz.errors import DropvizError, received
from dropviz.homework.assignments import ASSIGNMENTS, Assignment
from dropviz.homework.key_file import Key, check_student
from dropviz.homework.percent_source import plain_notebook, read_source
from dropviz.homework.practice import write_variants
from dropviz.homework.variants import Variant, variant_of

Notebook = Any

_SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)
_SOME = Variant("recurrent", "sequence", "tied", 0.4)
# What a notebook says above its first cell: that of one student, and that of a whole class.
_KEEP = "Do not change the next cell: it says whose this is."
_NAME = "In the next cell put your id in place of `your-id`, and change nothing else."


def build(source: Path, out: Path, key: Key, students: Sequence[str]) -> list[Path]:
    """Builds the notebooks of all assignments.

    Args:
        source: The folder of the sources, ``ASSIGNMENT.py`` in the percent format.
        out: Where to: ``student/ID/`` is handed out, ``nbgrader/source/`` is for nbgrader, and
            ``solution/`` stays with the teacher.
        key: The teacher's key.
        students: Their ids.

    Returns:
        The paths written.

    Raises:
        DropvizError: If a source is missing, an id is none or doubled, jupytext is not
            installed, or something is there already.
    """
    check_students(students)
    notebooks = {name: read_source(source / f"{name}.py") for name in ASSIGNMENTS}
    if out.exists() and any(out.iterdir()):
        raise DropvizError(
            f"{received(str(out))} is not empty, and what was handed out is not overwritten. Give "
            "another folder."
        )
    asked = {student: variant_of(key, student) for student in students}
    made: dict[Path, Notebook] = {}
    for name, notebook in notebooks.items():
        for student, variant in asked.items():
            path = out / "student" / student / f"{name}.ipynb"
            made[path] = for_student(notebook, key.edition, student, variant)
        assignment = ASSIGNMENTS[name]
        made[out / "solution" / f"{name}.ipynb"] = for_teacher(notebook, key.edition)
        at = out / "nbgrader" / "source" / name / f"{name}.ipynb"
        made[at] = for_nbgrader(notebook, key.edition, assignment)
    for path, notebook in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        import_module("nbformat").write(notebook, path)
    table = out / "nbgrader" / "source" / "build-the-mask" / "variants.csv"
    write_variants(table, asked)
    return [*made, table]


def check_students(students: Sequence[str]) -> None:
    """Raises DropvizError unless these are ids, each there once, and at least one."""
    for student in students:
        check_student(student)
    # Ids name folders, and to some systems `ada` and `Ada` are one.
    many = Counter(each.casefold() for each in students)
    doubled = sorted({each for each in students if many[each.casefold()] > 1})
    if doubled or not students:
        came = f"doubled {received(doubled)}" if doubled else "none"
        raise DropvizError(
            "Each student needs an id of their own, one on a line, that differs in more than "
            f"upper and lower case. Received: {came}. Correct the list."
        )


def for_student(notebook: Notebook, edition: str, student: str, variant: Variant) -> Notebook:
    """A plain notebook for one student, without solutions."""
    return _made(
        notebook, _words(edition, student, repr(variant.plain), variant.sentence), solved=False
    )


def for_teacher(notebook: Notebook, edition: str, variant: Variant = _SOME) -> Notebook:
    """The notebook with its solutions, which answer any variant."""
    return _made(
        notebook, _words(edition, "solution", repr(variant.plain), variant.sentence), solved=True
    )


def for_nbgrader(notebook: Notebook, edition: str, assignment: Assignment) -> Notebook:
    """A source for nbgrader: solutions in its marks, and a cell that the judge's points go to."""
    read = 'homework.asked("variants.csv", student)'
    told = "What your variant is stands in the table variants.csv, which the next cell reads."
    words = {**_words(edition, "your-id", read, told), "FIRST": _NAME}
    made = _made(notebook, words, solved=None)
    for cell, original in zip(made.cells, notebook.cells, strict=True):
        if "answer" in original.metadata:
            cell.metadata["nbgrader"] = _graded(original.metadata["answer"], solution=True)
    check = import_module("nbformat").v4.new_code_cell("# The judge's points go here.")
    check["id"] = "judge"
    check.metadata["nbgrader"] = {
        **_graded(f"judge-{assignment.name}", solution=False),
        "grade": True,
        "locked": True,
        "points": assignment.of,
    }
    made.cells.append(check)
    return made


def _graded(name: str, *, solution: bool) -> dict[str, Any]:
    return {
        "schema_version": 3,
        "grade_id": name,
        "solution": solution,
        "grade": False,
        "locked": False,
        "task": False,
        "cell_type": "code",
    }


def _words(edition: str, student: str, asked: str, sentence: str) -> dict[str, str]:
    return {
        "EDITION": edition,
        "STUDENT": student,
        "ASKED": asked,
        "SENTENCE": sentence,
        "FIRST": _KEEP,
    }


def _made(notebook: Notebook, words: dict[str, str], *, solved: bool | None) -> Notebook:
    """A copy with its words filled in; solutions kept, taken out, or (None) left in their marks."""
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        source = cell.source
        if solved is not None:
            source = (
                _MARK.sub("", source) if solved else _SOLUTION.sub(r"\1...  # your code", source)
            )
        for name, value in words.items():
            source = source.replace(f"__{name}__", value)
        cell.source = source
    return plain_notebook(made)
