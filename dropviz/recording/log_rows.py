"""What a store hands back: the one form that every backend's store must give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = Any

# Columns of a log's row. SIZE is 0 where `every` left a batch out.
# CARRIED is 1 where the initial h was not zero. The two rates are the bits of doubles.
START, SIZE, SAMPLES, STEPS, CARRIED, SEED, COUNTER, LAYOUT, DROPOUT, RECURRENT = range(10)
# The layer's number; the batch, counted from 0, and the call within it, and whether a gradient
# could be taken of it.
LAYER, BATCH, CALL, TRAINS = range(10, 14)
COLUMNS = 14

# Columns of a layer's counts: training calls, batches, the step of the last one (from 1),
# calls in that one, and calls of which no gradient could be taken.
CALLS, BATCHES, LAST, WITHIN, LOOKS = range(5)
COUNTS = 5

LAYERS = 2**12  # that one recording has room for
OPTIMIZERS = 2**8

# A row for each call: 2**17 calls of 20 ms are three quarters of an hour of training.
_LOG_ROWS = 2**17
_FEWEST_ROWS = 2**6
_ROW_BYTES = 8 * COLUMNS


def shares(budget: int) -> tuple[int, int]:
    """Divides a budget.

    Args:
        budget: Bytes for everything that a recording keeps.

    Returns:
        Bytes for masks, and rows of the log: a quarter at the most, but some in any case.
    """
    rows = min(_LOG_ROWS, max(_FEWEST_ROWS, budget // 4 // _ROW_BYTES))
    return max(budget // 4, budget - rows * _ROW_BYTES), rows


def rate_bits(rates: Any) -> NDArray[np.int64]:
    """The bits of the two rates of a call, as the log holds them.

    Args:
        rates: Two numbers; or what ``VariableRates.exact`` is where a backend has no doubles:
            their bits already, uint32 of shape (2, 2).
    """
    given = np.asarray(rates)
    wide = given if given.dtype == np.uint32 else given.astype(np.float64)
    return np.ascontiguousarray(wide).view(np.int64).reshape(2)


@dataclass(frozen=True, eq=False)
class LoggedCall:
    """What is logged of one call of a layer, beside its masks.

    Attributes:
        trains: Whether a gradient could be taken of the call.
        samples: Samples in the batch; a call without one is no call.
        steps: Time steps of the batch.
        carried: Whether the initial h was not zero.
        state: Shape (2,): seed and counter after the masks were drawn.
        layout: Number of the layout that describes the masks.
        rates: dropout and recurrent_dropout: two numbers, or ``RateVariables.exact``.
    """

    trains: bool
    samples: Tensor
    steps: Tensor
    carried: Tensor
    state: Tensor
    layout: int
    rates: Tensor


@dataclass(frozen=True)
class Held:
    """What a store holds for one layer, read back.

    A batch is one step of training: all calls of the layer between two steps of an optimizer.
    Where none was seen to train the layer, each call is a batch.

    Attributes:
        calls: Training calls that the layer made, logged or not.
        batches: Batches that they belong to.
        looks: Its calls with ``training=True`` of which no gradient could be taken.
        log: Shape (rows, 14), int64: a row for each of the last calls, the newest last.
        blocks: The kept masks, one flat array for each kept call.
        rows: For each block, its row in the log.
        newest: Whether only the last calls were read back, though more are held.
        untaken: Of the looks those beside which something trained: a function that was compiled
            where no gradient was taken may be called where one is, and nobody can tell.
        unfinished: Its calls since the last step of an optimizer, which are no batch.
        by_call: Whether each call in which it trained is a batch.
    """

    calls: int
    batches: int
    looks: int
    log: NDArray[np.int64]
    blocks: tuple[NDArray[np.floating], ...]
    rows: tuple[int, ...]
    untaken: int = 0
    unfinished: int = 0
    newest: bool = False
    by_call: bool = False

    def of_training(self, *, stepped: bool, every: int, by_hand: bool = False) -> Held:
        """What belongs to training; to looks where there was nothing else.

        Args:
            stepped: Whether an optimizer was seen to make a step.
            by_hand: Whether none was seen to train this layer.
            every: Of which batches the masks are kept.
        """
        trains = self.calls > 0
        counted = trains and stepped and not by_hand
        # Where they are all that there is, they are shown.
        over = self.unfinished if counted and self.batches > 1 else 0
        batches = self.batches - bool(over)
        mine = np.flatnonzero(
            (self.log[:, TRAINS] == trains) & (self.log[:, BATCH] < batches if over else True)
        )
        place = {int(row): number for number, row in enumerate(mine)}
        kept = [number for number, row in enumerate(self.rows) if row in place]
        log = self.log[mine].copy()
        calls = self.calls - over if trains else self.looks
        if not counted:
            # The store took all calls for one batch, as long as no step came.
            log[:, BATCH], log[:, CALL] = np.arange(calls - len(log), calls), 0
            kept = [number for number in kept if log[place[self.rows[number]], BATCH] % every == 0]
        return replace(
            self,
            calls=calls,
            batches=batches if counted else calls,
            log=log,
            blocks=tuple(self.blocks[number] for number in kept),
            rows=tuple(place[self.rows[number]] for number in kept),
            untaken=self.looks if trains or stepped else 0,
            unfinished=over,
            by_call=trains and not counted,
        )


def read_back(
    log: NDArray[np.int64],
    counts: NDArray[np.integer],
    oldest: int,
    block: Callable[[int, int], NDArray[np.floating]],
    made: int | None = None,
) -> Held:
    """Puts together what is held for one layer.

    Args:
        log: Its rows of the log.
        counts: Shape (5,): its counts.
        oldest: Where the oldest masks begin that are not written over yet.
        block: Gives so many masks from a place on; both count up for ever.
        made: Steps of all optimizers; None where the counts are of no such steps.
    """
    kept = np.flatnonzero((log[:, SIZE] > 0) & (log[:, START] >= oldest))
    return Held(
        calls=int(counts[CALLS]),
        batches=int(counts[BATCHES]),
        looks=int(counts[LOOKS]),
        log=log,
        blocks=tuple(block(*log[row, [START, SIZE]].tolist()) for row in kept),
        rows=tuple(int(row) for row in kept),
        unfinished=int(counts[WITHIN]) if made is not None and counts[LAST] > made else 0,
    )


@dataclass(frozen=True)
class Copied:
    """What a store of arrays holds by now, copied to the host.

    Attributes:
        log: Shape (rows, 14), int64: the last calls of all layers, the newest last.
        ring: The masks, flat.
        furthest: Where the furthest write ended, counted up for ever.
        capacity: Entries of the whole ring, of which ``ring`` is the part that was used.
        counts: Shape (layers, 5): the counts of each layer.
        steps: Steps of each optimizer.
        stepped: Whether an optimizer was seen to make a step.
        every: Of which batches the masks are kept.
        counts_steps: Whether ``steps`` are those by which the calls are counted.
    """

    log: NDArray[np.int64]
    ring: NDArray[np.floating]
    furthest: int
    capacity: int
    counts: NDArray[np.integer]
    steps: Sequence[int]
    stepped: bool
    every: int
    counts_steps: bool = True

    def read(self, layer: int, *, by_hand: bool = False) -> Held:
        """Reads back what is held for a layer, by its number."""

        def block(start: int, size: int) -> NDArray[np.floating]:
            # A copy each: what is handed on must not hold the ring.
            return self.ring[start % self.capacity :][:size].copy()

        held = read_back(
            self.log[self.log[:, LAYER] == layer],
            self.counts[layer],
            self.furthest - self.capacity,
            block,
            sum(self.steps) if self.counts_steps else None,
        )
        return held.of_training(stepped=self.stepped, by_hand=by_hand, every=self.every)

    def last_calls(self) -> dict[int, int]:
        """The row of the last call in which each layer trained, by the layer's number."""
        rows = np.flatnonzero(self.log[:, TRAINS])
        return {int(self.log[row, LAYER]): int(row) for row in rows}
