"""What fits a store exactly, what steps make of calls, and what is left once it is let go of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.recording.log_rows import BATCH, CALL, DROPOUT, RECURRENT, LoggedCall
from tests.backends.conftest import BACKEND
from tests.backends.test_store import RATES, made, write


def sixes(store: Any, *values: float) -> None:
    """Writes blocks of six equal numbers, with a step of training after each."""
    for value in values:
        write(store, 0, np.full(6, value, "float32"))
        assert store.count_step(0, []) is True


def firsts(store: Any) -> list[float]:
    """The first number of each block that is held."""
    held = store.frozen().read(0)
    assert [len(block) for block in held.blocks] == [6] * len(held.blocks)
    return [float(block[0]) for block in held.blocks]


def test_a_ring_that_is_full_to_the_last_number_loses_none_before_the_next_round() -> None:
    store = made(12)
    seen = []

    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        sixes(store, value)
        seen.append(firsts(store))

    assert seen == [[1], [1, 2], [2, 3], [3, 4], [4, 5]]


def test_a_ring_of_one_block_holds_the_last() -> None:
    store = made(6)

    sixes(store, 1, 2, 3)

    assert firsts(store) == [3]


def test_batches_that_are_left_out_take_no_room() -> None:
    # Of three, with room for two: the two between them would have taken the first one's place.
    store = made(18, every=2)

    sixes(store, 1, 2, 3, 4, 5)

    assert firsts(store) == [1, 3, 5]


def test_what_a_batch_that_was_left_out_wrote_over_is_not_held() -> None:
    store = made(12, every=3)

    sixes(store, 1, 2, 3, 4)
    assert firsts(store) == [1, 4]
    sixes(store, 5)

    # PyTorch, which runs eagerly, does not write it; elsewhere it begins the next round.
    assert firsts(store) == ([1, 4] if BACKEND == "torch" else [4])


def test_of_looks_too_the_first_of_every_three_is_kept() -> None:
    store = made(every=3)

    for value in (0.0, 1.0, 2.0, 3.0, 4.0):
        write(store, 0, np.full(6, value, "float32"), trains=False)

    assert firsts(store) == [0, 3]
    assert store.frozen().read(0).batches == 5


def test_after_one_step_calls_are_counted_within_batches() -> None:
    store = made()

    for _ in range(2):
        write(store, 0, np.ones(4, "float32"))
    store.count_step(0, [])

    held = store.frozen().read(0)
    assert (held.calls, held.batches, held.by_call) == (2, 1, False)
    assert held.log[:, [BATCH, CALL]].tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("before", [1, 2, 3])
def test_a_layer_that_is_called_after_steps_of_others_begins_with_its_first_batch(
    before: int,
) -> None:
    store = made()
    for _ in range(before):
        write(store, 1, np.ones(4, "float32"))
        store.count_step(0, [])

    write(store, 0, np.ones(4, "float32"))
    store.count_step(1, [])

    frozen = store.frozen()
    assert list(frozen.steps[:3]) == [before, 1, 0]
    assert frozen.read(0).batches == 1
    assert frozen.read(0).log[:, [BATCH, CALL]].tolist() == [[0, 0]]
    assert frozen.last_calls() == {1: before - 1, 0: before}


def test_rates_that_are_bits_already_are_kept_to_the_last_one() -> None:
    store = made()
    bits = np.array(RATES).view(np.uint32).reshape(2, 2)
    exact = keras.ops.convert_to_tensor(bits, "uint32") if BACKEND == "jax" else RATES
    state = keras.ops.convert_to_tensor(np.array([7, 8], "int32"))

    store.write(0, [], LoggedCall(True, 5, 3, False, state, 2, exact))  # noqa: FBT003

    (row,) = store.frozen().read(0).log
    assert tuple(row[[DROPOUT, RECURRENT]].view(np.float64)) == RATES


def test_what_is_kept_is_no_weight_and_of_its_own_precision_in_any_layer() -> None:
    store = made()

    class Writes(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            write(store, 0, np.full(6, 1 / 3, "float32"))
            return x

    Writes(dtype="mixed_float16")(np.ones((1, 1), "float32"))
    store.count_step(0, [])

    (block,) = store.frozen().read(0).blocks
    np.testing.assert_array_equal(block, np.full(6, 1 / 3, "float32"))
    trained = [each for each in getattr(store, "variables", []) if each.trainable]
    assert trained == []


def test_where_only_shapes_are_worked_out_nothing_is_written() -> None:
    store = made()

    class Writes(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            write(store, 0, np.ones(6, "float32"))
            return x

    Writes()(keras.Input((3,)))

    assert store.frozen().read(0).calls == 0


def test_what_was_frozen_outlives_the_store_and_later_writes_do_no_harm() -> None:
    store = made(100)
    sixes(store, 1, 2)
    frozen = store.frozen()

    store.release()
    sixes(store, 3, 4)

    assert [float(block[0]) for block in frozen.read(0).blocks] == [1, 2]
    if BACKEND != "jax":  # where it goes with the store
        assert keras.ops.size(store.ring) == 1
