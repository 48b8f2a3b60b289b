"""A table for a spreadsheet, written whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from dropviz.core.result_files import write_whole


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV that is either whole or as it was before; no text in it is a formula.

    Args:
        path: Where to; its folder must exist.
        rows: The cells of each row, the heading first.

    Raises:
        DropvizError: If it cannot be written there.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([_cell(each) for each in row] for row in rows)
    write_whole(path, lambda: stream.getvalue().encode())


def _cell(value: object) -> object:
    """A text, from wherever it came, that a spreadsheet does not take for a formula."""
    formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if formula else value
