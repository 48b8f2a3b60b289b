"""Where masks are kept while TensorFlow trains. All that is particular to TensorFlow is here.

Masks are written inside the training graph into variables that belong to no layer, so
that nothing passes through Python while a batch runs, ``steps_per_execution`` and
hand-written loops work, and the model holds the same variables as before.

All variables are made when the store is made, outside of every trace: what a layer, or a
layer more, needs is a number. One ring of numbers serves all layers, and one log with a row for
each call. Positions in both count up for ever; a block never wraps round the ring's end.
Elements are written by scatter: alone among TensorFlow's ways to write a part of a
variable it costs the same, a tenth of a millisecond, in a graph and under XLA. (A slice
assignment copies the whole ring: 4 ms in a graph and 33 ms under XLA for 64 MiB.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dropviz.keras_inside.replica_threads import made_outside
from dropviz.recording.log_rows import (
    COLUMNS,
    COUNTS,
    LAYER,
    LAYERS,
    OPTIMIZERS,
    Copied,
    Held,
    LoggedCall,
    read_back,
)
from dropviz.recording.numbered_store import NumberedStore

Tensor = Any  # a backend tensor, symbolic while TensorFlow traces


class Store(NumberedStore):
    """A ring of masks on the device, and a log of calls."""

    def __init__(self, masks: int, rows: int, dtype: str, every: int) -> None:
        """Makes an empty store, as ``NumberedStore`` does."""
        super().__init__(masks, rows, dtype, every)

        def make() -> None:
            # Zeros, not empty memory: the budget is taken at once and never grows.
            self.ring = _variable(tf.zeros([self.capacity], dtype))
            self.log = _variable(tf.zeros([rows, COLUMNS], tf.int64))
            self.counts = _variable(tf.zeros([LAYERS, COUNTS], tf.int64))
            self.steps = _variable(tf.zeros([OPTIMIZERS], tf.int64))
            # [next position, end of the furthest write, next row of the log]
            self.ends = tf.Variable(tf.zeros([3], tf.int64), trainable=False)

        made_outside(make)

    @property
    def variables(self) -> list[Any]:
        """All that is kept."""
        return [self.ring, self.log, self.counts, self.steps, self.ends]

    def takes(self, model: Any, layers: Sequence[Any]) -> None:
        """Does nothing: variables are written wherever a graph runs."""

    def count_step(self, optimizer: int, gradients: Sequence[Tensor]) -> bool:
        """Counts a step of an optimizer, once its gradients are there."""
        # Of a gradient in slices, as that of an embedding, the values.
        there = [getattr(each, "values", each) for each in gradients if each is not None]
        with tf.device(self.steps.device), tf.control_dependencies(there):
            place = tf.constant([optimizer], tf.int64) % _length(self.steps)
            self.steps.scatter_add(tf.IndexedSlices(tf.ones([1], tf.int64), place))
        return True

    def write(self, layer: int, masks: Sequence[Tensor], call: LoggedCall) -> None:
        """Adds the masks of one call; runs eagerly, in a graph or under XLA."""
        with tf.device(self.ring.device):
            # All that is counted waits for the samples: where a data set has come to its end,
            # a graph runs without them as far as it can.
            samples = tf.cast(call.samples, tf.int64)
            there = tf.cast(samples > 0, tf.int64)
            counts, number, within = self._counted(layer, there, trains=call.trains)
            wanted = (number % self.every == 0) & (there > 0)
            start, size = self._keep(masks, wanted)
            row = [
                start,
                tf.where(wanted, size, 0),
                samples,
                tf.cast(call.steps, tf.int64),
                tf.cast(call.carried, tf.int64),
                *tf.unstack(tf.cast(call.state, tf.int64), 2),
                tf.constant(call.layout, tf.int64),
                *tf.unstack(tf.bitcast(_doubles(call.rates), tf.int64), 2),
                tf.constant(layer, tf.int64),
                number,
                within,
                tf.constant(call.trains, tf.int64),
            ]
            place = self.ends.read_value()[2]
            self.log.scatter_update(
                tf.IndexedSlices(tf.stack(row)[tf.newaxis], (place % _length(self.log))[None])
            )
            self.ends.assign_add(tf.stack([tf.zeros_like(there), tf.zeros_like(there), there]))
            self.counts.scatter_update(
                tf.IndexedSlices(counts[tf.newaxis], [layer] % _length(self.counts))
            )

    def _counted(self, layer: int, there: Tensor, *, trains: bool) -> tuple[Tensor, Tensor, Tensor]:
        """The counts of a layer after one more call, its batch, and its number within it."""
        now = self.counts.read_value()[layer % _length(self.counts)]
        calls, batches, last, within, looks = tf.unstack(now, COUNTS)
        if not trains:
            return tf.stack([calls, batches, last, within, looks + there]), looks, looks * 0
        step = tf.reduce_sum(self.steps.read_value()) + 1
        is_new = tf.cast(step != last, tf.int64) * there
        call = tf.where(step != last, tf.zeros_like(within), within)
        batches += is_new
        counts = [calls + there, batches, tf.where(there > 0, step, last), call + there, looks]
        return tf.stack(counts), batches - 1, call

    def _keep(self, masks: Sequence[Tensor], wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Writes masks into the ring, and tells where they begin and how many they are."""
        flat = (
            keras.ops.concatenate([keras.ops.reshape(mask, [-1]) for mask in masks])
            if masks
            else keras.ops.zeros([0])
        )
        # Asked of the variable, not of this object: a graph that outlives the recording
        # must fit into what `release` leaves of it.
        capacity = _length(self.ring)
        flat = tf.cast(flat, self.dtype)[:capacity]
        size = tf.size(flat, tf.int64)
        start, furthest, _ = tf.unstack(self.ends.read_value(), 3)
        left = capacity - start % capacity
        start = tf.where(size > left, start + left, start)
        self.ring.scatter_update(tf.IndexedSlices(flat, start % capacity + tf.range(size)))
        # A batch that `every` leaves out is written too, and then written over: a
        # condition here would make XLA copy the ring.
        ends = [tf.where(wanted, start + size, start), tf.maximum(furthest, start + size)]
        self.ends.scatter_update(tf.IndexedSlices(tf.stack(ends), [0, 1]))
        return start, size

    def newest(self, layer: int, calls: int) -> Held:
        """Reads back the last calls of a layer alone, however much is held.

        By gathering: alone among TensorFlow's ways to read a part of a variable it does not
        copy the ring (8 MiB of it took 2 ms, ten calls of a small layer take 0.3).

        Args:
            layer: The layer's number.
            calls: How many rows of the log to look at, at the most.
        """
        _, furthest, written = (int(each) for each in self.ends.numpy())
        rows = np.arange(max(0, written - min(calls, self.log_rows)), written) % self.log_rows
        log = self.log.sparse_read(rows).numpy()
        held = read_back(
            log[log[:, LAYER] == layer],
            self.counts.sparse_read([layer]).numpy()[0],
            furthest - self.capacity,
            self._block,
        )
        return replace(held, newest=True).of_training(
            stepped=bool(self.steps.numpy().any()), every=self.every
        )

    def _block(self, start: int, size: int) -> Any:
        at = start % self.capacity
        return self.ring.sparse_read(np.arange(at, at + size)).numpy()

    def restart(self) -> None:
        """Forgets all that was written; graphs go on writing, from the beginning."""
        for variable in (self.ends, self.counts, self.steps):
            variable.assign(tf.zeros_like(variable))

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Forgets, after the block, what graphs wrote inside it."""
        before = [variable.read_value() for variable in self.variables]
        try:
            yield
        finally:
            for variable, value in zip(self.variables, before, strict=True):
                variable.assign(value)

    def frozen(self) -> Frozen:
        """What is held by now."""
        return Frozen(self)

    def release(self) -> None:
        """Gives the memory back; later writes go nowhere and do no harm.

        TensorFlow keeps the graphs of a model's earlier train functions, and they keep
        these variables: without this each recording would leave its budget behind.
        """
        for variable in (self.ring, self.log, self.counts, self.steps):
            variable.assign(tf.zeros([1, *variable.shape[1:]], variable.dtype))


def _variable(value: Tensor) -> Any:
    """A variable whose first axis may shrink later."""
    shape = tf.TensorShape([None, *value.shape[1:]])
    return tf.Variable(value, trainable=False, shape=shape)


def _length(variable: Any) -> Tensor:
    """Length of the first axis, without reading the values."""
    return tf.raw_ops.VariableShape(input=variable.handle, out_type=tf.int64)[0]


def _doubles(rates: Any) -> Tensor:
    # Numbers of Python's would be taken for single precision by a cast alone.
    return tf.cast(tf.convert_to_tensor(rates, dtype_hint=tf.float64), tf.float64)


class Frozen:
    """What a store holds by now, cut off from the graphs that write to it.

    It stays on the device until somebody asks.

    Attributes:
        steps: Steps of each optimizer.
    """

    def __init__(self, store: Store) -> None:
        self._capacity = store.capacity
        self._every = store.every
        _, furthest, written = (int(each) for each in store.ends.numpy())
        self._written = written
        self._log = tf.identity(store.log[: min(written, store.log_rows)])
        self._counts = store.counts.numpy()
        self.steps = [int(each) for each in store.steps.numpy()]
        self._ring = tf.identity(store.ring[: min(furthest, store.capacity)])
        # Read last: blocks that were written over meanwhile must count as gone.
        self._furthest = int(store.ends.numpy()[1])

    @cached_property
    def _copied(self) -> Copied:
        log = self._log.numpy()
        return Copied(
            log=np.roll(log, -self._written, axis=0) if self._written > len(log) else log,
            ring=self._ring.numpy(),
            furthest=self._furthest,
            capacity=self._capacity,
            counts=self._counts,
            steps=self.steps,
            stepped=any(self.steps),
            every=self._every,
        )

    def read(self, layer: int, *, by_hand: bool = False) -> Held:
        """Reads back what is held for a layer, by its number."""
        return self._copied.read(layer, by_hand=by_hand)

    def last_calls(self) -> dict[int, int]:
        """The row of the last call in which each layer trained."""
        return self._copied.last_calls()
