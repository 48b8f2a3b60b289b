"""What chance explains of masks that were read off, and what it does not."""

from __future__ import annotations

import math

import numpy as np

from dropviz.core.luck import CHANCE, alike_by_luck, are_one
from dropviz.core.masks import Array
from dropviz.core.share_interval import share_interval

_SIGMAS = 3.89  # two-sided 99.99 % of a normal distribution
_LEAST = 1e-3  # what is smaller is rounding


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
    return are_one(int(both.sum()), alike_by_luck(rate) if luck is None else luck)


def agree_beyond_luck(first: Array, second: Array, luck: float | None = None) -> bool:
    """Whether two arrays of bits agree more often than masks that are drawn apart.

    Args:
        first: Bits (..., readers); NaN where not told.
        second: Bits of the same shape.
        luck: How often bits drawn apart are equal, where that is more than their shares say.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    many = both.reshape(-1, both.shape[-1]).sum(axis=0)
    if not many.any():
        return False
    # Each reader by itself: where some are dropped more often, all agree more often.
    one, other = (
        np.where(both, bits, 0).reshape(-1, len(many)).sum(axis=0) / np.maximum(many, 1)
        for bits in (first, second)
    )
    expected = float((many * (one * other + (1 - one) * (1 - other))).sum() / many.sum())
    low, _ = interval(int((first == second)[both].sum()), int(many.sum()))
    return low > max(expected, luck or 0.0)


def same_along(bits: Array, axis: int, rate: float) -> bool | None:
    """Whether an array of bits is the same along an axis; None where one cannot say."""
    if bits.shape[axis] < 2:  # noqa: PLR2004
        return None
    told = np.count_nonzero(~np.isnan(bits), axis=axis, keepdims=True)
    if not repeats(bits, axis):
        return False
    return are_one(int(np.maximum(told - 1, 0).sum()), alike_by_luck(rate))


def repeats(bits: Array, axis: int) -> bool:
    """Whether bits are the same all along an axis, as far as they were told."""
    return bool(np.all((bits == merged(bits, axis)) | np.isnan(bits)))


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
    agree = alike_by_luck(rate)
    return math.ceil(math.log(CHANCE) / math.log(agree)) + 1 if 0 < agree < 1 else 1


def draws_to_miss(rate: float) -> int:
    """How many draws without a drop rule out that masks of this rate act.

    Args:
        rate: The drop rate, above 0.
    """
    return math.ceil(math.log(CHANCE) / math.log1p(-rate)) if rate < 1 else 1


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
    return sum(math.exp(fixed + log_odds(many)) for many in range(both, most + 1)) > CHANCE


def rates_are_one(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether chance explains that of two counts one has the larger share.

    Args:
        one: How many draws dropped, and of how many independent ones.
        other: Likewise.
    """
    (few, many), (more, most) = one, other
    return apart_by_luck(most - more, many - few, more, few) and apart_by_luck(
        many - few, most - more, few, more
    )


def interval(dropped: int, draws: int) -> tuple[float, float]:
    """Where a rate lies with 99.99 % confidence (Wilson 1927).

    Args:
        dropped: Draws that dropped.
        draws: Independent draws.

    Returns:
        The lower and the upper end, 0 to 1.
    """
    return share_interval(dropped, draws, _SIGMAS)


def some_are_one(bits: Array, rate: float) -> bool:
    """Whether two readers, or more, have shown the same throughout, beyond luck.

    Args:
        bits: Shape (..., readers); those of which not all was told are left out.
        rate: The drop rate.
    """
    flat = bits.reshape(-1, bits.shape[-1])
    told = flat[:, ~np.isnan(flat).any(axis=0)]
    # Where nothing was ever dropped, or all, nothing is shared for that.
    varied = told[:, told.any(axis=0) & ~told.all(axis=0)]
    pairs = math.comb(varied.shape[1], 2)
    if not pairs or pairs * alike_by_luck(rate) ** len(varied) > CHANCE:
        return False
    return bool(np.unique(varied, axis=1).shape[1] < varied.shape[1])


def independent(bits: Array) -> Array:
    """Bits (..., calls, samples, readers) without calls, or readers, that repeat one another."""
    for axis in (-3, -1):
        if repeats(bits, axis):
            bits = merged(bits, axis)
    return bits


def agreement(bits: Array, axis: int) -> int:
    """Whether draws along an axis agree more often, or less often, than each drawn by itself.

    However often all of them drop, how many do so together must scatter as chance has it: it
    scatters more where some share a draw, or drop more often than others; less where as many
    are dropped each time.

    Args:
        bits: Shape (calls, samples, readers); NaN where not told.
        axis: The axis.

    Returns:
        1 more, -1 less, 0 as chance has it, or too few to tell.
    """
    told = ~np.isnan(bits)
    rate = np.where(told, bits, 0).sum((0, 1)) / np.maximum(told.sum((0, 1)), 1)
    off, scatter = np.where(told, bits - rate, 0), told * rate * (1 - rate)
    expected = scatter.sum(axis)
    # Of what the rate was counted from, a part cannot be off by itself.
    free = expected if axis == 2 else expected * (1 - expected / np.maximum(scatter.sum((0, 1)), 1))  # noqa: PLR2004
    groups = (told.sum(axis) > 1) & (free > _LEAST)
    if not groups.any():
        return 0
    squares = off.sum(axis)[groups] ** 2 / free[groups]
    # How far the squares themselves scatter: more so where drops are few.
    peaked = (scatter * (1 - 6 * rate * (1 - rate))).sum(axis)[groups] / expected[groups] ** 2
    size = max(float((2 + peaked).sum()) / (2 * len(squares)), _LEAST)
    degrees, seen, bound = len(squares) / size, float(squares.sum()) / size, -math.log(CHANCE)
    # Laurent & Massart 2000, lemma 1: how far chance takes such a sum of squares.
    if seen > degrees + 2 * math.sqrt(degrees * bound) + 2 * bound:
        return 1
    return -1 if seen < degrees - 2 * math.sqrt(degrees * bound) else 0
