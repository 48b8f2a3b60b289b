"""Surroundings that are not as usual; what came of each stands in docs/surroundings.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Each is a process that imports TensorFlow.
pytestmark = pytest.mark.full

GONE = {"HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "USERPROFILE"}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def came_of(errand: str, *arguments: str, without: Collection[str] = (), **given: str) -> Any:
    """Runs an errand in a process of its own, in surroundings of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    command = [sys.executable, "-m", "tests.field.errand", errand, *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=inherited | given,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert not done.returncode, done.stderr.decode(errors="replace")[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("without", "given"),
    [
        (set(), ASCII),
        (GONE, {}),
        (GONE, {"HOME": "/proc/nowhere", "MPLCONFIGDIR": "/proc/nowhere"}),
        (set(), {"COLUMNS": "1", "TERM": "dumb", "NO_COLOR": "1"}),
    ],
    ids=["locale C", "no HOME", "nothing can be written", "a narrow terminal"],
)
def test_all_is_as_usual(without: set[str], given: dict[str, str]) -> None:
    assert came_of("everything", without=without, **given) is True


def test_all_is_as_usual_where_the_working_folder_is_gone() -> None:
    assert came_of("in_a_folder_that_is_gone") is True


def test_a_name_that_is_not_utf_8_is_written(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path / "run-") + b"\xff\xfe.dropviz")

    assert came_of("save", path) is True


@pytest.mark.parametrize("path", ["/proc/run.dropviz", "/nowhere/at/all.dropviz"])
def test_where_nothing_can_be_written_a_sentence_says_so(path: str) -> None:
    said = came_of("save", path)

    assert isinstance(said, str)
    assert Path(path).parent.name in said


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    said, left, files = came_of("save_on_a_full_disk", str(tmp_path / "run.dropviz"))

    assert isinstance(said, str)
    assert "run.dropviz" in said
    assert (left, files) == ("before", ["run.dropviz"])


def test_a_forked_process_reads_what_was_recorded() -> None:
    assert came_of("fork") == 0


def test_threads_and_tasks_record_their_own_models() -> None:
    assert came_of("threads") == [[2], [2], [2]]
    assert came_of("tasks") == [[1], [2], [3]]
