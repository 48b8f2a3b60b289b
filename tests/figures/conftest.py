"""What the tests of pictures share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pytest

from dropviz.figures.cell import cell
from dropviz.figures.curves import curves
from dropviz.figures.heatmaps import atlas
from dropviz.figures.theme import Picture
from dropviz.figures.unrolled import where

from .made import recorded

LOSSES = {
    "loss": [2.0, 1.2],
    "loss_dropout_on": [1.95, 1.1],
    "loss_dropout_on_low": [1.9, 1.05],
    "loss_dropout_on_high": [2.0, 1.15],
    "loss_dropout_off": [1.9, 0.7],
    "val_loss": [2.1, 0.9],
}


@dataclass(frozen=True)
class Example:
    """A picture of each kind.

    Attributes:
        draw: Draws it.
        size: Its documented size in CSS pixels; a height of 0 where it depends on the data.
    """

    draw: Callable[[], Picture]
    size: tuple[int, int]

    @cached_property
    def picture(self) -> Picture:
        """The picture, for tests that only look at it."""
        return self.draw()

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG."""
        return self.picture.png()

    @cached_property
    def frame(self) -> bytes:
        """The picture as a frame."""
        return self.picture.frame()


EXAMPLES = {
    "cell": Example(lambda: cell("moon", "gal-tied", "semeniuta"), (880, 0)),
    "where": Example(lambda: where(recorded()), (880, 486)),
    "atlas": Example(lambda: atlas(recorded()), (880, 0)),
    "curves": Example(lambda: curves(LOSSES), (820, 0)),
}


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    """A picture of each kind in turn."""
    return EXAMPLES[request.param]
