"""The parts of the unrolled picture's scene, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from dropviz.figures.colours import Colour
from dropviz.figures.scene import Sign

LISTED = 32  # units that are told as numbers
DIGITS = 4


@dataclass(frozen=True)
class Mask:
    """A mask that lies on arrows.

    Attributes:
        letter: Its identity; equal masks have equal letters.
        site: Where it multiplies: a key of ``dropviz.core.sites.SITES``.
        colour: The colour of its letter.
        label: The argument that it came from.
        gates: Names of the gates; none where gates do not share it.
        kept: For each gate (one, if tied) 1 where kept, 0 where dropped, None where nothing is
            drawn yet: its first units; of a matrix its first weights, row by row.
        units: How many units, or weights, it has for each gate.
        matrix: Whether it masks weights.
        factor: What kept units are multiplied with; None where no single number serves.
        says: What it is, in a sentence.
        source: The line of Keras that multiplies by it; empty where it is none of Keras's.
    """

    letter: str
    site: str
    colour: Colour
    label: str
    gates: tuple[str, ...]
    kept: tuple[tuple[int | None, ...], ...]
    units: int
    matrix: bool
    factor: float | None
    says: str
    source: str


@dataclass(frozen=True)
class Arrow:
    """An arrow of the picture.

    Attributes:
        arrow: "x", "h", "c", "g" (inside a cell) or "up".
        column: The column that it leads into or lies in; ``h`` and ``c`` of the column after the
            last leave the picture.
        step: The time step of that column, from 0.
        value: What it carries, as in "x_1".
        mask: Which of the scene's masks multiplies on it.
        before: The numbers that it carries, where a pass was opened and they are known.
        after: For each gate of the mask, what is left of them.
    """

    arrow: str
    column: int
    step: int
    value: str
    mask: int | None
    before: tuple[float, ...] | None = None
    after: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True)
class UnrolledScene:
    """The layer unrolled through time.

    Attributes:
        kind: "unrolled".
        title: The call that makes such a layer.
        lines: What stands below the title.
        alt: The picture in words.
        cell: The kind of the layer.
        time_steps: Time steps in all.
        columns: The steps that are drawn, from 0.
        planned: Whether nothing is drawn yet.
        doubtful: Whether the masks were drawn and are not known to multiply.
        one_step: Why one time step drops nothing; may hold mathematics, and is often empty.
        masks: The masks that lie on arrows, in the order of their letters.
        arrows: The arrows, column by column.
        legend: What the signs mean.
    """

    kind: str
    title: str
    lines: tuple[str, ...]
    alt: str
    cell: str
    time_steps: int
    columns: tuple[int, ...]
    planned: bool
    doubtful: bool
    one_step: str
    masks: tuple[Mask, ...]
    arrows: tuple[Arrow, ...]
    legend: tuple[Sign, ...]

    def arrow(self, name: str, column: int) -> Arrow | None:
        """The arrow of some name and column; None where there is none."""
        there = (each for each in self.arrows if (each.arrow, each.column) == (name, column))
        return next(there, None)

    def mask_on(self, name: str, column: int) -> Mask | None:
        """The mask on an arrow; None where there is none."""
        found = self.arrow(name, column)
        return None if found is None or found.mask is None else self.masks[found.mask]
