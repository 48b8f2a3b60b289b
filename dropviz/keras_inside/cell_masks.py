"""The masks that a Keras cell keeps for the call under way.

The public getters draw where nothing is kept, and so would disturb a training. Leans on
``_dropout_mask`` and ``_recurrent_dropout_mask`` of ``DropoutRNNCell``
(keras/src/layers/rnn/dropout_rnn_cell.py), of which ``LSTMCell`` inherits; on ``RNN.call`` having
masks drawn before the first step for such cells alone; on ``dropout_mask_count``, how many masks a
cell draws; and on ``reset_dropout_mask``, which ``RNN.call`` calls only after a call that
went well. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from dropviz.keras_inside.untracked import set_attributes

Cell = Any
Tensor = Any

# By argument of the cell: where it keeps its masks, and what draws them.
_KEPT = {"dropout": "_dropout_mask", "recurrent_dropout": "_recurrent_dropout_mask"}
_GETTERS = {"dropout": "get_dropout_mask", "recurrent_dropout": "get_recurrent_dropout_mask"}
_FORGETTERS = ("reset_dropout_mask", "reset_recurrent_dropout_mask")


def keeps_masks(cell: Cell) -> bool:
    """Whether a cell draws its masks where Keras's own cells do."""
    getter = _GETTERS["dropout"]
    keeper = next(each for each in keras.layers.LSTMCell.__mro__ if getter in vars(each))
    return isinstance(cell, keeper)


def generator_of(layer: Cell) -> Any | None:
    """The generator that a cell or a layer draws its masks from; None where it has none."""
    generator = getattr(layer, "seed_generator", None)
    return generator if isinstance(generator, keras.random.SeedGenerator) else None


def kept_masks(cell: Cell, argument: str) -> Tensor | list[Tensor] | None:
    """The masks that a cell keeps: one, a list with one for each gate, or None.

    Args:
        cell: A Keras cell.
        argument: "dropout" or "recurrent_dropout".

    Returns:
        What is kept, as the cell keeps it; nothing is drawn.
    """
    return getattr(cell, _KEPT[argument], None)


def keep_masks(cell: Cell, argument: str, masks: Tensor | list[Tensor]) -> None:
    """Has a cell keep masks for the call under way."""
    set_attributes(cell, **{_KEPT[argument]: masks})


def mask_getters(cell: Cell) -> list[Callable[[Tensor], Any]]:
    """What a cell asks for its masks with, as it is now; none of one that keeps none."""
    return [getattr(cell, name) for name in _GETTERS.values() if hasattr(cell, name)]


def replace_mask_getter(cell: Cell, argument: str, getter: Callable[[Tensor], Any]) -> None:
    """Has a cell ask for its masks elsewhere.

    Args:
        cell: A Keras cell.
        argument: "dropout" or "recurrent_dropout".
        getter: Takes the input of a step; gives what ``kept_masks`` gives.
    """
    set_attributes(cell, **{_GETTERS[argument]: getter})


def forget_masks(cell: Cell) -> None:
    """Has a cell drop the masks that it keeps, as ``RNN`` does after a call."""
    for name in _FORGETTERS:
        getattr(cell, name, lambda: None)()
