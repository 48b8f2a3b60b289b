"""Builds a layer for a while, and takes the weights off again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.errors import DropvizError, one_line
from dropviz.keras_inside.require_layer import require_layer
from dropviz.keras_inside.sublayers import layer_and_sublayers
from dropviz.keras_inside.untracked import attributes_kept, new_parts_removed

Layer = Any

_SHAPE = 64, 4, 8  # samples, steps and features to build for


@contextmanager
def built_for_now(layer: Layer) -> Iterator[None]:
    """Has a layer built inside the block; one that was not is not afterwards either.

    A copy would not do: Keras copies layers by their configuration, which leaves out what
    decides between tied and untied masks (``implementation``, keras/src/layers/rnn/
    lstm.py, ``get_config``). Building draws no random numbers that a later build would
    miss: initializers hold their seeds.

    Args:
        layer: A Keras layer or model.

    Yields:
        Nothing.

    Raises:
        DropvizError: If it is no Keras layer, or cannot be built here.
    """
    require_layer(layer, "explained")
    if layer.built:
        yield
        return
    if isinstance(layer, keras.Model):
        raise DropvizError(f"{layer.name!r} is not built yet. Call it once on data first.")
    every = list({id(each): each for each in layer_and_sublayers(layer)}.values())
    with attributes_kept(every), new_parts_removed(every):
        _build(layer)
        yield


def _build(layer: Layer) -> None:
    try:
        layer.build(_SHAPE)
    except Exception as error:
        raise DropvizError(
            f"{layer.name!r} is not built, and building it for {_SHAPE} failed "
            f"({one_line(error)}). Call it once on data first."
        ) from error
