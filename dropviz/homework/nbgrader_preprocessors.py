"""nbgrader's ``autograde`` with the judge: no notebook is run in the process that gives grades.

In ``nbgrader_config.py``, with what nbgrader 0.9 has there besides::

    import dropviz.homework.nbgrader_preprocessors as ours
    c = get_config()
    c.Judge.key = "/where/only/the/teacher/looks/homework.key"
    c.Autograde.sanitize_preprocessors = ours.SANITIZE
    c.Autograde.autograde_preprocessors = ours.AUTOGRADE

nbgrader calls a command ``alembic``: activate the environment that it is in.
"""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Unicode

from dropviz.homework.fork_client import ForkServer
from dropviz.homework.judges_keras import ready_to_judge
from dropviz.homework.key_file import check_student, read_key
from dropviz.homework.submission import Submission, printed_by

_STASH = "dropviz"  # of a notebook's metadata: what nbgrader clears before it grades
_HOME = "dropviz.homework.nbgrader_preprocessors"
_OWN = "nbgrader.preprocessors"

SANITIZE = [
    f"{_HOME}.PutBack",
    *(f"{_OWN}.{name}" for name in ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec")),
    *(f"{_OWN}.{name}" for name in ("OverwriteCells", "CheckCellMetadata")),
]
AUTOGRADE = [
    f"{_HOME}.Judge",
    *(f"{_OWN}.{name}" for name in ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties")),
    f"{_OWN}.CheckCellMetadata",
]

Notebook = Any
Resources = dict[str, Any]


class PutBack(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts back graded cells that a student or a front end has lost, metadata and all."""

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """Puts them at the end; what was printed is kept for the judge.

        Args:
            nb: The notebook.
            resources: nbgrader's.

        Returns:
            Both.
        """
        outputs = [out for cell in nb.cells for out in cell.get("outputs") or ()]
        nb.metadata[_STASH] = list(printed_by(outputs))
        told = resources["nbgrader"]
        with Gradebook(told["db_url"]) as book:
            notebook = book.find_notebook(told["notebook"], told["assignment"])
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
            sources = {cell.name: cell for cell in notebook.source_cells if cell.name in points}
            there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells}
            for name in points.keys() - there:
                nb.cells.append(_cell(sources[name], points[name]))
        return nb, resources


def _cell(source: Any, points: float) -> Any:
    made = nbformat.v4.new_code_cell(source.source)
    made.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": source.name,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "points": points,
        "cell_type": "code",
        "checksum": source.checksum,
    }
    return made


class Judge(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of *Execute*: the judge's points and words become the output of the graded cell."""

    key = Unicode("homework.key", help="the teacher's key file").tag(config=True)
    unlocked = Bool(default_value=False, help="run answers where nothing locks them in").tag(
        config=True
    )
    _server: ForkServer | None = None

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """Judges a notebook.

        Args:
            nb: The notebook.
            resources: nbgrader's.

        Returns:
            Both.

        Raises:
            DropvizError: If there is no key, Keras is on another backend, or a lock that is
                needed does not hold.
        """
        ready_to_judge()  # before Keras: any word on stderr scores 0
        from dropviz.homework.judge import judge

        key = read_key(Path(self.key))
        told = resources["nbgrader"]
        cells = tuple(cell.source for cell in nb.cells if cell.cell_type == "code")
        printed = tuple(str(text) for text in nb.metadata.pop(_STASH, ()))
        student = check_student(told["student"])
        submission = Submission(student, told["notebook"], key.edition, cells, printed)
        report = judge(self._running(), submission, key, unlocked=self.unlocked)
        for cell in nb.cells:
            if utils.is_grade(cell) and cell.cell_type == "code":
                cell.outputs = [
                    nbformat.v4.new_output("stream", name="stdout", text=f"{report}\n"),
                    nbformat.v4.new_output(
                        "execute_result", data={"text/plain": f"{report.score}"}, execution_count=1
                    ),
                ]
        return nb, resources

    def _running(self) -> ForkServer:
        """One fork server for all students; nbgrader makes a preprocessor for each."""
        if Judge._server is None:
            Judge._server = ForkServer()
            atexit.register(Judge._server.close)
        return Judge._server
