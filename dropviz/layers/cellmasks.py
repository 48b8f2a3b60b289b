"""What one call of a Keras cell draws, uses and leaves unused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from dropviz.layers.find import kind

Tensor = Any
Cell = Any


@dataclass(frozen=True)
class SiteLayout:
    """One site's masks in a call: how many, how wide, and whether they can drop.

    Attributes:
        site: "input" or "recurrent".
        gates: Masks drawn: one for each gate, or 1 for all; 0 where the site has none.
        units: Entries of one mask; 0 where the site has none.
        rate: The cell's drop rate.
        drawn: Whether the masks came from the random stream (a rate of 1 does not).
        reason: Why nothing is dropped; empty where something can be.
    """

    site: str
    gates: int
    units: int
    rate: float
    drawn: bool
    reason: str


@dataclass(frozen=True)
class Layout:
    """How the masks of one call lie in a flat block.

    Attributes:
        sites: The sites in the order in which Keras draws.
        dtype: Floating type that the masks were drawn in.
    """

    sites: tuple[SiteLayout, ...]
    dtype: str

    @property
    def draws(self) -> int:
        """Masks taken from the random stream in one call."""
        return sum(site.gates for site in self.sites if site.drawn)

    @property
    def width(self) -> int:
        """Entries in a block for each sample."""
        return sum(site.gates * site.units for site in self.sites)


def read_masks(cell: Cell) -> tuple[Layout, list[Tensor]]:
    """Reads the masks that a cell has drawn for the call under way.

    Args:
        cell: A Keras cell between the drawing of its masks and their reset, that is
            inside ``RNN.inner_loop`` (keras/src/layers/rnn/rnn.py, ``RNN.call``).

    Returns:
        Their layout, and the masks that multiply, each of shape (samples, units).
    """
    sites: list[SiteLayout] = []
    tensors: list[Tensor] = []
    for site, attribute, rate in (
        ("input", "_dropout_mask", float(cell.dropout)),
        ("recurrent", "_recurrent_dropout_mask", float(cell.recurrent_dropout)),
    ):
        # The public getter would draw where Keras has not, and so disturb the training.
        masks = getattr(cell, attribute, None)
        masks = [] if masks is None else masks if isinstance(masks, (list, tuple)) else [masks]
        reason = _why_nothing(cell, rate, drawn=bool(masks))
        used = [] if reason else masks
        tensors += used
        units = int(used[0].shape[-1]) if used else 0
        sites.append(SiteLayout(site, len(used), units, rate, bool(used) and rate < 1, reason))
    return Layout(tuple(sites), str(cell.compute_dtype)), tensors


def _ignored(cell: Cell, rate: float) -> bool:
    # LSTM and GRU test `0 < rate < 1`; SimpleRNN uses whatever mask there is.
    return rate >= 1 and not isinstance(cell, keras.layers.SimpleRNNCell)


def _why_nothing(cell: Cell, rate: float, *, drawn: bool) -> str:
    name = kind(cell)[0]
    if rate == 0:
        return "nothing is dropped: the rate is 0 (Keras takes negative rates as 0)."
    if _ignored(cell, rate):
        return (
            "nothing is dropped: the rate is 1 (Keras takes higher rates as 1), and its "
            f"{name} cell applies a mask only where 0 < rate < 1. Give a rate below 1."
        )
    if not drawn:
        return (
            "no mask was there before the first time step, where Keras draws them; "
            "what the cell draws inside the loop cannot be recorded."
        )
    return ""
