from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.core.draw_log import MaskPlan
from dropviz.methods.draw_masks import draw

SAMPLES, STEPS, UNITS = 4, 5, 6
FLAGS = list(itertools.product([True, False], repeat=3))


def drawn(
    gates: int = 4,
    rate: float = 0.4,
    flags: tuple[bool, bool, bool] = (False, True, True),
    *,
    seed: int = 3,
    dtype: str = "float32",
) -> NDArray[Any]:
    plan = MaskPlan("recurrent", gates, UNITS, rate, *flags)
    generator = keras.random.SeedGenerator(seed)
    return np.asarray(draw(plan, SAMPLES, STEPS, generator, dtype))


@pytest.mark.parametrize("gates", [1, 4])
@pytest.mark.parametrize("flags", FLAGS, ids=str)
def test_masks_have_an_axis_for_all_that_they_differ_over(
    gates: int, flags: tuple[bool, bool, bool]
) -> None:
    by_step, by_sample, inverted = flags

    values = drawn(gates, flags=flags)

    steps, samples = STEPS if by_step else 1, SAMPLES if by_sample else 1
    assert values.shape == (steps, gates, samples, UNITS)
    kept = np.float32(1 / (1 - 0.4)) if inverted else np.float32(1)
    np.testing.assert_array_equal(np.unique(values), [0, kept])


@pytest.mark.parametrize("flags", FLAGS, ids=str)
def test_masks_differ_along_every_axis_that_they_have(flags: tuple[bool, bool, bool]) -> None:
    values = drawn(4, flags=flags)

    for axis, length in enumerate(values.shape):
        first = np.take(values, [0], axis=axis)
        assert (length == 1) == np.array_equal(np.broadcast_to(first, values.shape), values)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_one_gate_after_another_is_drawn_as_keras_draws(dtype: str) -> None:
    generator = keras.random.SeedGenerator(3)
    ones = keras.ops.ones((SAMPLES, UNITS), dtype)
    theirs = [keras.random.dropout(ones, 0.4, seed=generator) for _ in range(4)]

    mine = drawn(dtype=dtype)

    np.testing.assert_array_equal(mine[0], np.stack([np.asarray(each) for each in theirs]))
    assert mine.dtype == theirs[0].dtype.as_numpy_dtype


def test_a_cell_of_keras_draws_the_same() -> None:
    cell = keras.layers.LSTMCell(UNITS, recurrent_dropout=0.4, seed=3)
    theirs = cell.get_recurrent_dropout_mask(keras.ops.zeros((SAMPLES, UNITS)))

    np.testing.assert_array_equal(drawn()[0], np.stack([np.asarray(each) for each in theirs]))


@pytest.mark.parametrize("flags", FLAGS, ids=str)
def test_scaling_changes_no_draw(flags: tuple[bool, bool, bool]) -> None:
    by_step, by_sample, _ = flags

    inverted = drawn(flags=(by_step, by_sample, True))
    plain = drawn(flags=(by_step, by_sample, False))

    np.testing.assert_array_equal(inverted > 0, plain > 0)


@pytest.mark.parametrize("gates", [1, 4])
@pytest.mark.parametrize("by_step", [True, False])
def test_each_mask_moves_the_stream_on_by_one(gates: int, *, by_step: bool) -> None:
    generator = keras.random.SeedGenerator(3)
    before = np.asarray(generator.state)

    draw(MaskPlan("cell", gates, UNITS, 0.4, by_step), SAMPLES, STEPS, generator, "float32")

    np.testing.assert_array_equal(np.asarray(generator.state) - before, [0, gates])


def test_a_share_of_the_rate_is_dropped() -> None:
    plan = MaskPlan("cell", 1, 100, 0.3, by_step=True)

    values = np.asarray(draw(plan, 100, 10, keras.random.SeedGenerator(3), "float32"))

    # 100,000 draws: four standard deviations of the binomial distribution.
    assert abs(np.mean(values == 0) - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 1e5)


@pytest.mark.parametrize("by_step", [True, False])
def test_a_graph_of_unknown_sizes_draws_the_same(*, by_step: bool) -> None:
    plan = MaskPlan("recurrent", 4, UNITS, 0.4, by_step)
    generator = keras.random.SeedGenerator(3)

    @tf.function  # type: ignore[untyped-decorator]
    def in_graph(x: Any) -> Any:
        samples, steps = keras.ops.shape(x)[:2]
        return draw(plan, samples, steps, generator, "float32")

    traced = in_graph.get_concrete_function(tf.TensorSpec((None, None)))
    values = np.asarray(traced(tf.zeros((SAMPLES, STEPS))))

    np.testing.assert_array_equal(values, drawn(flags=(by_step, True, True)))
