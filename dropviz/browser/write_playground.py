"""Writes the page that needs no Python: one file that asks for nothing else."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from dropviz.browser.inline_modules import inline
from dropviz.browser.tables import tables
from dropviz.core.tasks import load_task
from dropviz.errors import DropvizError, received
from dropviz.figures.colours import ARGUMENTS

_SOURCE = Path(__file__).with_name("playground")
_WHITE = 16  # the brightest pixel of scikit-learn's digits


def write_playground(path: Path) -> None:
    """Writes the page.

    Args:
        path: The file.

    Raises:
        DropvizError: If its folder is not there, or it is a folder.
    """
    if not path.parent.is_dir():
        raise DropvizError(
            f"The folder {received(str(path.parent))} does not exist. Make it first."
        )
    if path.is_dir():
        raise DropvizError(f"The page must be a file. Received: the folder {received(str(path))}.")
    path.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page as text; the same for the same dropviz."""
    data = {
        "tables": tables(),
        "digits": _digits(),
        "recorded": json.loads(_read("keras_run.json")),
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
    return (_SOURCE / name).read_text(encoding="utf-8")


def _script(name: str) -> str:
    text = inline(_SOURCE / name)
    if "</script" in text.lower() or "<!--" in text:
        raise DropvizError(
            f"{name} holds what would end its place in the page. Write it otherwise."
        )
    return text


def _in_html(text: str) -> str:
    """JSON that no text in it can end."""
    return text.replace("<", r"\u003c")


def _style() -> str:
    text = _read("page.css")
    for name, (colour, _) in ARGUMENTS.items():
        text = text.replace(f"@@{name}@@", colour).replace(f"@@{name}_dark@@", _lighter(colour))
    return text


def _lighter(colour: str) -> str:
    """A colour as it is on a dark page: svg.js paints with the same."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(each * 0.55 + 255 * 0.45):02x}" for each in channels)


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
