"""Attributes set past Keras's ``__setattr__``, and variables taken out of its books.

``Layer.__setattr__`` (keras/src/layers/layer.py) tracks variables and layers, and refuses
once a layer is built. Leans on it keeping plain attributes in ``__dict__``; and on
``Layer._untrack_variable``, ``_trainable_variables``, ``_non_trainable_variables`` and
``_tracker.unlock`` (keras/src/utils/tracking.py). Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Layer = Any


def set_attributes(layer: Layer, **values: Any) -> None:
    """Sets attributes of a layer that Keras is to take no notice of."""
    layer.__dict__.update(values)


def remove_attribute(layer: Layer, name: str) -> None:
    """Takes an attribute away again that ``set_attributes`` set; does nothing without it."""
    layer.__dict__.pop(name, None)


@contextmanager
def attributes_kept(layers: Sequence[Layer]) -> Iterator[None]:
    """Puts back, after the block, the attributes of layers, and removes new ones.

    Args:
        layers: The layers.

    Yields:
        Nothing.
    """
    before = [dict(vars(layer)) for layer in layers]
    try:
        yield
    finally:
        for layer, saved in zip(layers, before, strict=True):
            for name in set(vars(layer)) - set(saved):
                del layer.__dict__[name]
            layer.__dict__.update(saved)


@contextmanager
def new_variables_removed(layers: Sequence[Layer]) -> Iterator[None]:
    """Takes out of layers, after the block, the variables that were made inside it.

    Args:
        layers: The layers.

    Yields:
        Nothing.
    """
    before = [_own_variables(layer) for layer in layers]
    try:
        yield
    finally:
        for layer, known in zip(layers, before, strict=True):
            for variable in _own_variables(layer):
                if not any(variable is each for each in known):
                    layer._untrack_variable(variable)
            # Building locks it; what is not built must be able to build.
            layer._tracker.unlock()


def _own_variables(layer: Layer) -> list[Any]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]
