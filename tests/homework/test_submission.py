"""What was handed in, as it is found and read; nothing of it is run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dropviz.errors import DropvizError
from dropviz.homework.submission import find_notebooks, read_notebook, read_submission

from .handed_in import KEY, hand_in, notebook


def test_nothing_to_grade_is_said(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="There is no folder"):
        find_notebooks(tmp_path / "none")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a.ipynb").write_text("{}")
    with pytest.raises(DropvizError, match="There is no notebook"):
        find_notebooks(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "linked folder"])
def test_only_plain_files_are_graded_and_others_are_named(kind: str, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "ada").mkdir(parents=True)
    (tmp_path / "theirs.ipynb").write_text("{}")
    odd = inside / "ada" / ("a.ipynb" if kind != "linked folder" else "a")
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    else:
        odd.symlink_to(tmp_path / "theirs.ipynb" if kind == "link" else tmp_path)

    (inside / "b.ipynb").write_text("{}")
    found, left = find_notebooks(inside)

    assert found == [inside / "b.ipynb"]
    assert left[odd].startswith("It is a link, a folder or no file of data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_a_notebook_is_read_however_an_editor_encoded_it(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook("x = 'Größe'"), ensure_ascii=False), encoding=encoding)

    assert read_notebook(path)[0][1] == "x = 'Größe'"


def test_a_notebook_is_read_whatever_metadata_it_lost(tmp_path: Path) -> None:
    path = tmp_path / "ada" / "x (1).ipynb"
    content = notebook("a = 1\nb = 2")
    content["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        {"output_type": "execute_result", "data": {}},
    ]
    content["cells"].append({"cell_type": "markdown", "source": "words"})
    hand_in(path, content)

    found = read_submission(path, tmp_path)

    assert (found.student, found.assignment, found.edition) == (
        "ada",
        "build-the-mask",
        KEY.edition,
    )
    assert found.cells[1] == "a = 1\nb = 2"
    assert found.printed == ("one\ntwo\n",)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"cells": 3}', '{"cells": [1]}', "\x00", "{}"])
def test_what_is_no_notebook_is_said(tmp_path: Path, text: str) -> None:
    hand_in(tmp_path / "n.ipynb", text)

    with pytest.raises(DropvizError, match="no notebook, or damaged"):
        read_notebook(tmp_path / "n.ipynb")
