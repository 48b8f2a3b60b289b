"""What the stores of all backends begin with: room, and numbers for layers and optimizers."""

from __future__ import annotations

import numpy as np

from dropviz.recording.log_rows import LAYERS, OPTIMIZERS


class NumberedStore:
    """A store that has nothing in it yet.

    Attributes:
        capacity: Masks that it has room for.
        log_rows: Calls that are logged.
        dtype: Floating type that masks are kept in.
        every: The masks of each so many-th batch of a layer are kept.
    """

    def __init__(self, masks: int, rows: int, dtype: str, every: int) -> None:
        """Makes an empty store.

        Args:
            masks: Bytes for masks.
            rows: Calls that are logged.
            dtype: Floating type to keep masks in.
            every: Keep the masks of each ``every``-th batch of a layer only.
        """
        self.capacity = max(1, masks // np.dtype(dtype).itemsize)
        self.log_rows = rows
        self.dtype = dtype
        self.every = every
        self._layers = 0
        self._optimizers = 0

    @property
    def full(self) -> str:
        """Why there is no room for one more layer; empty where there is."""
        many = f"one recording has room for {LAYERS:,} layers, and these came before it."
        return many if self._layers == LAYERS else ""

    def new_layer(self) -> int:
        """Numbers one more layer, for which there must be room."""
        self._layers += 1
        return self._layers - 1

    def new_optimizer(self) -> int:
        """Numbers one more optimizer; from some hundred on all have one number."""
        self._optimizers = min(self._optimizers + 1, OPTIMIZERS)
        return self._optimizers - 1
