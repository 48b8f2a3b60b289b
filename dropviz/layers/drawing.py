"""Draws the masks of one site: for a cell that trains, and again from a noted state."""

from __future__ import annotations

from typing import Any

import keras

from dropviz.core.draws import Drawn

Tensor = Any


def draw(drawn: Drawn, samples: Tensor, steps: Tensor, generator: Any, dtype: str) -> Tensor:
    """Draws the masks of one site for one call, a gate after the other, as Keras does.

    Keras's cells draw each mask with one ``dropout`` of ones (keras/src/layers/rnn/
    dropout_rnn_cell.py, ``_create_dropout_mask``); so does this, to the bit.

    Args:
        drawn: What to draw.
        samples: Samples in the batch.
        steps: Time steps; used where each step has a mask of its own.
        generator: The cell's ``keras.random.SeedGenerator``; moves on by one a mask.
        dtype: Floating type to draw in.

    Returns:
        Shape (steps, gates, samples, units), of 0 and scale; steps and samples are 1
        where they share a mask.
    """
    shape = (samples if drawn.by_sample else 1, drawn.units)
    ones = keras.ops.ones((steps, *shape) if drawn.by_step else shape, dtype=dtype)
    masks = [keras.random.dropout(ones, drawn.rate, seed=generator) for _ in range(drawn.gates)]
    values = keras.ops.stack(masks, axis=1 if drawn.by_step else 0)
    values = values if drawn.by_step else keras.ops.expand_dims(values, 0)
    return values if drawn.inverted else keras.ops.cast(values > 0, dtype)
