from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.recording import numbered_store, tensorflow_store
from dropviz.recording.log_rows import (
    BATCH,
    CALL,
    COLUMNS,
    COUNTER,
    DROPOUT,
    LAYER,
    LAYOUT,
    RECURRENT,
    SAMPLES,
    SEED,
    SIZE,
    START,
    STEPS,
    TRAINS,
    Held,
    LoggedCall,
    shares,
)
from dropviz.recording.tensorflow_store import Frozen, Store

ITEM = 4  # bytes of a float32
ROW = 8 * COLUMNS  # bytes of a row of the log


@dataclass(frozen=True)
class Written:
    """One call, as plain Python remembers it."""

    number: int
    block: NDArray[np.float32]

    @property
    def samples(self) -> int:
        return len(self.block)


def made(size: int = 100 * ITEM, dtype: str = "float32", every: int = 1, rows: int = 99) -> Store:
    """Makes a store with room for so many bytes of masks, and a log that is long enough."""
    return Store(size, rows, dtype, every)


def write_in_a_step(
    store: Store,
    layer: int,
    masks: list[Any],
    *,
    trains: bool = True,
    layout: int = 0,
    rates: Any = (0.0, 0.0),
) -> None:
    """Writes one call of a layer."""
    call = LoggedCall(
        trains=trains,
        samples=tf.shape(masks[0])[0] if masks else 5,
        steps=3,
        carried=False,
        state=tf.constant([7, 8], tf.int64),
        layout=layout,
        rates=rates,
    )
    store.write(layer, masks, call)


def write(store: Store, layer: int, masks: list[Any], **kwargs: Any) -> None:
    """Writes one call of a layer, and makes a step of training of it."""
    write_in_a_step(store, layer, masks, **kwargs)
    store.count_step(0, [])


def how(once: Callable[..., None], mode: str) -> Callable[..., None]:
    """Compiles a function, or not."""
    if mode == "eager":
        return once
    made: Callable[..., None] = tf.function(once, jit_compile=mode == "jit", autograph=False)
    return made


def step(store: Store, layer: int, mode: str) -> Callable[[Any], None]:
    """Makes a function that writes one mask, compiled or not."""
    return how(lambda mask: write(store, layer, [mask]), mode)


def read(store: Store, layer: int) -> Held:
    """Reads back what is held for a layer by now."""
    return Frozen(store).read(layer)


def values(store: Store) -> list[NDArray[Any]]:
    """All that a store keeps, by now."""
    return [each.numpy().copy() for each in store.variables]


def numbers(held: Held) -> list[tuple[int, int]]:
    """The batch of each call, and the number of the call within it."""
    return [(int(batch), int(call)) for batch, call in held.log[:, [BATCH, CALL]]]


def assert_true(held: Held, written: list[Written]) -> None:
    """Compares all that is held with what was written, a call in each batch, to the bit."""
    assert (held.calls, held.batches) == (len(written), len(written))
    first = held.calls - len(held.log)
    assert numbers(held) == [(each.number, 0) for each in written[first:]]
    for row, block in zip(held.rows, held.blocks, strict=True):
        np.testing.assert_array_equal(block, written[first + row].block)


# ---------------------------------------------------------------- against plain Python


@pytest.mark.few(2)
@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("capacity", [1, 7, 16, 61])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_was_written_and_nothing_newer_is_missing(
    seed: int, capacity: int, every: int
) -> None:
    random = np.random.default_rng(seed)
    store = made(capacity * ITEM, every=every)
    layers: list[tuple[int, list[Written]]] = [(store.new_layer(), []), (store.new_layer(), [])]
    order: list[tuple[int, int]] = []
    largest = 1
    for _ in range(40):
        which = int(random.integers(2))
        layer, written = layers[which]
        size = int(random.integers(1, capacity + 1))
        largest = max(largest, size)
        block = random.normal(size=size).astype("float32")
        written.append(Written(len(written), block))
        order.append((which, size))
        write(store, layer, [block])

    kept: list[tuple[int, int]] = []
    for which, (layer, written) in enumerate(layers):
        held = read(store, layer)
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


def test_no_tape_of_gradients_watches_what_is_written() -> None:
    store = made()
    layer = store.new_layer()
    with tf.GradientTape() as tape:
        write(store, layer, [np.array([1, 2], np.float32)])
    assert tape.watched_variables() == ()


@pytest.mark.full
@pytest.mark.parametrize("mode", ["graph", "jit"])
def test_compiled_steps_write_the_same(mode: str) -> None:
    random = np.random.default_rng(0)
    sizes = [3, 5, 3, 5, 5, 3, 3, 5]
    written = [
        Written(number, random.normal(size=size).astype("float32"))
        for number, size in enumerate(sizes)
    ]
    held = []
    for each in ("eager", mode):
        store = made(14 * ITEM)
        layer = store.new_layer()
        once = step(store, layer, each)
        for call in written:
            once(tf.constant(call.block))
        held.append(read(store, layer))
        assert_true(held[-1], written)

    np.testing.assert_array_equal(held[1].log, held[0].log)
    assert held[1].rows == held[0].rows == (5, 6, 7)


@pytest.mark.full
def test_many_steps_in_one_compiled_loop_are_all_written() -> None:
    store = made()
    layer = store.new_layer()

    @tf.function  # type: ignore[untyped-decorator]
    def loop() -> None:
        for number in tf.range(5):
            write(store, layer, [tf.fill([2], tf.cast(number, tf.float32))])

    loop()

    held = read(store, layer)
    assert held.calls == 5
    assert [block.tolist() for block in held.blocks] == [2 * [float(n)] for n in range(5)]


# ---------------------------------------------------------------- one call


def test_masks_of_a_call_lie_one_after_the_other() -> None:
    store = made()
    layer = store.new_layer()
    first, second = np.arange(6.0).reshape(2, 3), 10 + np.arange(4.0).reshape(2, 2)

    write(store, layer, [tf.constant(first, tf.float32), tf.constant(second, tf.float32)])

    assert read(store, layer).blocks[0].tolist() == [*range(6), *range(10, 14)]


def test_a_row_tells_of_the_call() -> None:
    store = made()
    layer = store.new_layer()
    write(store, layer, [tf.ones([4, 2])])

    write(store, layer, [tf.ones([3, 2])], layout=9)

    held = read(store, layer)
    row = held.log[1]
    assert (held.calls, held.batches) == (2, 2)
    assert row[[LAYER, BATCH, CALL, TRAINS]].tolist() == [layer, 1, 0, 1]
    assert row[[START, SIZE, SAMPLES, STEPS, SEED, COUNTER, LAYOUT]].tolist() == [
        8,
        6,
        3,
        3,
        7,
        8,
        9,
    ]


@pytest.mark.few(3)
@pytest.mark.parametrize("rates", [(0.0, 0.5), (1 / 3, 0.1 + 0.2), (5e-324, 1 - 2**-53)])
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_a_row_tells_the_two_rates_to_the_last_bit(mode: str, rates: tuple[float, float]) -> None:
    store = made()
    layer = store.new_layer()
    # A variable, so that no compiler works with it before the call; and numbers of Python's.
    moving = tf.Variable(rates, dtype=tf.float64)

    def once() -> None:
        write(store, layer, [tf.ones([4, 2])], rates=moving)
        write(store, layer, [tf.ones([4, 2])], rates=list(rates))

    how(once, mode)()

    for row in read(store, layer).log:
        assert row.shape == (COLUMNS,)
        assert tuple(row[[DROPOUT, RECURRENT]].view(np.float64).tolist()) == rates


def test_a_call_without_masks_is_logged() -> None:
    store = made()
    layer = store.new_layer()

    write(store, layer, [])

    held = read(store, layer)
    assert (held.calls, held.log[0, SAMPLES], held.blocks) == (1, 5, ())


@pytest.mark.parametrize("size", [9, 30])
def test_a_block_larger_than_the_ring_is_cut_and_harms_nothing_later(size: int) -> None:
    store = made(8 * ITEM)
    layer = store.new_layer()
    write(store, layer, [tf.ones([size])])
    assert [len(block) for block in read(store, layer).blocks] == [8]

    write(store, layer, [tf.fill([3], 2.0)])

    held = read(store, layer)
    assert held.rows == (1,)
    assert held.blocks[0].tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("dtype", "given"), [("float32", "float16"), ("float32", "bfloat16"), ("float64", "float64")]
)
def test_masks_are_kept_in_the_stores_type(dtype: str, given: str) -> None:
    store = made(100 * 8, dtype)
    layer = store.new_layer()
    mask = tf.constant([0, 1 / 0.7], given)

    write(store, layer, [mask])

    (block,) = read(store, layer).blocks
    assert block.dtype == dtype
    np.testing.assert_array_equal(block, tf.cast(mask, dtype))


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_a_budget_of_less_than_one_entry_holds_one(budget: int) -> None:
    assert made(budget).capacity == 1


@pytest.mark.parametrize(("dtype", "entries"), [("float32", 6), ("float64", 3)])
def test_the_budget_is_in_bytes(dtype: str, entries: int) -> None:
    store = made(24, dtype)

    assert (store.capacity, store.ring.numpy().shape) == (entries, (entries,))


SMALLEST = 4 * 64 * ROW  # from here on the log takes a quarter at the most


@pytest.mark.parametrize(
    "budget", [SMALLEST, SMALLEST + 1, 10**5 + 7, 2**20, 10**7 + 3, 2**26, 2**30 + 5, 2**40]
)
def test_masks_and_log_together_take_the_budget_and_no_more(budget: int) -> None:
    masks, rows = shares(budget)

    assert masks + rows * ROW == budget
    assert 64 <= rows <= 2**17
    assert rows * ROW <= budget / 4


@pytest.mark.parametrize("budget", [0, 1, 1000, 64 * ROW, SMALLEST - 1])
def test_a_budget_too_small_for_a_log_gets_a_short_one_beside_it(budget: int) -> None:
    masks, rows = shares(budget)

    assert (masks, rows) == (max(budget // 4, budget - 64 * ROW), 64)


def test_what_a_store_takes_is_what_its_shares_say() -> None:
    masks, rows = shares(10**6)
    store = Store(masks, rows, "float64", 1)

    taken = [each.numpy().nbytes for each in (store.ring, store.log)]

    assert taken == [masks // 8 * 8, rows * ROW]


# ---------------------------------------------------------------- layers


def variables() -> list[Any]:
    """All variables of TensorFlow that there are."""
    gc.collect()
    return [each for each in gc.get_objects() if issubclass(type(each), tf.Variable)]


def new_since(before: list[Any]) -> list[Any]:
    known = {id(each) for each in before}
    return [each for each in variables() if id(each) not in known]


def test_a_layer_more_makes_no_variable() -> None:
    store = made()
    before = variables()
    assert len(before) >= len(store.variables)

    for number in range(3):
        write(store, store.new_layer(), [tf.fill([2], float(number))])

    assert new_since(before) == []
    frozen = Frozen(store)
    assert [frozen.read(each).blocks[0].tolist() for each in range(3)] == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.full
@pytest.mark.parametrize("jit", [False, True])
def test_a_layer_more_in_a_function_that_is_traced_again_makes_no_variable(*, jit: bool) -> None:
    store = made()
    before = variables()

    @tf.function(jit_compile=jit, autograph=False)  # type: ignore[untyped-decorator]
    def once(mask: Any) -> None:
        write(store, store.new_layer(), [mask])

    once(tf.ones([2]))
    once(tf.ones([3, 4]))
    once(tf.ones([2]))

    assert new_since(before) == []
    # Each shape once: where a variable is made, TensorFlow traces the first call twice.
    assert once.experimental_get_tracing_count() == 2
    frozen = Frozen(store)
    assert [frozen.read(each).calls for each in range(2)] == [2, 1]


def test_a_store_made_while_a_function_is_traced_serves_outside_of_it() -> None:
    stores: list[Store] = []

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def once() -> None:
        if not stores:
            stores.append(made())
            stores[0].new_layer()
        write(stores[0], 0, [tf.ones([2])])

    once()
    write(stores[0], 0, [tf.ones([3])])

    assert [len(block) for block in read(stores[0], 0).blocks] == [2, 3]


def test_a_store_says_when_it_has_no_room_for_one_more_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numbered_store, "LAYERS", 2)
    store = made()

    said = [(store.full, store.new_layer()) for _ in range(2)]

    assert said == [("", 0), ("", 1)]
    assert "room for 2 layers" in store.full


def test_more_optimizers_than_there_is_room_for_share_the_last_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (numbered_store, tensorflow_store):
        monkeypatch.setattr(module, "OPTIMIZERS", 2)
    store = made()
    numbered = [store.new_optimizer() for _ in range(4)]

    for each in numbered:
        store.count_step(each, [])

    assert numbered == [0, 1, 1, 1]
    assert Frozen(store).steps == [1, 3]


# ---------------------------------------------------------------- batches and calls


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_calls_within_a_step_are_numbered(mode: str) -> None:
    store = made()
    one, other = store.new_layer(), store.new_layer()

    def once() -> None:
        for number in range(3):
            write_in_a_step(store, one, [tf.fill([2], float(number))])
        write_in_a_step(store, other, [tf.fill([2], 9.0)])
        store.count_step(0, [])

    run = how(once, mode)
    run()
    run()

    frozen = Frozen(store)
    held = frozen.read(one)
    assert (held.calls, held.batches) == (6, 2)
    assert numbers(held) == [(batch, call) for batch in range(2) for call in range(3)]
    assert [block.tolist() for block in held.blocks] == 2 * [[0, 0], [1, 1], [2, 2]]
    assert numbers(frozen.read(other)) == [(0, 0), (1, 0)]
    assert frozen.steps[:2] == [2, 0]


def test_a_batch_begins_with_the_step_of_any_optimizer() -> None:
    store = made()
    layer = store.new_layer()

    for optimizer in (3, 0, 3):
        write_in_a_step(store, layer, [tf.ones([2])])
        store.count_step(optimizer, [])
        store.count_step(5, [])  # in which the layer was not called

    held = read(store, layer)
    assert (held.calls, held.batches) == (3, 3)
    assert numbers(held) == [(0, 0), (1, 0), (2, 0)]


def test_all_calls_of_each_wanted_batch_are_kept() -> None:
    store = made(every=2)
    layer = store.new_layer()
    for number in range(4):
        for call in range(2):
            write_in_a_step(store, layer, [tf.fill([1], 10.0 * number + call)])
        store.count_step(0, [])

    held = read(store, layer)

    assert [block.tolist() for block in held.blocks] == [[0], [1], [20], [21]]
    assert held.rows == (0, 1, 4, 5)
    assert (held.calls, held.batches, len(held.log)) == (8, 4, 8)


@pytest.mark.parametrize("trains", [True, False])
def test_where_no_step_was_seen_each_call_is_a_batch(*, trains: bool) -> None:
    store = made()
    layer = store.new_layer()

    for _ in range(3):
        write_in_a_step(store, layer, [tf.ones([2])], trains=trains)

    held = read(store, layer)
    assert (held.calls, held.batches, len(held.blocks)) == (3, 3, 3)
    assert numbers(held) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize("trains", [True, False])
def test_where_no_step_was_seen_batches_are_left_out_too(*, trains: bool) -> None:
    store = made(every=2)
    layer = store.new_layer()

    for number in range(5):
        write_in_a_step(store, layer, [tf.fill([1], float(number))], trains=trains)

    assert [block.tolist() for block in read(store, layer).blocks] == [[0], [2], [4]]


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_looks_are_counted_apart(mode: str) -> None:
    store = made()
    layer = store.new_layer()

    def once(mask: Any) -> None:
        write_in_a_step(store, layer, [-mask], trains=False)
        write_in_a_step(store, layer, [mask])
        write_in_a_step(store, layer, [-mask], trains=False)
        write(store, layer, [mask])

    run = how(once, mode)
    for number in (1.0, 2.0):
        run(tf.fill([2], number))

    held = read(store, layer)
    assert (held.calls, held.batches, held.looks) == (4, 2, 4)
    assert numbers(held) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert held.log[:, TRAINS].tolist() == 4 * [1]
    assert held.rows == (0, 1, 2, 3)
    assert [block.tolist() for block in held.blocks] == [[1, 1], [1, 1], [2, 2], [2, 2]]


def test_looks_are_held_where_there_is_nothing_else() -> None:
    store = made()
    layer = store.new_layer()

    for number in range(3):
        write(store, layer, [tf.fill([2], float(number))], trains=False)

    held = read(store, layer)
    assert (held.calls, held.batches, held.looks) == (3, 3, 3)
    assert numbers(held) == [(0, 0), (1, 0), (2, 0)]
    assert [block.tolist() for block in held.blocks] == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.few(3)
@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_a_call_with_no_sample_is_no_call(mode: str, *, trains: bool) -> None:
    store = made()
    layer = store.new_layer()

    def once(mask: Any) -> None:
        write_in_a_step(store, layer, [mask], trains=trains)

    run = how(once, mode)
    run(tf.ones([0, 3]))
    empty = read(store, layer)
    for _ in range(2):
        run(tf.ones([2, 3]))
        run(tf.ones([0, 3]))
    store.count_step(0, [])
    run(tf.ones([0, 3]))

    assert (empty.calls, empty.batches, empty.looks, len(empty.log)) == (0, 0, 0, 0)
    held = read(store, layer)
    assert (held.calls, held.looks) == (2, 0 if trains else 2)
    assert held.log[:, SAMPLES].tolist() == [2, 2]
    assert numbers(held) == ([(0, 0), (0, 1)] if trains else [(0, 0), (1, 0)])
    assert [block.tolist() for block in held.blocks] == [6 * [1], 6 * [1]]


def fails(values: Any) -> Any:
    raise ZeroDivisionError(values)


@pytest.mark.parametrize(
    "gradients",
    [
        lambda slope: [slope],
        lambda slope: [None, tf.constant(1.0), slope],
        lambda slope: [tf.IndexedSlices(slope, tf.constant([0, 1]))],
    ],
    ids=["one", "the last", "in slices"],
)
def test_a_step_is_counted_once_its_gradients_are_there(gradients: Callable[[Any], Any]) -> None:
    store = made()

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def once(x: Any, *, right: bool) -> None:
        slope = tf.numpy_function(np.negative if right else fails, [x], tf.float32)
        store.count_step(1, gradients(tf.ensure_shape(slope, [2])))

    for _ in range(2):
        once(tf.ones([2]), right=True)
    # A step that does not come about, as where a data set has come to its end.
    with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError"):
        once(tf.ones([2]), right=False)

    assert Frozen(store).steps[:3] == [0, 2, 0]


@pytest.mark.parametrize("trains", [True, False])
def test_a_call_is_counted_once_its_samples_are_there(*, trains: bool) -> None:
    store = made()
    layer = store.new_layer()
    write_in_a_step(store, layer, [tf.ones([4])], trains=trains)
    before = values(store)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def once(x: Any) -> None:
        mask = tf.ensure_shape(tf.numpy_function(fails, [x], tf.float32), [None])
        write_in_a_step(store, layer, [mask], trains=trains)

    with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError"):
        once(tf.ones([2]))

    for mine, its in zip(values(store), before, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("jit", [False, True])
def test_a_compiled_step_is_counted_each_time_it_runs(*, jit: bool) -> None:
    store = made()
    number = store.new_optimizer()

    @tf.function(jit_compile=jit, autograph=False)  # type: ignore[untyped-decorator]
    def once(slope: Any) -> None:
        store.count_step(number, [2 * slope])

    for _ in range(3):
        once(tf.ones([2]))

    assert Frozen(store).steps[:2] == [3, 0]


# ---------------------------------------------------------------- the log


@pytest.mark.parametrize("calls", [3, 4, 5, 11])
def test_a_log_that_is_full_keeps_the_last_rows_in_order(
    calls: int,
) -> None:
    store = made(1000 * ITEM, rows=4)
    layer = store.new_layer()
    written = [Written(number, np.full(2, number, "float32")) for number in range(calls)]
    for call in written:
        write(store, layer, [tf.constant(call.block)], layout=call.number)

    held = read(store, layer)

    assert held.log[:, LAYOUT].tolist() == list(range(calls))[-4:]
    assert len(held.rows) == min(calls, 4)
    assert_true(held, written)


def test_a_log_that_is_full_keeps_the_last_rows_of_all_layers_together() -> None:
    store = made(rows=5)
    often, seldom, once = (store.new_layer() for _ in range(3))
    write_in_a_step(store, once, [tf.ones([2])])
    for number in range(6):
        if number in (1, 5):
            write_in_a_step(store, seldom, [tf.fill([1], float(number))])
        write(store, often, [tf.fill([2], float(number))])

    frozen = Frozen(store)

    assert numbers(frozen.read(often)) == [(2, 0), (3, 0), (4, 0), (5, 0)]
    assert [block.tolist() for block in frozen.read(often).blocks] == [[n, n] for n in (2, 3, 4, 5)]
    assert numbers(frozen.read(seldom)) == [(1, 0)]
    assert [block.tolist() for block in frozen.read(seldom).blocks] == [[5]]
    assert [frozen.read(each).calls for each in (often, seldom, once)] == [6, 2, 1]
    assert frozen.read(once).log.shape == (0, COLUMNS)


# ---------------------------------------------------------------- looking


def test_an_unused_layer_holds_nothing() -> None:
    store = made()

    held = read(store, store.new_layer())

    assert (held.calls, held.batches, held.looks) == (0, 0, 0)
    assert (held.log.shape, held.blocks, held.rows) == ((0, COLUMNS), (), ())


def test_layers_of_one_store_are_read_apart() -> None:
    store = made()
    one, two = store.new_layer(), store.new_layer()
    write(store, one, [tf.fill([2], 1.0)])
    write(store, two, [tf.fill([3], 2.0)])

    frozen = Frozen(store)

    assert [frozen.read(each).blocks[0].tolist() for each in (one, two)] == [[1, 1], [2, 2, 2]]


def test_what_is_frozen_does_not_change_any_more() -> None:
    store = made(4 * ITEM)
    layer = store.new_layer()
    write(store, layer, [tf.fill([4], 1.0)])
    frozen = Frozen(store)
    for _ in range(3):
        write(store, layer, [tf.fill([4], 2.0)])

    held = frozen.read(layer)

    assert held.calls == 1
    assert [block.tolist() for block in held.blocks] == [[1, 1, 1, 1]]


def test_what_is_frozen_is_no_larger_than_what_was_written() -> None:
    store = made(2**20)
    layer = store.new_layer()
    write(store, layer, [tf.ones([5])])

    assert Frozen(store)._ring.numpy().shape == (5,)


def test_a_look_changes_nothing() -> None:
    store = made()
    layer = store.new_layer()
    write(store, layer, [tf.ones([5])])
    before = values(store)

    read(store, layer)

    for mine, its in zip(values(store), before, strict=True):
        np.testing.assert_array_equal(mine, its)


# ---------------------------------------------------------------- beginning anew


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_after_a_restart_a_compiled_step_writes_from_the_beginning(mode: str) -> None:
    store = made(14 * ITEM)
    layer = store.new_layer()
    once = step(store, layer, mode)
    for number in range(5):
        once(tf.fill([5], float(number)))

    store.restart()

    assert read(store, layer).calls == 0
    assert read(store, layer).log.shape == (0, COLUMNS)
    for number in range(10, 12):
        once(tf.fill([5], float(number)))
    held = read(store, layer)
    assert (held.calls, held.rows) == (2, (0, 1))
    assert [block.tolist() for block in held.blocks] == [[10] * 5, [11] * 5]


def test_a_restart_leaves_what_was_frozen_before() -> None:
    store = made(14 * ITEM)
    layer = store.new_layer()
    write(store, layer, [tf.fill([5], 1.0)])
    frozen = Frozen(store)

    store.restart()
    write(store, layer, [tf.fill([5], 2.0)])

    assert [block.tolist() for block in frozen.read(layer).blocks] == [[1] * 5]


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_what_is_written_while_a_store_rests_is_forgotten(mode: str) -> None:
    store = made(14 * ITEM)
    layer = store.new_layer()
    once = step(store, layer, mode)
    once(tf.fill([5], 1.0))
    before = values(store)

    with store.resting():
        for _ in range(4):
            once(tf.fill([5], 2.0))

    for mine, its in zip(values(store), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    once(tf.fill([5], 3.0))
    held = read(store, layer)
    assert (held.calls, held.batches) == (2, 2)
    assert [block.tolist() for block in held.blocks] == [[1] * 5, [3] * 5]


@pytest.mark.full
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_what_is_released_takes_no_memory_and_later_writes_do_no_harm(mode: str) -> None:
    store = made(2**20, rows=2**10)
    layers = [store.new_layer() for _ in range(3)]
    once = step(store, layers[-1], mode)
    once(tf.fill([5], 1.0))
    frozen = Frozen(store)

    store.release()
    for size in (5, 7):
        once(tf.fill([size], 2.0))

    assert sum(each.nbytes for each in values(store)) < 2**10
    assert [block.tolist() for block in frozen.read(layers[-1]).blocks] == [[1] * 5]


# ---------------------------------------------------------------- the newest calls


@pytest.mark.parametrize("calls", [1, 2, 5])
@pytest.mark.parametrize("written", [1, 3, 40])
def test_the_newest_calls_are_the_last_of_all_that_is_held(written: int, calls: int) -> None:
    store = made(rows=7)
    store.new_layer()
    for number in range(written):
        write(store, 0, [tf.fill([1 + number % 3, 2], float(number))])

    newest, whole = store.newest(0, calls), read(store, 0)

    assert (newest.calls, newest.batches) == (whole.calls, whole.batches)
    assert numbers(newest) == numbers(whole)[-calls:]
    for mine, its in zip(newest.blocks[::-1], whole.blocks[::-1], strict=False):
        np.testing.assert_array_equal(mine, its)
    assert len(newest.blocks) == min(calls, len(whole.blocks))


def test_the_newest_calls_of_a_layer_are_no_other_layer_s() -> None:
    store = made()
    for number in range(2):
        write(store, store.new_layer(), [tf.fill([2], float(number))])

    assert [block.tolist() for block in store.newest(0, 2).blocks] == [[0, 0]]
    assert store.newest(1, 1).blocks[0].tolist() == [1, 1]
    assert store.newest(0, 1).blocks == ()


def test_to_read_the_newest_calls_does_not_read_the_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    store = made()
    write(store, store.new_layer(), [tf.ones([2])])

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the ring was read as a whole")

    for way in ("numpy", "read_value", "value", "__array__"):
        monkeypatch.setattr(store.ring, way, refused)

    assert store.newest(0, 2).blocks[0].tolist() == [1, 1]
