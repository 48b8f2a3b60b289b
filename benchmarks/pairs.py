"""Paired timing: machines are shared and noisy, so that only ratios within a pair count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_PAUSE = 0.5  # seconds


@dataclass(frozen=True)
class Ratio:
    """Seconds of two things done in turn, pair by pair.

    Attributes:
        first: Median seconds of the thing measured against.
        second: Median seconds of the thing measured.
        median: Median of the ratios second / first, over the pairs.
        low: Smallest ratio.
        high: Largest ratio.
        pairs: How many pairs.
    """

    first: float
    second: float
    median: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True)
class Seconds:
    """Times of one thing, in seconds.

    Attributes:
        median: Their median.
        low: The shortest.
        high: The longest.
        times: How many.
    """

    median: float
    low: float
    high: float
    times: int


def paired(first: Callable[[], object], second: Callable[[], object], pairs: int) -> Ratio:
    """Times two things in turn; who goes first changes from pair to pair.

    Args:
        first: What to measure against.
        second: What to measure.
        pairs: How many pairs.

    Returns:
        Medians and ratios.
    """
    seconds: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2:
            b = _timed(second)
            a = _timed(first)
        else:
            a = _timed(first)
            b = _timed(second)
        seconds.append((a, b))
    return ratio_of(seconds)


def ratio_of(seconds: Sequence[tuple[float, float]]) -> Ratio:
    """The ratio of two things that were timed in turn.

    Args:
        seconds: Of both, pair by pair.

    Returns:
        Medians and ratios.
    """
    ratios = [b / a for a, b in seconds]
    return Ratio(
        first=statistics.median(a for a, _ in seconds),
        second=statistics.median(b for _, b in seconds),
        median=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
        pairs=len(seconds),
    )


def _timed(do: Callable[[], object]) -> float:
    # What the one before has left to other threads is not this one's.
    time.sleep(_PAUSE)
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
