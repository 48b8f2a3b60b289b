"""Writes the page that needs no Python: one file that asks for nothing else."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from dropviz.browser.read_scripts import joined, read_script
from dropviz.browser.tables import tables
from dropviz.core.result_files import write_whole
from dropviz.core.tasks import load_task
from dropviz.errors import DropvizError, received
from dropviz.figures.colours import theme

_WHITE = 16  # the brightest pixel of scikit-learn's digits


def write_playground(path: Path) -> None:
    """Writes the page.

    Args:
        path: The file.

    Raises:
        DropvizError: If its folder is not there, it is a folder, or it cannot be written there.
    """
    if path.is_dir():
        raise DropvizError(f"The page must be a file. Received: the folder {received(str(path))}.")
    write_whole(path, lambda: page().encode())


def page() -> str:
    """The page as text; the same for the same dropviz."""
    data = {
        "tables": tables(),
        "digits": _digits(),
        "recorded": json.loads(_read("keras_run.json")),
        "theme": theme(),
    }
    parts = {
        "style": _style(),
        "data": _in_html(json.dumps(data, separators=(",", ":"))),
        "worker": _script("worker.js"),
        "script": _script("page.js"),
    }
    text = _read("page.html")
    for name, part in parts.items():
        text = text.replace(f"@@{name}@@", part)
    return text


def _read(name: str) -> str:
    return read_script(f"playground/{name}")


def _script(name: str) -> str:
    text = joined(f"playground/{name}")
    if "</script" in text.lower() or "<!--" in text:
        raise DropvizError(
            f"{name} holds what would end its place in the page. Write it otherwise."
        )
    return text


def _in_html(text: str) -> str:
    """JSON that no text in it can end."""
    return text.replace("<", r"\u003c")


def _style() -> str:
    """The page around the pictures, in their colours."""
    text = _read("page.css")
    for ground, end in (("light", ""), ("dark", "_dark")):
        palette = theme()[ground]
        for name, colour in palette.items():
            if isinstance(colour, str):
                text = text.replace(f"@@{name}{end}@@", colour)
        for name, shades in palette["arguments"].items():
            text = text.replace(f"@@{name}{end}@@", shades[0])
    return text


def _digits() -> dict[str, Any]:
    """The digits of scikit-learn as the task has them, packed."""
    task = load_task("digits")
    pixels = np.round(np.concatenate([task.x, task.x_val]) * _WHITE).astype(np.uint8)
    answers = np.concatenate([task.y, task.y_val])
    return {
        "pixels": base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode("ascii"),
        "answers": "".join(map(str, answers)),
        "training": len(task.y),
    }
