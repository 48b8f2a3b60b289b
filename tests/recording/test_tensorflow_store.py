from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.recording import tensorflow_store
from dropviz.recording.log_rows import (
    COLUMNS,
    COUNTER,
    DROPOUT,
    LAYOUT,
    RECURRENT,
    SAMPLES,
    SEED,
    SIZE,
    START,
    STEPS,
    Held,
)
from dropviz.recording.tensorflow_store import Frozen, Log, Store

ITEM = 4  # bytes of a float32


@dataclass(frozen=True)
class Written:
    """One call, as plain Python remembers it."""

    number: int
    block: NDArray[np.float32]

    @property
    def samples(self) -> int:
        return len(self.block)


def write(
    store: Store, log: Log, masks: list[Any], *, layout: int = 0, rates: Any = (0.0, 0.0)
) -> None:
    store.write(
        log,
        masks,
        samples=tf.shape(masks[0])[0] if masks else 5,
        steps=3,
        carried=False,
        state=tf.constant([7, 8], tf.int64),
        layout=layout,
        rates=rates,
    )


def step(store: Store, log: Log, mode: str) -> Callable[[Any], None]:
    """Makes a function that writes one mask, compiled or not."""

    def once(mask: Any) -> None:
        write(store, log, [mask])

    if mode == "eager":
        return once
    made: Callable[[Any], None] = tf.function(once, jit_compile=mode == "jit", autograph=False)
    return made


def assert_true(held: Held, written: list[Written]) -> None:
    """Compares all that is held with what was written, to the bit."""
    assert held.calls == len(written)
    first = held.calls - len(held.log)
    for row, block in zip(held.rows, held.blocks, strict=True):
        np.testing.assert_array_equal(block, written[first + row].block)


# ---------------------------------------------------------------- against plain Python


@pytest.mark.few
@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("capacity", [1, 7, 16, 61])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_was_written_and_nothing_newer_is_missing(
    seed: int, capacity: int, every: int
) -> None:
    random = np.random.default_rng(seed)
    store = Store(capacity * ITEM, "float32", every)
    logs: list[tuple[Log, list[Written]]] = [(Log(), []), (Log(), [])]
    order: list[tuple[int, int]] = []
    largest = 1
    for _ in range(40):
        which = int(random.integers(2))
        log, written = logs[which]
        size = int(random.integers(1, capacity + 1))
        largest = max(largest, size)
        block = random.normal(size=size).astype("float32")
        written.append(Written(len(written), block))
        order.append((which, size))
        write(store, log, [block])

    kept: list[tuple[int, int]] = []
    for which, (log, written) in enumerate(logs):
        held = store.read(log)
        assert_true(held, written)
        assert all(row % every == 0 for row in held.rows)
        # The last that was wanted and all after it, without a gap.
        wanted = [call.number for call in written if call.number % every == 0]
        assert list(held.rows) == wanted[len(wanted) - len(held.rows) :]
        kept += [(which, len(block)) for block in held.blocks]

    assert sum(size for _, size in kept) <= capacity
    if every == 1:
        # A block is lost only where the ring has come round: at its end, less than a
        # block is left unused.
        assert kept
        last = [size for _, size in order[-len(kept) - 1 :]]
        assert sum(last) > capacity - largest


@pytest.mark.parametrize("mode", ["graph", "jit"])
def test_compiled_steps_write_the_same(mode: str) -> None:
    random = np.random.default_rng(0)
    sizes = [3, 5, 3, 5, 5, 3, 3, 5]
    written = [
        Written(number, random.normal(size=size).astype("float32"))
        for number, size in enumerate(sizes)
    ]
    held = []
    for how in ("eager", mode):
        store, log = Store(14 * ITEM, "float32", 1), Log()
        once = step(store, log, how)
        for call in written:
            once(tf.constant(call.block))
        held.append(store.read(log))
        assert_true(held[-1], written)

    np.testing.assert_array_equal(held[1].log, held[0].log)
    assert held[1].rows == held[0].rows == (5, 6, 7)


def test_many_steps_in_one_compiled_loop_are_all_written() -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()

    @tf.function  # type: ignore[untyped-decorator]
    def loop() -> None:
        for number in tf.range(5):
            write(store, log, [tf.fill([2], tf.cast(number, tf.float32))])

    loop()

    held = store.read(log)
    assert held.calls == 5
    assert [block.tolist() for block in held.blocks] == [2 * [float(n)] for n in range(5)]


# ---------------------------------------------------------------- one call


def test_masks_of_a_call_lie_one_after_the_other() -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()
    first, second = np.arange(6.0).reshape(2, 3), 10 + np.arange(4.0).reshape(2, 2)

    write(store, log, [tf.constant(first, tf.float32), tf.constant(second, tf.float32)])

    assert store.read(log).blocks[0].tolist() == [*range(6), *range(10, 14)]


def test_a_row_tells_of_the_call() -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()
    write(store, log, [tf.ones([4, 2])])

    write(store, log, [tf.ones([3, 2])], layout=9)

    row = store.read(log).log[1]
    assert row[[START, SIZE, SAMPLES, STEPS, SEED, COUNTER, LAYOUT]].tolist() == [
        8,
        6,
        3,
        3,
        7,
        8,
        9,
    ]


@pytest.mark.parametrize("rates", [(0.0, 0.5), (1 / 3, 0.1 + 0.2), (5e-324, 1 - 2**-53)])
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_a_row_tells_the_two_rates_to_the_last_bit(mode: str, rates: tuple[float, float]) -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()
    # A variable, so that no compiler works with it before the call.
    moving = tf.Variable(rates, dtype=tf.float64)

    def once() -> None:
        write(store, log, [tf.ones([4, 2])], rates=moving)

    how = once if mode == "eager" else tf.function(once, jit_compile=mode == "jit", autograph=False)
    how()

    row = store.read(log).log[0]
    assert row.shape == (COLUMNS,)
    assert tuple(row[[DROPOUT, RECURRENT]].view(np.float64).tolist()) == rates


def test_a_call_without_masks_is_logged() -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()

    write(store, log, [])

    held = store.read(log)
    assert (held.calls, held.log[0, SAMPLES], held.blocks) == (1, 5, ())


@pytest.mark.parametrize("size", [9, 30])
def test_a_block_larger_than_the_ring_is_cut_and_harms_nothing_later(size: int) -> None:
    store, log = Store(8 * ITEM, "float32", 1), Log()
    write(store, log, [tf.ones([size])])
    assert [len(block) for block in store.read(log).blocks] == [8]

    write(store, log, [tf.fill([3], 2.0)])

    held = store.read(log)
    assert held.rows == (1,)
    assert held.blocks[0].tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("dtype", "given"), [("float32", "float16"), ("float32", "bfloat16"), ("float64", "float64")]
)
def test_masks_are_kept_in_the_stores_type(dtype: str, given: str) -> None:
    store, log = Store(100 * 8, dtype, 1), Log()
    mask = tf.constant([0, 1 / 0.7], given)

    write(store, log, [mask])

    (block,) = store.read(log).blocks
    assert block.dtype == dtype
    np.testing.assert_array_equal(block, tf.cast(mask, dtype))


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_a_budget_of_less_than_one_entry_holds_one(budget: int) -> None:
    assert Store(budget, "float32", 1).capacity == 1


@pytest.mark.parametrize(("dtype", "entries"), [("float32", 6), ("float64", 3)])
def test_the_budget_is_in_bytes(dtype: str, entries: int) -> None:
    store = Store(24, dtype, 1)

    assert (store.capacity, store.ring.numpy().shape) == (entries, (entries,))


# ---------------------------------------------------------------- the log


@pytest.mark.parametrize("calls", [3, 4, 5, 11])
def test_a_log_that_is_full_keeps_the_last_rows_in_order(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorflow_store, "LOG_ROWS", 4)
    store, log = Store(1000 * ITEM, "float32", 1), Log()
    written = [Written(number, np.full(2, number, "float32")) for number in range(calls)]
    for call in written:
        write(store, log, [tf.constant(call.block)], layout=call.number)

    held = store.read(log)

    assert held.log[:, LAYOUT].tolist() == list(range(calls))[-4:]
    assert len(held.rows) == min(calls, 4)
    assert_true(held, written)


# ---------------------------------------------------------------- looking


def test_an_unused_log_holds_nothing() -> None:
    held = Store(100, "float32", 1).read(Log())

    assert (held.calls, held.log.shape, held.blocks, held.rows) == (0, (0, 10), (), ())


def test_logs_of_one_store_are_read_apart() -> None:
    store, one, two = Store(100 * ITEM, "float32", 1), Log(), Log()
    write(store, one, [tf.fill([2], 1.0)])
    write(store, two, [tf.fill([3], 2.0)])

    frozen = Frozen(store, [one, two])

    assert [frozen.read(number).blocks[0].tolist() for number in (0, 1)] == [[1, 1], [2, 2, 2]]


def test_what_is_frozen_does_not_change_any_more() -> None:
    store, log = Store(4 * ITEM, "float32", 1), Log()
    write(store, log, [tf.fill([4], 1.0)])
    frozen = Frozen(store, [log])
    for _ in range(3):
        write(store, log, [tf.fill([4], 2.0)])

    held = frozen.read(0)

    assert held.calls == 1
    assert [block.tolist() for block in held.blocks] == [[1, 1, 1, 1]]


def test_what_is_frozen_is_no_larger_than_what_was_written() -> None:
    store, log = Store(2**20, "float32", 1), Log()
    write(store, log, [tf.ones([5])])

    assert Frozen(store, [log])._ring.numpy().shape == (5,)


def test_a_look_changes_nothing() -> None:
    store, log = Store(100 * ITEM, "float32", 1), Log()
    write(store, log, [tf.ones([5])])
    before = [np.asarray(each) for each in (store.ring, store.ends, log.rows[:5], log.calls)]

    store.read(log)

    after = (store.ring, store.ends, log.rows[:5], log.calls)
    for mine, its in zip(after, before, strict=True):
        np.testing.assert_array_equal(mine, its)


# ---------------------------------------------------------------- beginning anew


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_after_a_restart_a_compiled_step_writes_from_the_beginning(mode: str) -> None:
    store, log = Store(14 * ITEM, "float32", 1), Log()
    once = step(store, log, mode)
    for number in range(5):
        once(tf.fill([5], float(number)))

    store.restart([log])

    assert store.read(log).calls == 0
    assert store.read(log).log.shape == (0, COLUMNS)
    for number in range(10, 12):
        once(tf.fill([5], float(number)))
    held = store.read(log)
    assert (held.calls, held.rows) == (2, (0, 1))
    assert [block.tolist() for block in held.blocks] == [[10] * 5, [11] * 5]


def test_a_restart_leaves_what_was_frozen_before() -> None:
    store, log = Store(14 * ITEM, "float32", 1), Log()
    write(store, log, [tf.fill([5], 1.0)])
    frozen = Frozen(store, [log])

    store.restart([log])
    write(store, log, [tf.fill([5], 2.0)])

    assert [block.tolist() for block in frozen.read(0).blocks] == [[1] * 5]
