"""One sequence of a batch, opened with the masks that it met there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from dropviz.core.masks import Array


@dataclass(frozen=True, eq=False)
class OpenedBatch:
    """A pass of one sequence, worked out by ``dropviz.core.oracle`` with recorded masks.

    The weights are those after the batch, as the layer has them now.

    Attributes:
        batch: The number of the batch over the whole training, from 0.
        sample: Position in the batch.
        index: Which of the task's training sequences it is.
        data: The sequence as the task has it, shape (steps, features) or (steps,).
        target: What is asked of it.
        answer: What the model's last layer makes of the pass, masks on; flat.
        x: What the LSTM met, shape (steps, features).
        masks: By site what multiplied, shape (steps, gates, units), 1 where shared.
        gates: By name i f g o each shape (steps, units).
        h: The state h after each step, shape (steps, units).
        c: The state c after each step, likewise.
    """

    batch: int
    sample: int
    index: int
    data: NDArray[Any]
    target: NDArray[Any]
    answer: Array
    x: Array
    masks: Mapping[str, Array]
    gates: Mapping[str, Array]
    h: Array
    c: Array
