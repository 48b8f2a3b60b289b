"""Scores over seeds: their intervals, paired differences, and how many seeds it would take."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from dropviz.core.estimate import MOST_SEEDS, Estimate

_DRAWS, _SHARE = 10_000, 0.95
_POWER = 0.8
_FEWEST = 2
# Keras's scores are float32: of two pairs that differ by the same, each of four is rounded by up to
# half of an epsilon, and a sum on the way by as much again.
_ROUNDING = 4 * float(np.finfo(np.float32).eps)


def bootstrapped(scores: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """The mean of scores with its bootstrap interval (Efron 1979; percentiles).

    It is no interval of 95 % where scores are few: of 3 it reaches from the lowest to the highest,
    which holds the true mean in 75 of 100 studies, as each score is as likely above it as below.

    Args:
        scores: One for each seed; those that are not finite are left out.

    Returns:
        The estimate; the same each time, as the draws begin with one seed.
    """
    array = np.asarray(scores, float)
    kept = array[np.isfinite(array)]
    if len(kept) < _FEWEST:
        return _without_interval(kept)
    rng = np.random.default_rng(0)
    means = kept[rng.integers(0, len(kept), (_DRAWS, len(kept)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return _estimate(kept, float(low), float(high))


def paired(
    scores: Sequence[float] | NDArray[np.float64], others: Sequence[float] | NDArray[np.float64]
) -> Estimate:
    """The mean difference of scores of the same seeds, with Student's interval of 95 %.

    Args:
        scores: One for each seed.
        others: Those that they are compared with, in the same order of seeds.

    Returns:
        The estimate of ``scores - others``, over the seeds that have both. It has no interval
        where all differences are the same, as is common where scores move in steps: a spread of 0
        over a few seeds does not say that there is no noise.
    """
    pairs = np.stack([np.asarray(scores, float), np.asarray(others, float)])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    kept = pairs[0] - pairs[1]
    if len(kept) < _FEWEST or np.ptp(kept) <= _ROUNDING * np.abs(pairs).max():
        return _without_interval(kept)
    mean, error = float(kept.mean()), float(kept.std(ddof=1)) / math.sqrt(len(kept))
    half = float(stats.t.ppf((1 + _SHARE) / 2, len(kept) - 1)) * error
    return _estimate(kept, mean - half, mean + half)


def seeds_needed(deviation: float, difference: float) -> int:
    """How many seeds it takes to see a difference: 5 % two-sided, in 80 % of the studies.

    Args:
        deviation: Standard deviation of the paired differences, above 0.
        difference: What is to be seen, above 0.

    Returns:
        The number with which Student's interval of ``paired`` lies beyond 0 so often, 2 at the
        least; more than ``MOST_SEEDS``, whatever it is, where it takes more than a study may have.
    """
    points = float(stats.norm.ppf((1 + _SHARE) / 2) + stats.norm.ppf(_POWER))
    root = points * deviation / difference
    if root > math.sqrt(MOST_SEEDS):
        return MOST_SEEDS + 1
    # The normal distribution asks for too few, but by two or three only.
    number = max(_FEWEST, math.ceil(root**2))
    while _power(number, difference / deviation) < _POWER:
        number += 1
    return number


def reach_of_one_more(count: int, share: float) -> float:
    """How far from the mean of so many numbers one more lies, if they scatter normally.

    Args:
        count: The numbers, 2 at the least.
        share: How often, between 0 and 1.

    Returns:
        Standard deviations to either side: of 5, for nine tenths, 2.34; of very many 1.64.
    """
    return float(stats.t.ppf((1 + share) / 2, count - 1)) * math.sqrt(1 + 1 / count)


def _power(number: int, size: float) -> float:
    """The share of studies that see a difference of so many standard deviations."""
    freedom = number - 1
    beyond = stats.t.ppf((1 + _SHARE) / 2, freedom)
    return float(stats.nct.sf(beyond, freedom, size * math.sqrt(number)))


def _estimate(kept: NDArray[np.float64], low: float, high: float) -> Estimate:
    return Estimate(float(kept.mean()), low, high, float(kept.std(ddof=1)), len(kept))


def _without_interval(kept: NDArray[np.float64]) -> Estimate:
    mean = float(kept.mean()) if len(kept) else math.nan
    deviation = 0.0 if len(kept) >= _FEWEST else math.nan
    return Estimate(mean, math.nan, math.nan, deviation, len(kept))
