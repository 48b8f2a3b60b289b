"""The loop of a recurrent layer over its steps: where masks are drawn and not used yet.

``RNN.call`` draws a cell's masks, calls ``RNN.inner_loop`` and drops them
(keras/src/layers/rnn/rnn.py; LSTM and GRU overrule ``inner_loop`` for cuDNN). Neither is
documented. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dropviz.keras_inside.untracked import remove_attribute, set_attributes

Layer = Any
InnerLoop = Callable[..., Any]  # (sequences, initial_state, mask, training=False)

_NAME = "inner_loop"
_here = threading.local()
_replaced = weakref.WeakSet[InnerLoop]()


def class_inner_loop(layer: Layer) -> InnerLoop:
    """The loop that a layer has by its class, past any replacement."""
    return functools.partial(type(layer).inner_loop, layer)


def has_own_inner_loop(layer: Layer) -> bool:
    """Whether a layer's loop is replaced, by this module."""
    return vars(layer).get(_NAME) in _replaced


def has_foreign_inner_loop(layer: Layer) -> bool:
    """Whether somebody else has given this one layer another loop."""
    return _NAME in vars(layer) and not has_own_inner_loop(layer)


def replace_inner_loop(layer: Layer, inner_loop: InnerLoop) -> None:
    """Gives a layer another loop, until ``restore_inner_loop``."""
    _replaced.add(inner_loop)
    set_attributes(layer, inner_loop=inner_loop)


def restore_inner_loop(layer: Layer) -> None:
    """Gives a layer back the loop of its class."""
    remove_attribute(layer, _NAME)


@contextmanager
def replaced_inner_loop(layer: Layer, inner_loop: InnerLoop) -> Iterator[None]:
    """Gives a layer another loop inside the block, and then the one that it had.

    Args:
        layer: A recurrent layer.
        inner_loop: Takes (sequences, initial_state, mask, training=False).

    Yields:
        Nothing.
    """
    before = vars(layer).get(_NAME)
    replace_inner_loop(layer, inner_loop)
    try:
        yield
    finally:
        if before is None:
            restore_inner_loop(layer)
        else:
            replace_inner_loop(layer, before)


@contextmanager
def looking() -> Iterator[None]:
    """Marks the calls of layers inside the block, in this thread, as looks and no training.

    Yields:
        Nothing.
    """
    _here.looks = getattr(_here, "looks", 0) + 1
    try:
        yield
    finally:
        _here.looks -= 1


def is_look() -> bool:
    """Whether a call of a layer, now and here, only looks at it."""
    return getattr(_here, "looks", 0) > 0
