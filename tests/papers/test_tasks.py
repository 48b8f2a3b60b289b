"""The data of the studies, and the cell that has an old mistake."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from dropviz.core.task_data import TEMPORAL_ORDER, run_text
from dropviz.core.tasks import load_task
from studies.gru_states import UNITS, StateMasked, largest
from studies.memory_horizon import recall_task
from studies.part_of_task import part_of
from studies.temporal_order import order_task


def test_temporal_order_of_30_steps_is_the_task_that_comes_with_dropviz() -> None:
    task, made = order_task(30, 6400, 2000), run_text(TEMPORAL_ORDER)

    for name in ("x", "y", "x_val", "y_val"):
        np.testing.assert_array_equal(getattr(task, name), made[name])


@pytest.mark.parametrize("length", [3, 10, 15])
def test_temporal_order_asks_for_the_marked_bits_in_their_order(length: int) -> None:
    task = order_task(length, 500, 100)
    marks = task.x[:, :, 1]

    assert task.x.shape == (500, length, 2)
    for bits, marked, answer in zip(task.x[:, :, 0], marks, task.y, strict=True):
        at = np.flatnonzero(marked)
        # As in the paper's code both may fall on one step, where the ranges meet.
        first, last = at[0], at[-1]
        assert first <= length // 3 <= last <= 2 * length // 3
        assert answer == 2 * bits[first] + bits[last]


def test_recall_asks_for_the_marked_bit_and_tests_each_lag_alike() -> None:
    steps, each = 6, 5
    task = recall_task(steps, 300, each)

    for x, y in ((task.x, task.y), (task.x_val, task.y_val)):
        at = x[:, :, 1].argmax(axis=1)
        assert (x[:, :, 1].sum(axis=1) == 1).all()
        np.testing.assert_array_equal(x[np.arange(len(x)), at, 0], y)
    lags = steps - 1 - task.x_val[:, :, 1].argmax(axis=1)
    np.testing.assert_array_equal(lags.reshape(each, steps), [range(steps)] * each)
    assert {*(steps - 1 - task.x[:, :, 1].argmax(axis=1))} == {*range(steps)}


def test_a_part_of_a_task_is_its_beginning() -> None:
    whole = load_task("digits")
    part = part_of(whole, 20, 10)

    np.testing.assert_array_equal(part.x, whole.x[:20])
    np.testing.assert_array_equal(part.y_val, whole.y_val[:10])
    assert (part.learning_rate, part.goal, part.code) == (whole.learning_rate, whole.goal, "")


def test_the_cell_with_the_old_mistake_multiplies_the_state_that_is_carried_on() -> None:
    given = {"recurrent_dropout": 0.5, "seed": 3}
    cell, plain = StateMasked(UNITS, **given), keras.layers.GRUCell(UNITS)
    x, h = np.ones((2, 4), "float32"), np.full((2, UNITS), 0.5, "float32")
    cell.build(x.shape)
    plain.build(x.shape)
    plain.set_weights(cell.get_weights())

    masks = cell.get_recurrent_dropout_mask(h)
    mask = masks[0] if isinstance(masks, list) else masks
    masked, _ = cell(x, [h], training=True)
    unmasked, _ = cell(x, [h], training=False)

    np.testing.assert_array_equal(masked, plain(x, [h * mask])[0])
    np.testing.assert_array_equal(unmasked, plain(x, [h])[0])


def test_masking_the_state_makes_it_grow_and_masking_a_copy_does_not() -> None:
    copy, state = (largest(what, 0.5, seed=1, steps=40) for what in ("layer", "state"))

    assert max(each or 0 for each in copy) < 1  # a GRU's state is a mean of numbers below 1
    assert (state[-1] or 0) > 1e6
