"""What repeated looks at one place of a layer add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.chance import (
    agree_beyond_luck,
    agreement,
    draws_to_miss,
    independent,
    merged,
    some_are_one,
)


class Note(Enum):
    """What may be found of a site besides its masks, and the words for it."""

    MASKED_APART = "what is stored and what is added are masked apart."
    NEXT_STEP_READS_MASKED = "the next step reads the masked h."
    ONE_MASK_FOR_C_AND_H = "c and h share one mask."
    ONE_MASK_FOR_X_AND_H = "x and h share masks."


class Doubt(Enum):
    """What may stay open in a whole layer, and the words for it."""

    RARE = "something is dropped at random, too rarely to tell where."
    ELSEWHERE = (
        "something is dropped at random, but at no place that was looked at by itself: it acts "
        "from the second step on, or where the equations have no place for it."
    )
    ODD = (
        "the outputs vary at random, and not as under masks of fixed rates: where something is "
        "dropped, or added, cannot be told."
    )
    CALLS = (
        "later calls do not drop as earlier ones did: the masks stay for some calls or come back, "
        "or their rate changes."
    )
    NO_BIAS = (
        "the layer has no bias, so that a mask on the memory cannot be told from one "
        "on what is carried."
    )
    NO_BIAS_CANDIDATE = (
        "the layer has no bias, so that a mask on the candidate is heard through x and h alone, "
        "and cannot be told from masks on these."
    )
    SEVERAL_STORED = (
        "what is stored is dropped at more than one place: neither a mask on the memory nor one on "
        "the output, alone, does what the outputs show."
    )
    GATE = "the gate r itself is dropped, which hides whether x and h are masked."
    NOISE_INSIDE = "noise inside the cell hides whether x and h are masked."
    MORE = (
        "the outputs of several steps are not those that what was found would make: something "
        "acts besides, or acts otherwise at later steps."
    )
    UNITS = "not all units, or not all inputs, are treated alike; what was found holds for some."
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
        spread_at_one: The same of the reader at which they lie farthest apart.
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
    spread_at_one: float = 0.0

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

    def dependence(self, distinct: int) -> tuple[str, int]:
        """What agrees more often (1) or less often (-1) than if each were drawn by itself.

        Args:
            distinct: Readers that read different entries; the first so many.

        Returns:
            "samples", "calls" or "entries"; empty, and 0, where chance explains all.
        """
        bits = (merged(self.dropped, 1) if self.shared else self.dropped)[..., :distinct]
        bits = independent(bits)
        half = bits.shape[1] // 2
        first = bits[:, :half]
        # Neighbours, the batch's halves, and the batch mirrored.
        pairs = [(bits[:, : 2 * half : 2], bits[:, 1 : 2 * half : 2])]
        pairs += [(first, bits[:, half : 2 * half]), (first, bits[:, ::-1][:, :half])]
        if any(agree_beyond_luck(one, other) for one, other in pairs):
            return "samples", 1
        if some_are_one(bits, self.share):
            return "entries", 1
        # Where samples share a draw, calls and entries are seen too few times to be told.
        for name, axis in (("samples", 1), ("calls", 0), ("entries", 2)):
            found = agreement(bits, axis)
            if found:
                return name, found
        if any(agree_beyond_luck(one, 1 - other) for one, other in pairs):
            return "samples", -1
        many = bits.shape[2] // 2
        halves = (bits[..., :many], bits[..., many : 2 * many])
        # As if one reader had read each half.
        upper, lower = (half.reshape(len(bits), -1, 1) for half in halves)
        if many and agree_beyond_luck(upper, lower):
            return "entries", 1
        return "", 0

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
            is one on what they multiply.
        elsewhere: The row of ``joint`` that was read at another unit than the others.
        one_entry: Shape (calls, samples, readers): the one input that there is, read by all units
            of a layer that has few; 1 dropped.
        alone: Whether no two units could be read beside each other.
        late: Whether the time was over before all had been read.
        changes: Whether later calls do not drop as earlier ones did.
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
    single: bool = False
    elsewhere: int | None = None
    one_entry: Array | None = None
    alone: bool = False
    late: bool = False
    changes: bool = False

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

    def uneven(self, slack: float) -> bool:
        """Whether that number is another one at another reader, and one at each."""
        steady = all(look.spread_at_one <= slack for look in self.looks.values())
        return self.noisy(slack) and steady

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
    is_kept = (stacked != 0) & ~np.isnan(stacked)
    kept = stacked[is_kept]
    middle = float(np.median(kept)) if kept.size else 1.0
    each = [_spread(stacked[..., n][is_kept[..., n]], middle) for n in range(stacked.shape[-1])]
    dropped = np.where(np.isnan(stacked), np.nan, (stacked == 0).astype(float))
    return Look(middle, _spread(kept, middle), dropped, spread_at_one=max(each, default=0.0))


def _spread(kept: Array, middle: float) -> float:
    return float(np.ptp(np.quantile(kept, [0.01, 0.99])) / abs(middle)) if kept.size else 0.0


def draws_to_show(look: Look) -> int:
    """How many draws show again what was seen to drop: of few, its share may be twice the rate.

    Args:
        look: What was seen, some of which was dropped.
    """
    return draws_to_miss(look.share / 2)
