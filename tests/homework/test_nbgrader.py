"""nbgrader's round trip with the judge: generate, hand in, grade, feed back."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import dropviz
from dropviz.homework.key_file import make_key
from dropviz.homework.notebooks import build

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        find_spec("nbgrader") is None, reason='needs nbgrader: pip install "dropviz[homework]"'
    ),
    pytest.mark.timeout(1200),
]

NAME = "unnamed-layers"
ROOT = Path(dropviz.__file__).parents[1]
TEACHING = (ROOT / "docs" / "teaching.md").read_text("utf-8")
Notebook = dict[str, Any]


def config(key: Path) -> str:
    """What the teacher's page puts into ``nbgrader_config.py``, with a key of ours."""
    (printed,) = re.findall(r"```python\n(.*?)```", TEACHING, re.DOTALL)
    made, keys = re.subn(r'"[^"]*homework\.key"', repr(str(key)), printed)
    assert keys == 1
    return made


def nbgrader(course: Path, *words: str) -> str:
    bin_folder = str(Path(sys.executable).parent)  # it calls alembic by name
    path = os.pathsep.join([bin_folder, os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def with_code(notebook: Notebook, code: str) -> Notebook:
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "identify":
            cell["source"] = code
    return made


def without_metadata(notebook: Notebook) -> Notebook:
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        cell["metadata"] = {}
    return made


def without_check(notebook: Notebook) -> Notebook:
    made = copy.deepcopy(notebook)
    cells = [(cell, "".join(cell["source"])) for cell in made["cells"]]
    made["cells"] = [cell for cell, source in cells if "judge's points" not in source]
    return made


def test_a_class_is_graded_by_nbgrader(tmp_path: Path) -> None:
    key, out = make_key(tmp_path / "key"), tmp_path / "built"
    build(ROOT / "notebooks" / "homework", out, key, ["any"])
    course = out / "nbgrader"
    (course / "nbgrader_config.py").write_text(config(tmp_path / "key"))
    nbgrader(course, "generate_assignment", "build-the-mask")
    assert (course / "release" / "build-the-mask" / "variants.csv").is_file()
    nbgrader(course, "generate_assignment", NAME)
    empty: Notebook = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    solved = json.loads((out / "solution" / f"{NAME}.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in solved["cells"]]
    answer = next(source for source in sources if "def identify" in source)
    right = with_code(empty, answer)
    handed_in: dict[str, tuple[Notebook, int]] = {
        "right": (right, 12),
        "empty": (empty, 0),
        "wrong": (with_code(empty, "def identify(layer): return 'keras'"), 0),
        "cheat": (with_code(empty, "import dropviz\nidentify = dropviz.explain"), 0),
        "exit": (with_code(empty, "import os\ndef identify(layer): os._exit(0)"), 0),
        "loop": (with_code(empty, "def identify(layer):\n    while True: pass"), 0),
        "lost": (without_metadata(right), 12),
        "deleted": (without_check(right), 12),
    }
    for student, (notebook, _) in handed_in.items():
        path = course / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))

    nbgrader(course, "autograde", NAME)
    nbgrader(course, "export", "--to", "grades.csv")
    nbgrader(course, "generate_feedback", NAME)

    rows = csv.DictReader((course / "grades.csv").read_text().splitlines())
    assert {row["student_id"]: float(row["score"] or 0) for row in rows} == {
        student: points for student, (_, points) in handed_in.items()
    }
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text()
    assert "taken for 2 x keras" in page
    assert "A kept h shows as .7" not in page
    assert "BEGIN SOLUTION" not in page
