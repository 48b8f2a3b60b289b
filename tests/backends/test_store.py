"""The store of masks of whichever backend runs, against what plain Python remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.recording.log_rows import (
    BATCH,
    CALL,
    CARRIED,
    COUNTER,
    DROPOUT,
    LAYER,
    LAYOUT,
    RECURRENT,
    SAMPLES,
    SEED,
    SIZE,
    STEPS,
    TRAINS,
    Held,
    LoggedCall,
)
from dropviz.recording.store import STORES

ITEM = 4  # bytes of a float32
RATES = (0.1, 1 / 3)


@dataclass
class Written:
    """One call, as plain Python remembers it."""

    number: tuple[int, int]
    block: NDArray[np.float32]
    samples: int
    trains: bool


@dataclass
class Remembered:
    """What one layer wrote, and how far its batch has come."""

    calls: list[Written] = field(default_factory=list)
    batches: int = 0
    within: int = 0
    begins: bool = True

    def write(
        self, store: Any, layer: int, block: NDArray[np.float32], *, trains: bool = True
    ) -> None:
        """Writes a call to the store, and remembers it."""
        if trains:
            self.batches += self.begins
            self.within = 0 if self.begins else self.within + 1
            self.begins = False
            number = self.batches - 1, self.within
        else:
            number = sum(not each.trains for each in self.calls), 0
        samples = 1 + len(self.calls) % 5
        write(store, layer, block, trains=trains, samples=samples)
        self.calls.append(Written(number, block[: store.capacity], samples, trains))


def opened(*args: Any) -> Any:
    """A store of the backend that Keras runs on."""
    return import_module(STORES[keras.config.backend()]).Store(*args)


def made(capacity: int = 100, rows: int = 99, every: int = 1) -> Any:
    store = opened(capacity * ITEM, rows, "float32", every)
    for _ in range(2):
        store.new_layer()
        store.new_optimizer()
    return store


def write(
    store: Any, layer: int, block: NDArray[np.float32], *, trains: bool = True, samples: int = 5
) -> None:
    call = LoggedCall(
        trains=trains,
        samples=samples,
        steps=3,
        carried=True,
        state=keras.ops.convert_to_tensor(np.array([7, 8], "int32")),
        layout=2,
        rates=RATES,
    )
    # Two masks, of other shapes.
    halves = np.split(block, [len(block) // 2])
    masks = [keras.ops.convert_to_tensor(half.reshape(1, -1)) for half in halves]
    store.write(layer, masks, call)


def blocks(rng: np.random.Generator, many: int, size: int) -> list[NDArray[np.float32]]:
    return [rng.normal(size=size).astype("float32") for _ in range(many)]


def check(held: Held, remembered: Remembered, every: int = 1) -> None:
    """Compares what is held of a layer with what it wrote, to the bit."""
    calls = [each for each in remembered.calls if each.trains]
    assert (held.calls, held.batches) == (len(calls), remembered.batches)
    last = calls[len(calls) - len(held.log) :]
    assert [tuple(row) for row in held.log[:, [BATCH, CALL]].tolist()] == [c.number for c in last]
    assert held.log[:, SAMPLES].tolist() == [each.samples for each in last]
    wanted = [each.number[0] % every == 0 for each in last]
    sizes = [
        len(each.block) if is_wanted else 0 for each, is_wanted in zip(last, wanted, strict=True)
    ]
    assert held.log[:, SIZE].tolist() == sizes
    # None is held of which a newer one is not.
    kept = [row for row, is_wanted in enumerate(wanted) if is_wanted]
    assert list(held.rows) == kept[len(kept) - len(held.rows) :]
    for row, block in zip(held.rows, held.blocks, strict=True):
        np.testing.assert_array_equal(block, last[row].block)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("capacity", [16, 61])
def test_what_is_held_was_written_and_the_newest_of_it(capacity: int, every: int) -> None:
    rng = np.random.default_rng(capacity)
    store = made(capacity, rows=20, every=every)
    layers = Remembered(), Remembered()
    for step in range(14):
        for layer, remembered in enumerate(layers):
            for block in blocks(rng, int(rng.integers(1, 3)), int(rng.integers(1, capacity // 3))):
                remembered.write(store, layer, block)
        store.count_step(step % 2, [])
        for remembered in layers:
            remembered.begins = True
        for layer, remembered in enumerate(layers):
            held = store.frozen().read(layer)
            check(held, remembered, every)
    logged = [len(store.frozen().read(layer).log) for layer in (0, 1)]
    assert sum(logged) == 20
    assert list(store.frozen().steps[:2]) == [7, 7]


def test_as_many_calls_are_held_as_there_is_room_for() -> None:
    store, remembered = made(20), Remembered()
    for number, block in enumerate(blocks(np.random.default_rng(0), 9, 6), 1):
        remembered.write(store, 0, block)
        store.count_step(0, [])
        remembered.begins = True
        held = store.frozen().read(0)
        check(held, remembered)
        assert len(held.rows) == min(number, 3)  # three sixes in twenty


def test_a_row_tells_of_the_call() -> None:
    store = made()
    write(store, 1, np.ones(4, "float32"), samples=6)
    store.count_step(0, [])
    (row,) = store.frozen().read(1).log
    told = {SAMPLES: 6, STEPS: 3, CARRIED: 1, SEED: 7, COUNTER: 8, LAYOUT: 2}
    told |= {LAYER: 1, BATCH: 0, CALL: 0, TRAINS: 1, SIZE: 4}
    assert {column: int(row[column]) for column in told} == told
    assert tuple(row[[DROPOUT, RECURRENT]].view(np.float64)) == RATES


@pytest.mark.parametrize("size", [21, 40])
def test_a_block_larger_than_the_ring_is_cut_and_harms_nothing_later(size: int) -> None:
    store, remembered = made(20), Remembered()
    rng = np.random.default_rng(1)
    for each in (5, size, 7, size, 3, 3):
        remembered.write(store, 0, *blocks(rng, 1, each))
        store.count_step(0, [])
        remembered.begins = True
        held = store.frozen().read(0)
        check(held, remembered)
        assert held.rows[-1] == len(held.log) - 1


def test_a_call_without_masks_is_logged_and_one_without_samples_is_none() -> None:
    store = made()
    write(store, 0, np.zeros(0, "float32"))
    write(store, 0, np.ones(3, "float32"), samples=0)
    store.count_step(0, [])
    held = store.frozen().read(0)
    assert (held.calls, held.batches, len(held.log), held.rows) == (1, 1, 1, ())


def test_looks_are_counted_apart_and_held_where_there_is_nothing_else() -> None:
    store, remembered = made(), Remembered()
    rng = np.random.default_rng(2)
    for block in blocks(rng, 3, 4):
        remembered.write(store, 0, block, trains=False)
    held = store.frozen().read(0)
    assert (held.calls, held.looks, len(held.rows)) == (3, 3, 3)
    assert held.log[:, [BATCH, CALL]].tolist() == [[0, 0], [1, 0], [2, 0]]
    assert held.log[:, TRAINS].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(np.stack(held.blocks), [c.block for c in remembered.calls])

    remembered.write(store, 0, *blocks(rng, 1, 4))
    store.count_step(0, [])
    held = store.frozen().read(0)
    check(held, remembered)
    assert (held.looks, held.untaken, held.log[:, TRAINS].tolist()) == (3, 3, [1])


def test_where_no_step_was_seen_each_call_is_a_batch() -> None:
    store = made()
    for block in blocks(np.random.default_rng(3), 3, 4):
        write(store, 0, block)
    held = store.frozen().read(0)
    assert (held.calls, held.batches) == (3, 3)
    assert held.log[:, [BATCH, CALL]].tolist() == [[0, 0], [1, 0], [2, 0]]


@pytest.mark.parametrize("calls", [1, 3, 50])
def test_the_newest_calls_are_the_last_of_all_that_is_held(calls: int) -> None:
    store, remembered = made(40), Remembered()
    for block in blocks(np.random.default_rng(4), 8, 6):
        remembered.write(store, 0, block)
        store.count_step(0, [])
        remembered.begins = True
    newest, whole = store.newest(0, calls), store.frozen().read(0)
    assert newest.newest
    assert not whole.newest
    np.testing.assert_array_equal(newest.log, whole.log[-calls:])
    many = min(calls, len(whole.blocks))
    assert len(newest.blocks) == many
    for one, other in zip(newest.blocks, whole.blocks[-many:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_frozen_does_not_change_any_more() -> None:
    store = made(12)
    for block in blocks(np.random.default_rng(5), 2, 6):
        write(store, 0, block)
        store.count_step(0, [])
    frozen = store.frozen()
    before = frozen.read(0)
    for block in blocks(np.random.default_rng(6), 2, 6):
        write(store, 0, block)
        store.count_step(0, [])
    after = frozen.read(0)
    assert (before.calls, after.calls) == (2, 2)
    for one, other in zip(before.blocks, after.blocks, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_written_while_a_store_rests_is_forgotten() -> None:
    store, remembered = made(20), Remembered()
    rng = np.random.default_rng(7)
    for block in blocks(rng, 4, 6):
        remembered.write(store, 0, block)
        store.count_step(0, [])
        remembered.begins = True
    with store.resting():
        for block in blocks(rng, 3, 6):
            write(store, 0, block)
            store.count_step(0, [])
    check(store.frozen().read(0), remembered)
    remembered.write(store, 0, *blocks(rng, 1, 6))
    store.count_step(0, [])
    held = store.frozen().read(0)
    check(held, remembered)
    assert len(held.rows) == 3


def test_after_a_restart_all_begins_again() -> None:
    store = made(20)
    rng = np.random.default_rng(8)
    for block in blocks(rng, 5, 6):
        write(store, 0, block)
        store.count_step(0, [])
    store.restart()
    held = store.frozen().read(0)
    assert (held.calls, held.batches, len(held.log), len(held.blocks)) == (0, 0, 0, 0)
    assert sum(store.frozen().steps) == 0
    remembered = Remembered()
    for block in blocks(rng, 2, 6):
        remembered.write(store, 0, block)
        store.count_step(0, [])
        remembered.begins = True
    check(store.frozen().read(0), remembered)


def test_masks_are_rounded_to_the_stores_type() -> None:
    store = opened(100, 9, "float16", 1)
    store.new_layer()
    write(store, 0, np.array([1 / 3, 2, 3], "float32"))
    (block,) = store.frozen().read(0).blocks
    assert block.dtype == np.float16
    np.testing.assert_array_equal(block, np.array([1 / 3, 2, 3], "float16"))
