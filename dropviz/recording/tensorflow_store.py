"""Where masks are kept while TensorFlow trains. All that is particular to TensorFlow is here.

Masks are written inside the training graph into variables that belong to no layer, so
that nothing passes through Python while a batch runs, ``steps_per_execution`` and
hand-written loops work, and the model holds the same variables as before.

One ring of numbers serves all layers; each layer has a log with a row for each call.
Positions in the ring count up for ever; a block never wraps round the ring's end.
Elements are written by scatter: alone among TensorFlow's ways to write a part of a
variable it costs the same, a tenth of a millisecond, in a graph and under XLA. (A slice
assignment copies the whole ring: 4 ms in a graph and 33 ms under XLA for 64 MiB.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dropviz.recording.log_rows import COLUMNS, SIZE, START, Held

Tensor = Any  # a backend tensor, symbolic while TensorFlow traces

# Batches whose random state is noted, for each layer: 20 MiB; 2**18 batches of 20 ms
# are an hour and a half of training.
LOG_ROWS = 2**18


class Log:
    """Rows about the calls of one layer, on the device."""

    def __init__(self) -> None:
        with tf.init_scope():
            self.rows = _variable(tf.zeros([LOG_ROWS, COLUMNS], tf.int64))
            self.calls = tf.Variable(0, dtype=tf.int64, trainable=False)


class Store:
    """A ring of masks on the device, with a log for each layer."""

    def __init__(self, budget: int, dtype: str, every: int) -> None:
        """Makes an empty store.

        Args:
            budget: Bytes for masks.
            dtype: Floating type to keep them in.
            every: Keep the masks of each ``every``-th batch of a layer only.
        """
        self.capacity = max(1, budget // np.dtype(dtype).itemsize)
        self.dtype = dtype
        self.every = every
        # Zeros, not empty memory: the budget is taken at once and never grows.
        self.ring = _variable(tf.zeros([self.capacity], dtype))
        # [next position, end of the furthest write]
        self.ends = tf.Variable(tf.zeros([2], tf.int64), trainable=False)

    def write(
        self,
        log: Log,
        masks: Sequence[Tensor],
        *,
        samples: Tensor,
        steps: Tensor,
        carried: Tensor,
        state: Tensor,
        layout: int,
        rates: Tensor,
    ) -> None:
        """Adds the masks of one call; runs eagerly, in a graph or under XLA.

        Args:
            log: The layer's log.
            masks: The masks in the order of the layout; may be none.
            samples: Samples in the batch.
            steps: Time steps of the batch.
            carried: Whether the initial h was not zero.
            state: Shape (2,): seed and counter after the masks were drawn.
            layout: Number of the layout that describes the masks.
            rates: Shape (2,): dropout and recurrent_dropout, in double precision.
        """
        # log.calls is read once: a second read could see the add below.
        call = log.calls.read_value()
        flat = (
            keras.ops.concatenate([keras.ops.reshape(mask, [-1]) for mask in masks])
            if masks
            else keras.ops.zeros([0])
        )
        # Asked of the variables, not of this object: a graph that outlives the recording
        # must fit into what `release` leaves of them.
        capacity = _length(self.ring)
        flat = tf.cast(flat, self.dtype)[:capacity]
        size = tf.size(flat, tf.int64)
        start = self.ends.read_value()[0]
        left = capacity - start % capacity
        start = tf.where(size > left, start + left, start)
        places = start % capacity + tf.range(size)
        self.ring.scatter_update(tf.IndexedSlices(flat, places))
        wanted = call % self.every == 0
        furthest = tf.maximum(self.ends.read_value()[1], start + size)
        # A batch that `every` leaves out is written too, and then written over: a
        # condition here would make XLA copy the ring.
        self.ends.assign(tf.stack([tf.where(wanted, start + size, start), furthest]))
        row = [
            start,
            tf.where(wanted, size, 0),
            tf.cast(samples, tf.int64),
            tf.cast(steps, tf.int64),
            tf.cast(carried, tf.int64),
            *tf.unstack(tf.cast(state, tf.int64), 2),
            tf.constant(layout, tf.int64),
            *tf.unstack(tf.bitcast(tf.cast(rates, tf.float64), tf.int64), 2),
        ]
        log.rows.scatter_update(
            tf.IndexedSlices(tf.stack(row)[tf.newaxis], (call % _length(log.rows))[tf.newaxis])
        )
        log.calls.assign(call + 1)

    def read(self, log: Log) -> Held:
        """Reads back what is held for one layer by now."""
        return Frozen(self, [log]).read(0)

    def restart(self, logs: Sequence[Log]) -> None:
        """Forgets all that was written; graphs go on writing, from the beginning."""
        self.ends.assign(tf.zeros([2], tf.int64))
        for log in logs:
            log.calls.assign(0)

    @contextmanager
    def resting(self, logs: Sequence[Log]) -> Iterator[None]:
        """Forgets, after the block, what graphs wrote inside it."""
        variables = [self.ring, self.ends, *(v for log in logs for v in (log.rows, log.calls))]
        before = [variable.read_value() for variable in variables]
        try:
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def release(self, logs: Sequence[Log]) -> None:
        """Gives the memory back; later writes go nowhere and do no harm.

        TensorFlow keeps the graphs of a model's earlier train functions, and they keep
        these variables: without this each recording would leave its budget behind.
        """
        self.ring.assign(tf.zeros([1], self.dtype))
        for log in logs:
            log.rows.assign(tf.zeros([1, COLUMNS], tf.int64))


def _variable(value: Tensor) -> Any:
    """A variable whose first axis may shrink later."""
    shape = tf.TensorShape([None, *value.shape[1:]])
    return tf.Variable(value, trainable=False, shape=shape)


def _length(variable: Any) -> Tensor:
    """Length of the first axis, without reading the values."""
    return tf.raw_ops.VariableShape(input=variable.handle, out_type=tf.int64)[0]


class Frozen:
    """The held part of a store, cut off from the graphs that write to it."""

    def __init__(self, store: Store, logs: Sequence[Log]) -> None:
        self._capacity = store.capacity
        calls = [log.calls.numpy() for log in logs]
        self._calls = [int(each) for each in calls]
        self._rows = [
            tf.identity(log.rows[: min(n, LOG_ROWS)])
            for log, n in zip(logs, self._calls, strict=True)
        ]
        used = min(int(store.ends.numpy()[1]), store.capacity)
        self._ring = tf.identity(store.ring[:used])
        # Read last: blocks that were written over meanwhile must count as gone.
        self._furthest = int(store.ends.numpy()[1])

    def read(self, number: int) -> Held:
        """Reads back what is held for the ``number``-th log."""
        calls = self._calls[number]
        log = np.roll(self._rows[number].numpy(), -calls, axis=0)
        if calls <= LOG_ROWS:
            log = self._rows[number].numpy()
        ring = self._ring.numpy()
        safe = self._furthest - self._capacity
        kept = np.flatnonzero((log[:, SIZE] > 0) & (log[:, START] >= safe))
        places = log[kept, START] % self._capacity
        blocks = [ring[at : at + size] for at, size in zip(places, log[kept, SIZE], strict=True)]
        return Held(calls, log, tuple(blocks), tuple(int(row) for row in kept))
