"""Writes the lessons from their sources, run as a student runs them.

``python -m notebooks.write_lessons`` writes all, ``python -m notebooks.write_lessons 02 05`` some.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from dropviz.homework.percent_source import plain_notebook, read_source

Notebook = Any

FOLDER = Path(__file__).parent
SOURCES = sorted((FOLDER / "lessons").glob("*.py"))
# Lessons are stored with what they measured, below each question.
AT_FIRST = (
    "**Begin with** *Edit*, *Clear Outputs of All Cells* (in Colab *Edit*, *Clear all outputs*; in VS "
    "Code *Clear All Outputs*, above the cells): the results of an earlier run stand here."
)
_SECONDS = 300  # for one cell, on a busy machine
_WIDGET = "application/vnd.jupyter.widget-view+json"
# As Binder runs them (binder/start).
ONE_CORE: Mapping[str, str] = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


def made(source: Path) -> Notebook:
    """A lesson that has not run yet.

    Args:
        source: Its percent source.

    Returns:
        The notebook, whose first cell ends with what all lessons begin with.
    """
    notebook = plain_notebook(read_source(source))
    notebook.cells[0].source += f"\n\n{AT_FIRST}"
    return notebook


def run(notebook: Notebook, folder: Path) -> None:
    """Runs a lesson from top to bottom in a kernel of its own.

    Args:
        notebook: The lesson; its outputs go into it.
        folder: Where the kernel works.
    """
    # What one cell prints is one output, however long it takes.
    client = NotebookClient(notebook, timeout=_SECONDS, record_timing=False, coalesce_streams=True)
    client.execute(env=os.environ | ONE_CORE, cwd=str(folder))


def stored(notebook: Notebook) -> None:
    """Takes out what would show a lesson that is only opened as broken.

    Args:
        notebook: A lesson that has run. A widget without its kernel is an error to JupyterLab; the
            other forms of the output say what the widget says.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(_WIDGET, None)
    notebook.metadata.pop("widgets", None)


def main(names: list[str]) -> None:
    """Writes the lessons whose names begin so; all without names."""
    for source in SOURCES:
        if names and not source.stem.startswith(tuple(names)):
            continue
        lesson = made(source)
        run(lesson, FOLDER)
        stored(lesson)
        nbformat.write(lesson, FOLDER / f"{source.stem}.ipynb")
        print(source.stem)


if __name__ == "__main__":
    main(sys.argv[1:])
