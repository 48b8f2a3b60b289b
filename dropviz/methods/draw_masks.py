"""Draws the masks of one site: for a cell that trains, and again from a noted state."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from dropviz.core.draw_log import MaskPlan

Tensor = Any


class Moving(NamedTuple):
    """A drop rate that is a tensor, as a graph reads it.

    Attributes:
        rate: The rate, ``0 <= rate < 1``; at 0 the mask is one of ones.
        scale: 1/(1-rate), rounded once.
        keep: 1-rate, rounded once.
        draws: Where the rate may be 0: what each mask adds to the random stream's state,
            nothing at 0, for Keras draws no masks then; None where it is above 0.
    """

    rate: Tensor
    scale: Tensor
    keep: Tensor
    draws: Tensor | None = None


def draw(
    drawn: MaskPlan,
    samples: Tensor,
    steps: Tensor,
    generator: Any,
    dtype: str,
    moving: Moving | None = None,
) -> Tensor:
    """Draws the masks of one site for one call, a gate after the other, as Keras does.

    Keras's cells draw each mask with one ``dropout`` of ones (keras/src/layers/rnn/
    dropout_rnn_cell.py, ``_create_dropout_mask``); so does this, to the bit.

    Args:
        drawn: What to draw.
        samples: Samples in the batch.
        steps: Time steps; used where each step has a mask of its own.
        generator: The cell's ``keras.random.SeedGenerator``; moves on by one a mask.
        dtype: Floating type to draw in.
        moving: The rate, where it is a tensor.

    Returns:
        Shape (steps, gates, samples, units), of 0 and scale; steps and samples are 1
        where they share a mask.
    """
    each = (samples if drawn.by_sample else 1, drawn.units)
    shape = (steps, *each) if drawn.by_step else each
    masks = [_one(shape, drawn.rate, generator, dtype, moving) for _ in range(drawn.gates)]
    values = keras.ops.stack(masks, axis=1 if drawn.by_step else 0)
    values = values if drawn.by_step else keras.ops.expand_dims(values, 0)
    return values if drawn.inverted else keras.ops.cast(values > 0, dtype)


def _one(
    shape: tuple[Any, ...],
    rate: float,
    generator: Any,
    dtype: str,
    moving: Moving | None,
) -> Tensor:
    if moving is None:
        return keras.random.dropout(keras.ops.ones(shape, dtype=dtype), rate, seed=generator)
    # keras.random.dropout asks a rate whether it is 0 or 1, which a tensor cannot answer
    # while a graph is traced. Each backend has its own rule by which the same uniform numbers
    # keep: keras/src/backend/tensorflow/random.py where they reach the rate, jax/random.py where
    # they are below its complement, drawn in JAX's own precision whatever the mask's is, and
    # divides by that. (PyTorch traces nothing: its rates are numbers.)
    if keras.config.backend() == "jax":
        uniform = keras.random.uniform(shape, dtype=moving.keep.dtype, seed=generator)
        scale = keras.ops.ones([], dtype) / keras.ops.cast(moving.keep, dtype)
        return keras.ops.where(uniform < moving.keep, scale, keras.ops.zeros([], dtype))
    state = keras.ops.copy(generator.state.value) if moving.draws is not None else None
    uniform = keras.random.uniform(shape, dtype=dtype, seed=generator)
    if state is not None:
        generator.state.assign(state + keras.ops.cast(moving.draws, state.dtype))
    return keras.ops.where(uniform >= moving.rate, moving.scale, keras.ops.zeros([], dtype))
