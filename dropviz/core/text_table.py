"""A table in plain text: its columns stand below one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dropviz.errors import visible

_MOST = 160  # letters of a cell; a name may be as long as somebody likes


def shortened(text: str, most: int) -> str:
    """The end of a text from outside that is too long for its place; ends of paths tell most.

    Args:
        text: The text.
        most: Letters that there is room for.

    Returns:
        The text as it may be shown, or its end after three dots.
    """
    shown = visible(text)
    return shown if len(shown) <= most else f"...{shown[3 - most :]}"


@dataclass(frozen=True)
class Table:
    """A table of words.

    Attributes:
        heads: The names of its columns.
        rows: Its cells.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def cells(self) -> list[list[str]]:
        """The rows, with what is too long for a cell shortened."""
        return [[shortened(cell, _MOST) for cell in row] for row in self.rows]

    @property
    def lines(self) -> list[str]:
        """The table as lines of text."""
        rows = [list(self.heads), *self.cells]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip()
            for row in rows
        ]
