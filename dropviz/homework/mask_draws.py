"""What chance explains of masks that were read whole, and what it does not."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from dropviz.core.masks import Array
from dropviz.core.verdict import SiteVerdict
from dropviz.experiment.chance import merged

# Some dozens of these are asked of an answer: all of a right one fail less than once in a million.
_CHANCE = 1e-8


@dataclass(frozen=True)
class Share:
    """How many draws of a step drop.

    Attributes:
        step: The step, from 1; 0 where one mask is that of all steps.
        dropped: Draws that drop.
        draws: Draws that could be told; 0 where no mask explains the outputs.
        may_be: Whether so many may drop at the rate that the experiment found.
    """

    step: int
    dropped: int
    draws: int
    may_be: bool

    @property
    def words(self) -> str:
        """It in words."""
        at = f"at step {self.step}, " if self.step else ""
        if not self.draws:
            return f"{at}the outputs come of no such mask"
        return f"{at}{self.dropped} of {self.draws} entries dropped"


def noted(found: SiteVerdict, how: int) -> bool:
    """Whether the experiment found that entries drop together more often than by chance, or less.

    More often they do where their rates differ, too.

    Args:
        found: What it found.
        how: 1 for more, -1 for less.
    """
    words = {1: "entries agree more often", -1: "entries agree less often"}[how]
    return any(note.startswith(words) for note in found.notes)


def independent_draws(bits: Array, found: SiteVerdict) -> Array:
    """Draws without what the experiment found to be there many times.

    Args:
        bits: Shape (steps, gates, samples, entries): 1 dropped, 0 kept, NaN not told.
        found: What it found.
    """
    bits = merged(bits, 2) if found.same_over_samples else bits
    return merged(bits, 3) if found.same_over_units else bits


def share_at(step: int, bits: Array, found: SiteVerdict, *, alike: bool) -> Share:
    """How many draws of a step drop, and whether that is the rate that was found.

    Args:
        step: The step, from 1; 0 for all.
        bits: Its draws, shape (gates, samples, entries), as ``independent_draws`` gives them.
        found: What the experiment found.
        alike: Whether it found so of all entries; where not, it holds of some.
    """
    # Draws of two gates need not be independent, where the experiment could not tell.
    may_be = all(_as_often(gate, found) for gate in bits)
    if not alike:
        may_be |= any(_as_often(entry, found) for entry in np.moveaxis(bits, 2, 0))
    dropped, draws = _counted(bits)
    return Share(step, dropped, draws, may_be)


def _as_often(bits: Array, found: SiteVerdict) -> bool:
    (dropped, draws), (low, high) = _counted(bits), found.rate_interval
    if noted(found, -1):
        low, high = 0.0, 1.0  # as many of each draw as of few units is another rate
    if (low, high) == (0.0, 1.0) and found.rate > 0:
        # Draws that are shared in a way that was not told have no rate, but some drop.
        return dropped > 0 or not draws
    return by_luck(dropped, draws, min(max(dropped / max(draws, 1), low), high))


def _counted(bits: Array) -> tuple[int, int]:
    return int(np.nansum(bits)), int(np.count_nonzero(~np.isnan(bits)))


def by_luck(count: int, draws: int, rate: float) -> bool:
    """Whether chance brings a count so far from its rate (Hoeffding 1963, JASA 58, 13-30).

    Args:
        count: Draws that are counted.
        draws: Draws, independent or without replacement.
        rate: How often one is counted.
    """
    parts = ((count, rate), (draws - count, 1 - rate))
    if any(many and not share for many, share in parts):
        return False
    odds = sum(many * math.log(many / (draws * share)) for many, share in parts if many)
    return odds < -math.log(_CHANCE)


def own_rates(bits: Array) -> tuple[float, float] | None:
    """The lowest and the highest rate of entries; None where chance explains that they differ.

    Args:
        bits: Shape (draws, entries); NaN where not told.
    """
    counts = [_counted(entry) for entry in bits.T]
    counts = [each for each in counts if each[1]]
    if all(_one_rate(*pair) for pair in itertools.combinations(counts, 2)):
        return None
    rates = [dropped / draws for dropped, draws in counts]
    return min(rates), max(rates)


def _one_rate(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return by_luck(*one, (one[0] + other[0]) / (one[1] + other[1]))


def drop_together(bits: Array) -> int:
    """Whether two entries drop together more often (1) or less often (-1) than chance has it.

    Args:
        bits: Shape (draws, entries); NaN where not told.
    """
    for one, other in itertools.combinations(bits.T, 2):
        both = ~np.isnan(one) & ~np.isnan(other)
        first, second = one[both], other[both]
        if not both.any():
            continue
        together, of, rate = int((first * second).sum()), int(first.sum()), float(second.mean())
        # Given how many of each drop, the draws of one are some of those of the other.
        if not by_luck(together, of, rate):
            return 1 if together > of * rate else -1
    return 0
