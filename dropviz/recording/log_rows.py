"""What a store hands back: the one form that every backend's store must give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Columns of a log's row. SIZE is 0 where `every` left a batch out.
# CARRIED is 1 where the initial h was not zero. The two rates are the bits of doubles.
START, SIZE, SAMPLES, STEPS, CARRIED, SEED, COUNTER, LAYOUT, DROPOUT, RECURRENT = range(10)
COLUMNS = 10


@dataclass(frozen=True)
class Held:
    """What a store holds for one layer, read back.

    Attributes:
        calls: Training calls that the layer made, logged or not.
        log: Shape (rows, 10), int64: a row for each of the last calls, the newest last.
        blocks: The kept masks, one flat array for each kept call.
        rows: For each block, its row in the log.
    """

    calls: int
    log: NDArray[np.int64]
    blocks: tuple[NDArray[np.floating], ...]
    rows: tuple[int, ...]
