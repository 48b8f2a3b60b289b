"""Where masks are kept while JAX trains. All that is particular to JAX is here.

A compiled step of JAX changes nothing: what it writes must be handed in and out of it. The ring,
the log and what is counted ride through Keras's steps beside the states of the layers' random
streams (``dropviz.keras_inside.jax_state``), so that nothing passes through Python while a batch
runs, and a step that Keras compiles donates them: the ring is written where it lies. (Callbacks
out of the step were right too, at 1.3 to 1.6 times its time.)

JAX has no 64-bit integers unless it is told to. A position that counts up for ever is kept as a
lap and a place in it; rates as the bits of doubles.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.number_forms import MOST
from dropviz.errors import DropvizError
from dropviz.keras_inside.jax_precision import has_doubles
from dropviz.keras_inside.jax_state import alight, branch, bring_home, is_handed_on, ride
from dropviz.recording.log_rows import (
    BATCHES,
    CALLS,
    COLUMNS,
    COUNTS,
    DROPOUT,
    LAYER,
    LAYERS,
    LOOKS,
    OPTIMIZERS,
    RECURRENT,
    SIZE,
    START,
    WITHIN,
    Copied,
    Held,
    LoggedCall,
    rate_bits,
)
from dropviz.recording.numbered_store import NumberedStore

Tensor = Any
Layer = Any
Model = Any

# A row is that of the log, but for the start (lap, place) and the bits of two rates.
_START, _RATES = 2, 4
_WIDE = COLUMNS - 3 + _START + _RATES
_LAP, _PLACE, _FAR_LAP, _FAR_PLACE, _WRITTEN, _ENDS = range(6)
_serial = itertools.count()


class Store(NumberedStore):
    """A ring of masks on the device, and a log of calls."""

    def __init__(self, masks: int, rows: int, dtype: str, every: int) -> None:
        """Makes an empty store, as ``NumberedStore`` does.

        Raises:
            DropvizError: If masks are of double precision and JAX has none, or there would be
                more of them than 32 bits count.
        """
        super().__init__(masks, rows, dtype, every)
        if dtype == "float64" and not has_doubles():
            raise DropvizError(
                "JAX computes in float32 where Keras is asked for float64. Expected "
                'jax.config.update("jax_enable_x64", True) before anything is computed. Received: '
                "jax_enable_x64=False. Set it, or leave float64 out."
            )
        if self.capacity > MOST:
            raise DropvizError(
                f"With JAX a recording holds at most {MOST:,} numbers, as many as 32 bits count. "
                f"Received: a budget for {self.capacity:,}. Give a smaller budget_mib."
            )
        self.ring = _variable((self.capacity,), dtype)
        self.log = _variable((rows, _WIDE), "uint32")
        self.counts = _variable((LAYERS, COUNTS), "uint32")
        # Of a length that no other store has: JAX keeps what it traced of a step by the shapes
        # of what is handed in, and a step that wrote to another store must be traced anew.
        self.ends = _variable((_ENDS + next(_serial),), "uint32")
        self._steps = [0] * OPTIMIZERS
        # Python's own count, of steps that run eagerly and of those that are traced: a call
        # begins a batch where one was seen since the last call of its layer.
        self._seen = 0
        self._last: dict[int, int] = {}
        self._begun: dict[int, bool] = {}
        self._carriers = weakref.WeakSet[Layer]()
        self._models = weakref.WeakSet[Model]()

    @property
    def variables(self) -> list[Any]:
        """All that is kept."""
        return [self.ring, self.log, self.counts, self.ends]

    def takes(self, model: Model, layers: Sequence[Layer]) -> None:
        """Has Keras hand the store through the steps of a model."""
        bring_home(model)
        self._models.add(model)
        for layer in layers:
            self._carriers.add(layer)
            ride(layer, self.variables)

    def count_step(self, optimizer: int, gradients: Sequence[Tensor]) -> bool:
        """Counts a step that runs eagerly; of one that is traced only that there is one."""
        del gradients
        self._seen += 1
        happens = is_handed_on(self.ends)
        self._steps[optimizer] += happens
        return happens

    def write(self, layer: int, masks: Sequence[Tensor], call: LoggedCall) -> None:
        """Adds the masks of one call."""
        if not is_handed_on(self.ends) or not call.samples:
            return
        begins = call.trains and self._begins(layer)
        number, within = self._count(layer, trains=call.trains, begins=begins)
        wanted = number % self.every == 0
        lap, place, size = self._keep(masks, wanted)
        rates = call.rates
        bits = rates if _is_bits(rates) else rate_bits(rates).view(np.uint32)
        row = [
            *(lap, place, jnp.where(wanted, size, 0), call.samples, call.steps, call.carried),
            *(*call.state, call.layout, *jnp.asarray(bits).reshape(-1)),
            *(layer, number, within, call.trains),
        ]
        written = self.ends.value[_WRITTEN]
        self._put(self.log, jnp.stack([_u32(each) for each in row])[None], written % self.log_rows)
        self.ends.assign(self.ends.value.at[_WRITTEN].add(1))

    def _begins(self, layer: int) -> bool:
        """Whether a training call begins a batch of its layer."""
        # Functions of which one is called begin the same one.
        if not branch():
            self._begun[layer] = self._last.get(layer) != self._seen
            self._last[layer] = self._seen
        return self._begun[layer]

    def _count(self, layer: int, *, trains: bool, begins: bool) -> tuple[Tensor, Tensor]:
        """Counts one more call of a layer; gives its batch, and its number within it."""
        counts = self.counts.value[layer]
        if not trains:
            self._put(self.counts, counts.at[LOOKS].add(1)[None], layer)
            return counts[LOOKS], _u32(0)
        call = _u32(0) if begins else counts[WITHIN]
        counts = counts.at[CALLS].add(1).at[BATCHES].add(int(begins)).at[WITHIN].set(call + 1)
        self._put(self.counts, counts[None], layer)
        return counts[BATCHES] - 1, call

    def _keep(self, masks: Sequence[Tensor], wanted: Tensor) -> tuple[Tensor, Tensor, int]:
        """Writes masks into the ring, and tells where they begin and how many they are."""
        flat = jnp.concatenate([jnp.zeros(0, self.dtype), *(mask.reshape(-1) for mask in masks)])
        flat = jax.lax.stop_gradient(flat.astype(self.dtype)[: self.capacity])
        size = flat.shape[0]
        ends = self.ends.value
        fits = ends[_PLACE] + size <= self.capacity
        lap = jnp.where(fits, ends[_LAP], ends[_LAP] + 1)
        place = jnp.where(fits, ends[_PLACE], _u32(0))
        if size:
            self._put(self.ring, flat, place)
        # A batch that `every` leaves out is written too, and then written over.
        end = place + size
        further = (lap > ends[_FAR_LAP]) | ((lap == ends[_FAR_LAP]) & (end > ends[_FAR_PLACE]))
        now = {
            _LAP: lap,
            _PLACE: jnp.where(wanted, end, place),
            _FAR_LAP: jnp.where(further, lap, ends[_FAR_LAP]),
            _FAR_PLACE: jnp.where(further, end, ends[_FAR_PLACE]),
        }
        for at, value in now.items():
            ends = ends.at[at].set(_u32(value))
        self.ends.assign(ends)
        return lap, place, size

    def _put(self, variable: Any, values: Tensor, at: Tensor) -> None:
        """Writes values from a place on; where Keras donates the variable, in place."""
        start = (jnp.asarray(at, jnp.int32), *[0] * (values.ndim - 1))
        variable.assign(jax.lax.dynamic_update_slice(variable.value, values, start))

    def newest(self, layer: int, calls: int) -> Held:
        """Reads back the last calls of a layer alone."""
        return replace(self._copied(calls).read(layer), newest=True)

    def frozen(self) -> Copied:
        """What is held by now."""
        found = self._copied(self.log_rows)
        # What lies on the host is written over by the next step.
        return replace(found, ring=found.ring.copy(), counts=found.counts.copy())

    def _copied(self, calls: int) -> Copied:
        """What is held, the log's last calls alone; the ring may be the device's own."""
        for model in self._models:
            bring_home(model)
        ends = np.asarray(self.ends.value).astype(np.int64)
        written, furthest = ends[_WRITTEN], ends[_FAR_LAP] * self.capacity + ends[_FAR_PLACE]
        rows = np.arange(max(0, written - min(calls, self.log_rows)), written) % self.log_rows
        log = self._log_of(np.asarray(self.log.value)[rows])
        return Copied(
            log=log,
            ring=np.asarray(self.ring.value)[: min(furthest, self.capacity)],
            furthest=int(furthest),
            capacity=self.capacity,
            counts=np.asarray(self.counts.value),
            steps=tuple(self._steps),
            stepped=self._seen > 0,
            every=self.every,
            counts_steps=False,  # what is compiled does not count them
        )

    def _log_of(self, wide: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Rows as ``log_rows`` names their columns."""
        log = np.zeros((len(wide), COLUMNS), np.int64)
        log[:, START] = wide[:, 0].astype(np.int64) * self.capacity + wide[:, 1]
        after = _START + DROPOUT - SIZE
        log[:, SIZE:DROPOUT] = wide[:, _START:after]
        bits = np.ascontiguousarray(wide[:, after : after + _RATES])
        log[:, DROPOUT : RECURRENT + 1] = bits.view(np.int64)
        log[:, LAYER:] = wide[:, after + _RATES :]
        return log

    def restart(self) -> None:
        """Forgets all that was written; steps go on writing, from the beginning."""
        for model in self._models:
            bring_home(model)
        for variable in (self.ends, self.counts):
            variable.assign(jnp.zeros_like(variable.value))
        # What was seen while steps were traced stays true of them.
        self._steps = [0] * OPTIMIZERS

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Forgets, after the block, what was written inside it."""
        for model in self._models:
            bring_home(model)
        before = [jnp.copy(variable.value) for variable in self.variables]
        counted = list(self._steps), self._seen, dict(self._last)
        try:
            yield
        finally:
            for model in self._models:
                bring_home(model)
            for variable, value in zip(self.variables, before, strict=True):
                variable.assign(value)
            self._steps, self._seen, self._last = counted

    def release(self) -> None:
        """Takes the store out of the layers' steps; the memory goes with it."""
        for layer in self._carriers:
            alight(layer, self.variables)
        self._carriers.clear()


def _variable(shape: tuple[int, ...], dtype: str) -> Any:
    return keras.Variable(
        jnp.zeros,
        shape=shape,
        dtype=dtype,
        trainable=False,
        autocast=False,
    )


def _u32(value: Any) -> Tensor:
    return jnp.asarray(value).astype(jnp.uint32).reshape(())


def _is_bits(rates: Any) -> bool:
    return bool(getattr(rates, "dtype", None) == jnp.uint32)
