"""Reads masks off outputs: every mask of a kind is tried, sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dropviz.core.gates import LSTM_GATES
from dropviz.core.masks import Array
from dropviz.core.sites import is_gated
from dropviz.core.verdict import SiteVerdict

CLOSE = 1e-3  # float32 against float64: 1e-6 is usual; a wrong mask is off by .1
_AT_ONCE = 128
_MOST_BITS = 12  # of all masks of a sample together
_STEPS = 3
_TRIED, _MOST_SAMPLES = 48 << _MOST_BITS, 512


@dataclass(frozen=True)
class Kind:
    """A kind of mask, and so many of its entries that all masks can be tried.

    Attributes:
        steps: Time steps.
        lives: Steps with a mask of their own; 1 where all share it, as far as the experiment told.
        gates: Gates with a mask of their own; 1 where all share it.
        entries: Entries of a mask.
        acting: By gate whether the mask acts there.
        kept: What kept entries are multiplied with.
    """

    steps: int
    lives: int
    gates: int
    entries: int
    acting: tuple[bool, ...]
    kept: float

    @property
    def bits(self) -> int:
        """Draws of one mask."""
        return self.lives * self.gates * self.entries

    @property
    def samples(self) -> int:
        """So many that trying all masks takes much the same time whatever their kind."""
        return min(_MOST_SAMPLES, _TRIED >> self.bits)

    def masks(self, dropped: Array) -> Array:
        """The masks of draws, 1 where dropped, shape (lives, gates, masks, entries)."""
        masks = np.where(dropped, 0.0, self.kept).reshape(-1, self.lives, self.gates, self.entries)
        masks = np.moveaxis(masks, 0, 2)
        if all(self.acting):
            return masks
        return np.where(np.reshape(self.acting, (1, -1, 1, 1)), masks, 1.0)


def kind_of(found: SiteVerdict, kept: float, entries: int) -> Kind:
    """The kind of mask that an experiment found; what it could not tell is left open.

    Args:
        found: What it found.
        kept: What kept entries are multiplied with.
        entries: Entries of a mask.
    """
    shared = found.tying == "tied" or not is_gated(found.site)
    gates = 1 if shared else len(LSTM_GATES)
    most = max(1, _MOST_BITS // (gates * entries))
    one = found.life == "sequence"
    steps = _STEPS if one else min(_STEPS, most)
    acting = tuple(gate not in found.missing for gate in LSTM_GATES)
    return Kind(steps, 1 if one else steps, gates, entries, acting, kept)


@dataclass(frozen=True)
class Reading:
    """What masks outputs come of.

    Attributes:
        apart: Largest difference of a sample from the nearest of all masks.
        dropped: Shape (lives, gates, samples, entries): 1 dropped, 0 kept, NaN where both explain
            the outputs, as of a memory that is all dropped later.
    """

    apart: float
    dropped: Array


def read_masks(outputs: Array, kind: Kind, run: Callable[[Array, int], Array]) -> Reading:
    """Reads which entries were dropped.

    Args:
        outputs: Shape (samples, units).
        kind: Of what kind the masks are.
        run: What the oracle gives out, shape (masks, samples, units), for masks as of
            ``Kind.masks`` and so many of them.

    Returns:
        The reading.
    """
    nearest = np.full(len(outputs), np.inf)
    may_drop, may_keep = np.zeros((2, len(outputs), kind.bits), bool)
    for dropped in _all_draws(kind.bits):
        out = run(kind.masks(dropped), len(dropped))
        apart = np.abs(out - outputs).max(axis=2)
        nearest = np.minimum(nearest, apart.min(axis=0))
        explains = (apart < CLOSE).T
        may_drop |= explains @ dropped
        may_keep |= explains @ (dropped == 0)
    told = np.where(may_drop ^ may_keep, may_drop, np.nan)
    shape = (len(outputs), kind.lives, kind.gates, kind.entries)
    return Reading(float(nearest.max()), np.moveaxis(told.reshape(shape), 0, 2))


def _all_draws(bits: int) -> Iterator[Array]:
    """All that so many draws may be, some at once, shape (some, bits)."""
    for first in range(0, 1 << bits, _AT_ONCE):
        numbers = np.arange(first, min(first + _AT_ONCE, 1 << bits))
        yield (numbers[:, np.newaxis] >> np.arange(bits)) & 1 == 1
