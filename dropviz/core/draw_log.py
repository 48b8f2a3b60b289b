"""What it takes to draw masks again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class MaskPlan(NamedTuple):
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


@dataclass(frozen=True, eq=False)
class DrawLog:
    """What it takes to draw every batch's masks again.

    Attributes:
        first: Number of the first batch noted here; more than 0 only in recordings
            too long for the log.
        states: Shape (batches, 2), int64: the state (seed, counter) of the cell's
            ``keras.random.SeedGenerator`` just before the batch drew its masks.
        samples: Shape (batches,), int64: samples in each batch.
        steps: Shape (batches,), int64: time steps of each batch.
        plan: The draws of one batch in order.
        dtype: Floating type that the masks were drawn in.
    """

    first: int
    states: NDArray[np.int64]
    samples: NDArray[np.int64]
    steps: NDArray[np.int64]
    plan: tuple[MaskPlan, ...]
    dtype: str

    def __len__(self) -> int:
        return len(self.samples)
