"""The lessons as they are stored, and what of them a test looks at."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat

from notebooks.write_lessons import FOLDER, SOURCES

Notebook = Any
Cell = Any
Words = tuple[str, tuple[str, ...], str]  # kind, forms and text

LESSONS = (
    "01-where-does-it-act",
    "02-what-is-a-mask",
    "03-three-ways-to-drop-memory",
    "04-does-it-help",
    "05-dropout-as-doubt",
    "06-museum-of-traps",
)
SOURCE_OF = {source.stem: source for source in SOURCES}
_ANSWER = re.compile(r"<details><summary>Answer</summary>\n(.*?)</details>", re.DOTALL)
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
_PROGRESS = re.compile(r"(done|experiment): # s")
_NUMBER = re.compile(r"\d[\d.,]*(?:e[+-]?\d+)?")


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.ipynb"


@functools.cache
def stored(name: str) -> Notebook:
    return nbformat.read(path_of(name), as_version=4)


def code_cells(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def outputs(notebook: Notebook) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def said(cell: Cell) -> str:
    """What a cell shows, as text."""
    parts = [
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return "\n".join(parts)


def answers(notebook: Notebook) -> list[str]:
    """The folded answers to the exercises."""
    return [each for text in texts(notebook) for each in _ANSWER.findall(text)]


def answers_code(notebook: Notebook) -> list[str]:
    return [code for answer in answers(notebook) for code in _CODE.findall(answer)]


def in_prose(text: str) -> str:
    """A text without its answers, code, mathematics and addresses."""
    for pattern in (
        _ANSWER,
        re.compile(r"```.*?```", re.DOTALL),
        re.compile(r"`[^`]*`"),
        re.compile(r"\$[^$]*\$"),
        re.compile(r"\]\([^)]*\)"),
    ):
        text = pattern.sub(" ", text)
    return text


def numbers(text: str) -> set[str]:
    """The numbers in a text, as they are written."""
    return {each.strip(".,") for each in _NUMBER.findall(text)}


def words_of(cell: Cell) -> list[Words]:
    """What the outputs of a cell are and say, whatever their numbers.

    What told how far something is stays only where that took long.
    """
    found = [_words(output) for output in cell.outputs]
    return [each for each in found if not _PROGRESS.fullmatch(each[2])]


def _words(output: Any) -> Words:
    data = output.get("data", {})
    text = output.get("text", "") or data.get("text/plain", "")
    masked = " ".join(_NUMBER.sub("#", text).split())
    # How far a small number is from 0 may turn its sign.
    return output.output_type, tuple(sorted(data)), masked.replace("-#", "#").replace("+#", "#")


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def images(page: str) -> Iterator[dict[str, str | None]]:
    parser = _Images()
    parser.feed(page)
    yield from parser.found
