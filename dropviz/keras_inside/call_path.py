"""Which way a call of a recurrent layer went through its steps.

``RNN.call`` calls ``inner_loop``. That of ``RNN`` (keras/src/layers/rnn/rnn.py) calls the cell at
each step. ``LSTM`` and ``GRU`` (lstm.py, gru.py) ask the backend for one operation first, and
call that of ``RNN`` where there is none; with TensorFlow that operation is cuDNN's
(keras/src/backend/tensorflow/rnn.py). From Keras 3.15 ``Bidirectional`` may go past both of its
layers (bidirectional.py; not with TensorFlow): no call of theirs is heard then. Tried with
Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.keras_inside import hooks
from dropviz.keras_inside.inner_loop import class_inner_loop, replaced_inner_loop

Layer = Any

_ASK_THE_BACKEND = (keras.layers.LSTM.inner_loop, keras.layers.GRU.inner_loop)


@contextmanager
def heard_call_paths(layer: Layer) -> Iterator[list[str]]:
    """Listens to the calls of a layer inside the block.

    Args:
        layer: Any layer.

    Yields:
        The ways that its calls have gone, each once, in their order: "loop", "unrolled", "cudnn"
        or "fused". Nothing of a layer that is not called, is no ``RNN`` of Keras's, or has a
        loop of its own.
    """
    paths: list[str] = []
    if not isinstance(layer, keras.layers.RNN):
        yield paths
        return
    loop = vars(layer).get("inner_loop") or class_inner_loop(layer)
    steps: list[Layer] = []  # a layer each time that its cell is called at each step

    @functools.wraps(loop)
    def heard(*args: Any, **kwargs: Any) -> Any:
        steps.clear()
        returned = loop(*args, **kwargs)
        way = _way(layer, by_cell=any(each is layer for each in steps))
        if way and way not in paths:
            paths.append(way)
        return returned

    stepped = hooks.before(
        keras.layers.RNN, "inner_loop", lambda each, *_, **__: steps.append(each)
    )
    with stepped, replaced_inner_loop(layer, heard):
        yield paths


def _way(layer: Layer, *, by_cell: bool) -> str:
    loop = type(layer).inner_loop
    if by_cell or loop is keras.layers.RNN.inner_loop:
        return "unrolled" if layer.unroll else "loop"
    if loop not in _ASK_THE_BACKEND:
        return ""
    return "cudnn" if keras.config.backend() == "tensorflow" else "fused"
