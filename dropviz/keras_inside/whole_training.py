"""What a training is made of that is compiled as a whole, on any backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Model = Any
Tensor = Any
Batch = tuple[Tensor, ...]


@dataclass(frozen=True)
class WholeTraining:
    """Epochs of training with validation.

    Attributes:
        model: A compiled model whose optimizer and metrics are built.
        training: Inputs and targets of all samples, as ``train_step`` takes them.
        validation: The same for ``test_step``.
        batch_size: Samples in a batch; the last one may be smaller.
        epochs: Passes over the data, from 1.
        before_batch: Traced before each training batch, with its number over the whole training,
            from 0.
    """

    model: Model
    training: Batch
    validation: Batch
    batch_size: int
    epochs: int
    before_batch: Callable[[Tensor], None] | None = None

    @property
    def batches(self) -> int:
        """Training batches in an epoch."""
        return -(-len(self.training[0]) // self.batch_size)
