"""Where masks are kept while PyTorch trains. All that is particular to PyTorch is here.

PyTorch computes eagerly, so that Python keeps the log, and only masks are on the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from dropviz.keras_inside.torch_device import is_symbolic, training_device
from dropviz.recording.log_rows import (
    BATCHES,
    CALLS,
    COLUMNS,
    COUNTS,
    LAST,
    LAYERS,
    LOOKS,
    OPTIMIZERS,
    WITHIN,
    Copied,
    Held,
    LoggedCall,
    rate_bits,
)
from dropviz.recording.numbered_store import NumberedStore

Tensor = Any


class Store(NumberedStore):
    """A ring of masks on the device, and a log of calls."""

    def __init__(self, masks: int, rows: int, dtype: str, every: int) -> None:
        """Makes an empty store, as ``NumberedStore`` does."""
        super().__init__(masks, rows, dtype, every)
        # Zeros, not empty memory: the budget is taken at once and never grows.
        self.ring = torch.zeros(
            self.capacity, dtype=getattr(torch, dtype), device=training_device()
        )
        self.log = np.zeros((rows, COLUMNS), np.int64)
        self.counts = np.zeros((LAYERS, COUNTS), np.int64)
        # [next position, end of the furthest write, next row of the log]
        self.ends = np.zeros(3, np.int64)
        self.steps = np.zeros(OPTIMIZERS, np.int64)

    def takes(self, model: Any, layers: Sequence[Any]) -> None:
        """Does nothing: all runs eagerly."""

    def count_step(self, optimizer: int, gradients: Sequence[Tensor]) -> bool:
        """Counts a step of an optimizer."""
        del gradients
        self.steps[optimizer] += 1
        return True

    def write(self, layer: int, masks: Sequence[Tensor], call: LoggedCall) -> None:
        """Adds the masks of one call."""
        if is_symbolic() or not call.samples:
            return
        number, within = self._count(layer, trains=call.trains)
        wanted = number % self.every == 0
        start, size = self._keep(masks, wanted=wanted)
        self.log[self.ends[2] % self.log_rows] = [
            *(start, size if wanted else 0, call.samples, call.steps, int(call.carried)),
            *(int(each) for each in call.state.tolist()),
            *(call.layout, *rate_bits(call.rates), layer, number, within, call.trains),
        ]
        self.ends[2] += 1

    def _count(self, layer: int, *, trains: bool) -> tuple[int, int]:
        """Counts one more call of a layer; gives its batch, and its number within it."""
        counts = self.counts[layer]
        if not trains:
            counts[LOOKS] += 1
            return int(counts[LOOKS]) - 1, 0
        step = int(self.steps.sum()) + 1
        if step != counts[LAST]:
            counts[[LAST, WITHIN]] = step, 0
            counts[BATCHES] += 1
        counts[[CALLS, WITHIN]] += 1
        return int(counts[BATCHES]) - 1, int(counts[WITHIN]) - 1

    def _keep(self, masks: Sequence[Tensor], *, wanted: bool) -> tuple[int, int]:
        """Writes masks into the ring, and tells where they begin and how many they are."""
        start, furthest, _ = (int(each) for each in self.ends)
        with torch.no_grad():
            flat = torch.cat([self.ring[:0], *(mask.detach().reshape(-1) for mask in masks)])
            flat = flat[: self.capacity].to(self.ring.dtype)
            size = len(flat)
            left = self.capacity - start % self.capacity
            start += left if size > left else 0
            if wanted:
                self.ring[start % self.capacity :][:size] = flat
                self.ends[:2] = start + size, max(furthest, start + size)
        return start, size

    def newest(self, layer: int, calls: int) -> Held:
        """Reads back the last calls of a layer alone."""
        return replace(self._copied(calls).read(layer), newest=True)

    def frozen(self) -> Copied:
        """What is held by now."""
        found = self._copied(self.log_rows)
        # On the processor the ring's own memory, which is written over.
        return replace(found, ring=found.ring.copy(), counts=found.counts.copy())

    def _copied(self, calls: int) -> Copied:
        """What is held, the log's last calls alone; the ring may be the device's own."""
        _, furthest, written = (int(each) for each in self.ends)
        rows = np.arange(max(0, written - min(calls, self.log_rows)), written) % self.log_rows
        return Copied(
            log=self.log[rows],
            ring=self.ring[: min(furthest, self.capacity)].cpu().numpy(),
            furthest=furthest,
            capacity=self.capacity,
            counts=self.counts,
            steps=self.steps.tolist(),
            stepped=bool(self.steps.any()),
            every=self.every,
        )

    def restart(self) -> None:
        """Forgets all that was written; layers go on writing, from the beginning."""
        for each in (self.ends, self.counts, self.steps):
            each[:] = 0

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Forgets, after the block, what was written inside it."""
        kept = [self.log, self.counts, self.ends, self.steps]
        ring, before = self.ring.clone(), [each.copy() for each in kept]
        try:
            yield
        finally:
            self.ring.copy_(ring)
            for each, values in zip(kept, before, strict=True):
                each[:] = values

    def release(self) -> None:
        """Gives the memory back; nothing writes any more."""
        self.ring = self.ring[:1].clone()
        self.capacity = 1
