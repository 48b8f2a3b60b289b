"""How far the spread of masks can be trusted: measured where data were, and where none were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dropviz.core.display_registry import display
from dropviz.core.doubt import Coverage
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table

SHARE = 0.9  # that a band is to hold
_TO_READ_OFF = round(2 / (1 - SHARE))  # models, one of them beyond each end of the band
WHERE = {
    "inside": "inputs such as it was trained on",
    "outside": "inputs beyond them, where it must extrapolate",
}


@dataclass(frozen=True)
class Trust:
    """How one way to measure doubt did on some inputs.

    Attributes:
        coverage: How many truths lay within its 90 % band.
        reach: How many standard deviations to either side of the mean the band reaches.
        spread: The mean of its standard deviations, in units of the sines.
        error: The root mean square of the errors of its means, likewise.
    """

    coverage: Coverage
    reach: float
    spread: float
    error: float


@dataclass(frozen=True, eq=False)
class DoubtCard:
    """Masks and an ensemble, each inside and outside of what was trained on.

    Attributes:
        found: By way ("masks", "ensemble") and place (a key of ``WHERE``), how it did.
        members: Models of the ensemble.
        passes: Passes of the first of them with its masks on.
        task: What was trained on, in words.
    """

    found: Mapping[str, Mapping[str, Trust]]
    members: int
    passes: int
    task: str

    @property
    def title(self) -> str:
        """What was measured, in one line."""
        return (
            f"How far to trust the spread of {self.passes} passes of one model with its masks on, "
            f"and of {self.members} models with dropout off ({self.task})"
        )

    @property
    def table(self) -> Table:
        """A row for each way and place."""
        # As wide as a telephone; the sentences say the same at length.
        heads = ("of", "on", "90 % band", "spread", "error")
        rows = [
            (
                way,
                place,
                f"{trust.coverage.found:.0%}",
                figure(trust.spread),
                figure(trust.error),
            )
            for way, places in self.found.items()
            for place, trust in places.items()
        ]
        return Table(heads, rows)

    @property
    def sentences(self) -> list[str]:
        """What was found, in plain words."""
        said = []
        for way, places in self.found.items():
            inside, outside = places["inside"], places["outside"]
            error = _change(inside.error, outside.error)
            spread = _change(inside.spread, outside.spread)
            said.append(f"{way}: from inside to outside the error {error}, the spread {spread}.")
        named = "; ".join(f"{place}: {inputs}" for place, inputs in WHERE.items())
        return [*said, f"{named}.", self._columns_sentence(), self._bands_sentence()]

    def _columns_sentence(self) -> str:
        counts = sorted(
            {each.coverage.count for found in self.found.values() for each in found.values()}
        )
        truths = " or ".join(f"{count:,}" for count in counts)
        return (
            f"90 % band: which share of {truths} truths it holds; spread: its mean; "
            "error: its root mean square."
        )

    def _bands_sentence(self) -> str:
        few = self.members < _TO_READ_OFF
        why = f", as {self.members} models are too few to read it off them" if few else ""
        reaches = ", ".join(
            f"± {places['inside'].reach:.2f} spreads ({way})" for way, places in self.found.items()
        )
        return (
            f"Bands here are the mean {reaches}: what one more pass or model lies within 9 times "
            f"of 10 where they scatter normally{why}. They are of the models alone: noise in the "
            "data is in the truths, not in them."
        )

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        return "\n".join([self.title, *self.table.lines, *self.sentences])


def _change(before: float, after: float) -> str:
    """What became of a size, from 0, that was measured twice."""
    if not (math.isfinite(before) and math.isfinite(after)):
        return f"went from {figure(before)} to {figure(after)}"
    if before == after:
        return f"stayed {figure(after)}"
    if not before:
        return f"grew from 0 to {figure(after)}"
    if not after:
        return "shrank to 0"
    times = f"{float(f'{after / before:.2g}'):g}"
    if times == "1":
        return "stayed about the same"
    return f"{'grew' if after > before else 'shrank'} to {times} times its size"
