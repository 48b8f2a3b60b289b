"""What repeated looks at one place of a layer add up to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from dropviz.core.masks import Array
from dropviz.core.share_interval import share_interval

# Equal masks prove sharing only where luck is ruled out to this.
_CHANCE = 1e-6
_SIGMAS = 3.89  # two-sided 99.99 % of a normal distribution


class Note(Enum):
    """What may be found of a site besides its masks, and the words for it."""

    MASKED_APART = "what is stored and what is added are masked apart."
    NEXT_STEP_READS_MASKED = "the next step reads the masked h."
    ONE_MASK_FOR_C_AND_H = "c and h share one mask."
    ONE_MASK_FOR_X_AND_H = "x and h share masks."


class Doubt(Enum):
    """What may stay open in a whole layer, and the words for it."""

    RARE = "something is dropped at random, too rarely to tell where."
    NO_BIAS = (
        "the layer has no bias, so that a mask on the memory cannot be told from one "
        "on what is carried."
    )
    NO_BIAS_CANDIDATE = (
        "the layer has no bias, so that a mask on the candidate is heard through x and h alone, "
        "and cannot be told from masks on these."
    )
    ONE_MASK_FOR_ALL_STEPS = (
        "one mask for all steps that neither grows nor shrinks does the same on the "
        "memory and on h."
    )


@dataclass
class Look:
    """What one kind of probe showed, run several times.

    Attributes:
        kept: The multiplier of kept entries in training.
        spread: How far kept multipliers lie apart, relative to ``kept``.
        dropped: Shape (calls, samples, readers): 1 dropped, 0 kept, NaN not told.
        at_inference: The multiplier at inference.
        random: Whether multipliers vary at inference.
        shows: Whether a dropped entry can be seen as often as a kept one.
        shared: Whether all samples share a mask.
        blur: How far from 1 rounding alone may show a multiplier.
        explained: The share of outputs that is explained by what was found inside the cell
            before, in the call where it was least.
    """

    kept: float
    spread: float
    dropped: Array
    at_inference: float = 1.0
    random: bool = False
    shows: bool = True
    shared: bool = False
    blur: float = 0.0
    explained: float = 0.0

    @property
    def share(self) -> float:
        """Share dropped of what was told; 0 where nothing was."""
        told = ~np.isnan(self.dropped)
        return float(self.dropped[told].mean()) if told.any() else 0.0

    @property
    def counts(self) -> tuple[int, int]:
        """How many independent draws dropped, and how many were told."""
        bits = merged(self.dropped, 1) if self.shared else self.dropped
        return int(np.nansum(bits)), int(np.count_nonzero(~np.isnan(bits)))

    def seen_enough(self, acting: Sequence[Look], distinct: int, slack: float) -> bool:
        """Whether nothing happens here, so far as what happens at other gates would have shown.

        Args:
            acting: What was seen at gates where something happens.
            distinct: Readers that read different entries; the first so many.
            slack: How far a multiplier may be from 1 by rounding.
        """
        shared = any(look.shared for look in acting)
        bits = (merged(self.dropped, 1) if shared else self.dropped)[..., :distinct]
        told = int(np.count_nonzero(~np.isnan(bits)))
        shares = [look.share for look in acting if look.share > 0]
        # A scale is at every entry.
        scaled = any(abs(look.kept - 1) > slack for look in acting)
        return told >= (1 if scaled or not shares else draws_to_miss(min(shares)))

    def masked(self, slack: float) -> bool:
        """Whether anything happens here."""
        scaled = max(abs(self.kept - 1), abs(self.at_inference - 1)) > max(slack, self.blur)
        scaled |= self.spread > slack
        return bool(self.share > 0 or scaled or self.random)


@dataclass
class Place:
    """Everything found out about one site.

    Attributes:
        site: Its name.
        looks: By gate (None for all), what was seen.
        joint: Shape (gates, calls, samples, readers): all gates in the same calls; 1 kept.
        steps: Shape (steps, calls, samples, readers): all steps in the same calls.
        luck: By "joint" and "steps", how often bits drawn apart are read as equal there.
        sources: Shape (2, calls, samples, readers): two entries read by each reader.
        only: The steps that are masked, where not all are.
        distinct: Readers that read different entries; the first so many.
        notes: What else was found.
        perhaps: Another site where the masks may as well be; empty where that is told.
        single: Whether there is but one weight for each gate, so that a mask on the weights
            is one on what they multiply; False once more than one was found.
        late: Whether the time was over before all had been read.
    """

    site: str
    looks: dict[int | None, Look]
    joint: Array | None = None
    steps: Array | None = None
    sources: Array | None = None
    only: tuple[int, ...] | None = None
    distinct: int = 1
    notes: list[Note] = field(default_factory=list)
    luck: dict[str, float] = field(default_factory=dict)
    perhaps: str = ""
    single: bool = True
    late: bool = False

    @property
    def shared(self) -> bool:
        """Whether all samples share a mask, so that many calls are needed."""
        return any(look.shared for look in self.looks.values())

    def once(self, bits: Array) -> Array:
        """Bits (..., calls, samples, readers) without what is there many times."""
        return merged(bits, -2) if self.shared else bits

    def noisy(self, slack: float) -> bool:
        """Whether kept entries are multiplied with more than one number."""
        return any(look.spread > slack for look in self.looks.values())

    def acting(self, slack: float) -> dict[int | None, Look]:
        """The looks at gates where something happens."""
        return {gate: look for gate, look in self.looks.items() if look.masked(slack)}


def summed_up(values: Sequence[Array]) -> Look:
    """Sums up multipliers from several calls.

    Args:
        values: For each call, shape (samples, readers); NaN where not told.

    Returns:
        The look, with nothing said of inference.
    """
    stacked = np.stack(values)
    kept = stacked[(stacked != 0) & ~np.isnan(stacked)]
    middle = float(np.median(kept)) if kept.size else 1.0
    spread = float(np.ptp(np.quantile(kept, [0.01, 0.99])) / abs(middle)) if kept.size else 0.0
    dropped = np.where(np.isnan(stacked), np.nan, (stacked == 0).astype(float))
    return Look(middle, spread, dropped)


def same(first: Array, second: Array, rate: float, luck: float | None = None) -> bool | None:
    """Whether two arrays of bits are one and the same mask.

    Args:
        first: Bits; NaN where not told.
        second: Bits of the same shape.
        rate: The drop rate.
        luck: How often bits drawn apart are equal; as the rate says by default.

    Returns:
        None where equality could be luck, or nothing can be compared.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    if not np.array_equal(first[both], second[both]):
        return False
    agree = rate**2 + (1 - rate) ** 2 if luck is None else luck
    return _by_no_luck(int(both.sum()), agree)


def _by_no_luck(pairs: int, agree: float) -> bool | None:
    """True where so many equal pairs prove that they are one, and None where they do not."""
    return True if agree**pairs < _CHANCE else None


def same_along(bits: Array, axis: int, rate: float) -> bool | None:
    """Whether an array of bits is the same along an axis; None where one cannot say."""
    if bits.shape[axis] < 2:  # noqa: PLR2004
        return None
    first = merged(bits, axis)
    told = np.count_nonzero(~np.isnan(bits), axis=axis, keepdims=True)
    if not np.all((bits == first) | np.isnan(bits)):
        return False
    return _by_no_luck(int(np.maximum(told - 1, 0).sum()), rate**2 + (1 - rate) ** 2)


def merged(bits: Array, axis: int) -> Array:
    """Bits that are the same along an axis, once: told where any of them is."""
    most: Array = np.fmax.reduce(bits, axis=axis, keepdims=True)
    return most


def draws_to_tell(rate: float) -> int:
    """How many equal draws it takes, on average, to prove that two masks are one.

    Args:
        rate: The drop rate.

    Returns:
        Draws; 1 where all or nothing is dropped, which no number of draws tells apart.
    """
    agree = rate**2 + (1 - rate) ** 2
    return math.ceil(math.log(_CHANCE) / math.log(agree)) + 1 if 0 < agree < 1 else 1


def draws_to_miss(rate: float) -> int:
    """How many draws without a drop rule out that masks of this rate act.

    Args:
        rate: The drop rate, above 0.
    """
    return math.ceil(math.log(_CHANCE) / math.log1p(-rate)) if rate < 1 else 1


def draws_to_show(look: Look) -> int:
    """How many draws show again what was seen to drop: of few, its share may be twice the rate.

    Args:
        look: What was seen, some of which was dropped.
    """
    return draws_to_miss(look.share / 2)


def apart_by_luck(neither: int, one: int, other: int, both: int) -> bool:
    """Whether two masks that are drawn apart could drop together as often as was seen.

    Args:
        neither: Draws in which neither dropped.
        one: Those in which only the first did.
        other: Those in which only the second did.
        both: Those in which both did.

    Returns:
        Whether chance explains it (Fisher's exact test, one-sided).
    """
    total, first, second = neither + one + other + both, one + both, other + both

    def log_odds(many: int) -> float:
        parts = (many, first - many, second - many, total - first - second + many)
        return -sum(math.lgamma(part + 1) for part in parts)

    margins = (first, total - first, second, total - second)
    fixed = sum(math.lgamma(each + 1) for each in margins) - math.lgamma(total + 1)
    most = min(first, second)
    return sum(math.exp(fixed + log_odds(many)) for many in range(both, most + 1)) > _CHANCE


def interval(dropped: int, draws: int) -> tuple[float, float]:
    """Where a rate lies with 99.99 % confidence (Wilson 1927).

    Args:
        dropped: Draws that dropped.
        draws: Independent draws.

    Returns:
        The lower and the upper end, 0 to 1.
    """
    return share_interval(dropped, draws, _SIGMAS)
