"""From a jupytext percent source to a notebook: of homework, and of lessons."""

from __future__ import annotations

import copy
from importlib import import_module
from pathlib import Path
from typing import Any

from dropviz.errors import DropvizError, received

Notebook = Any

# Without it JupyterLab opens a dialog instead of the notebook.
_KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def read_source(path: Path) -> Notebook:
    """Reads a source.

    Args:
        path: A file in jupytext's percent format.

    Returns:
        The notebook, with the metadata of its cells as they stand in the source.

    Raises:
        DropvizError: If there is no such file, or jupytext is not installed.
    """
    try:
        jupytext = import_module("jupytext")
    except ImportError:
        raise DropvizError(
            "Building notebooks needs jupytext, which is not installed. Install it with: "
            'python -m pip install "dropviz[homework]"'
        ) from None
    if not path.is_file():
        raise DropvizError(
            f"There is no source {received(str(path))}. Give the folder of the sources, in a "
            "command with --source; in dropviz's repository it is notebooks/homework."
        )
    return jupytext.read(path, fmt="py:percent")


def plain_notebook(notebook: Notebook) -> Notebook:
    """A copy that any front end opens, the same each time: a kernel, and cells that are numbered.

    Args:
        notebook: A notebook, as ``read_source`` gives it.

    Returns:
        The copy, without the metadata of its cells.
    """
    made = copy.deepcopy(notebook)
    made.metadata = copy.deepcopy(_KERNEL)
    for number, cell in enumerate(made.cells):
        cell.source, cell.metadata = cell.source.rstrip(), {}
        cell["id"] = f"cell-{number}"
    return made
