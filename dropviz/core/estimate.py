"""A mean over seeds, and how sure one may be of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dropviz.core.sentences import figure

MOST_SEEDS = 10_000  # of one study

# What may be said of the interval of a mean; that of a paired difference is Student's.
BOOTSTRAP = "by bootstrap over the seeds, and too short with few of them"


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with an interval.

    Of paired differences it is Student's, of 95 %. Of scores it is what 95 % of the bootstrap's
    means lie within, which with few seeds is shorter than an interval of 95 %: of 3 seeds it
    reaches from the lowest to the highest, and holds the true mean three times out of four.

    Attributes:
        mean: The mean; NaN where no seed has a score.
        low: Lower end; NaN with fewer than 2 scores, or where paired differences are all the same.
        high: Upper end.
        deviation: Standard deviation over the seeds; NaN with fewer than 2 scores, 0 where paired
            differences are all the same up to rounding.
        count: Seeds with a score.
    """

    mean: float
    low: float
    high: float
    deviation: float
    count: int

    @property
    def differs(self) -> bool:
        """Whether 0 lies outside of the interval; not where there is none."""
        return self.low > 0 or self.high < 0

    @property
    def has_interval(self) -> bool:
        """Whether there is one: not of one seed, nor of differences that do not scatter."""
        return not math.isnan(self.low)

    def __str__(self) -> str:
        if self.count == 0:
            return "no score"
        if self.count == 1:
            return f"{figure(self.mean)} (1 seed)"
        if not self.has_interval:
            return f"{figure(self.mean)} (the same with {self.count} seeds)"
        return f"{figure(self.mean)} ({figure(self.low)} to {figure(self.high)})"
