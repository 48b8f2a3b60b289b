"""A table for a spreadsheet, written whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from dropviz.core.result_files import write_whole


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV that is either whole or as it was before.

    Args:
        path: Where to; its folder must exist.
        rows: The cells of each row, the heading first.

    Raises:
        DropvizError: If it cannot be written there.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    write_whole(path, lambda: stream.getvalue().encode())
