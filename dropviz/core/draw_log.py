"""What it takes to draw masks again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MaskPlan:
    """The masks of one site that one call draws.

    Attributes:
        site: Where they multiply.
        gates: How many: one for each gate, or 1 for all.
        units: Entries of one mask.
        rate: The drop rate.
        by_step: Whether each time step has masks of its own.
        by_sample: Whether each sample has masks of its own.
        inverted: Whether kept entries are 1/(1-rate), or else 1.
    """

    site: str
    gates: int
    units: int
    rate: float
    by_step: bool = False
    by_sample: bool = True
    inverted: bool = True

    def entries(self, samples: int, steps: int) -> int:
        """How many numbers one call draws."""
        shared = (steps if self.by_step else 1) * (samples if self.by_sample else 1)
        return self.gates * self.units * shared


@dataclass(frozen=True, eq=False)
class DrawLog:
    """What it takes to draw every call's masks again.

    Attributes:
        batches: Shape (calls,), int64: the batch of each call; the first is more than 0 only
            in recordings too long for the log.
        calls: Shape (calls,), int64: the number of each call within its batch.
        states: Shape (calls, 2), int64: the state (seed, counter) of the cell's
            ``keras.random.SeedGenerator`` just before the call drew its masks.
        samples: Shape (calls,), int64: samples in the batch of each.
        steps: Shape (calls,), int64: time steps of the batch of each.
        plan: The draws of one call in order.
        dtype: Floating type that the masks were drawn in.
    """

    batches: NDArray[np.int64]
    calls: NDArray[np.int64]
    states: NDArray[np.int64]
    samples: NDArray[np.int64]
    steps: NDArray[np.int64]
    plan: tuple[MaskPlan, ...]
    dtype: str

    def __len__(self) -> int:
        return len(self.samples)
