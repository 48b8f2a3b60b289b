"""A trap about seeds that lie side by side."""

from __future__ import annotations

import keras
import numpy as np

from dropviz.traps.tools import Exhibit, Finding, array

_SEED, _CALLS, _UNITS = 7, 5, 32  # a chance of 2**-256 that two masks of a call are equal


def _masks(seed: int) -> list[bytes]:
    """All masks that the cell of a seed draws in several calls, in their order."""
    cell = keras.layers.LSTMCell(4, dropout=0.5, recurrent_dropout=0.5, seed=seed, name="cell")
    like = keras.ops.ones((8, _UNITS))
    drawn: list[bytes] = []
    for _ in range(_CALLS):
        masks = [*cell.get_dropout_mask(like), *cell.get_recurrent_dropout_mask(like)]
        drawn += [np.ascontiguousarray(array(each)).tobytes() for each in masks]
        cell.reset_dropout_mask()
        cell.reset_recurrent_dropout_mask()
    return drawn


def neighbouring_seeds() -> Finding:
    """The masks of two cells whose seeds differ by 1, and of two that are far apart."""
    mine, next_one, far = _masks(_SEED), _masks(_SEED + 1), _masks(_SEED + 1_000_003)
    shared = len({*mine} & {*next_one})
    shifted = mine[1:] == next_one[:-1]
    said = (
        f"In {_CALLS} calls `LSTMCell(seed={_SEED})` drew {len(mine)} masks, and {shared} of them "
        f"were also drawn by `seed={_SEED + 1}`"
        + (": each gate's mask was that of the gate before it there. " if shifted else ". ")
        + f"With a seed a million away it was {len({*mine} & {*far})}."
    )
    return Finding(shifted, said, {"masks": len(mine), "shared": shared})


EXHIBITS = (
    Exhibit(
        name="neighbouring-seeds",
        title="On PyTorch, layers with the seeds 7 and 8 draw the same masks, one shifted",
        expect="Two seeds are two random streams that have nothing in common.",
        why=(
            "`generator.manual_seed(int(first_seed + second_seed) & 0xFFFFFFFF)` in "
            "keras/src/backend/torch/random.py adds up the seed and the counter of draws: draw 1 "
            "of seed 7 and draw 0 of seed 8 are the same. TensorFlow and JAX keep the two apart. "
            "It is so wherever a `SeedGenerator` draws."
        ),
        advice=(
            "On PyTorch give the layers of a model, and models that are compared or averaged, "
            "seeds that are further apart than there will be draws, as `int(each)` for "
            "each of `numpy.random.SeedSequence(7).generate_state(n) >> 1`; or leave `seed` out, "
            "and call `keras.utils.set_random_seed`."
        ),
        measure=neighbouring_seeds,
    ),
)
