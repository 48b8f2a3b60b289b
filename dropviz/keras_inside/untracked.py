"""Attributes set past Keras's ``__setattr__``, and variables taken out of its books.

``Layer.__setattr__`` (keras/src/layers/layer.py) tracks variables and layers, and refuses
once a layer is built. Leans on it keeping plain attributes in ``__dict__``; and on
``Layer._untrack_variable``, and of ``_tracker`` (keras/src/utils/tracking.py) ``config``,
``untrack`` and ``unlock``. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

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

    Of an attribute that is a list, a dictionary or a set, what stood in it, too.

    Args:
        layers: The layers.

    Yields:
        Nothing.
    """
    before = [dict(vars(layer)) for layer in layers]
    contents = [(each, _copied(each)) for saved in before for each in saved.values()]
    try:
        yield
    finally:
        for layer, saved in zip(layers, before, strict=True):
            for name in set(vars(layer)) - set(saved):
                del layer.__dict__[name]
            layer.__dict__.update(saved)
        for value, copied in contents:
            _fill(value, copied)


@contextmanager
def new_parts_removed(layers: Sequence[Layer]) -> Iterator[None]:
    """Takes out of layers, after the block, the variables and layers that were made inside it.

    Args:
        layers: The layers.

    Yields:
        Nothing.
    """
    before = [_parts(layer) for layer in layers]
    try:
        yield
    finally:
        for layer, known in zip(layers, before, strict=True):
            for part in _parts(layer):
                if any(part is each for each in known):
                    continue
                if isinstance(part, keras.Variable):
                    layer._untrack_variable(part)
                else:
                    layer._tracker.untrack(part)
            # Building locks it; what is not built must be able to build.
            layer._tracker.unlock()


def _parts(layer: Layer) -> list[Any]:
    """What Keras keeps of a layer in its books: variables, layers, metrics, seed generators."""
    return [part for _, store in layer._tracker.config.values() for part in store]


def _copied(value: Any) -> list[Any] | dict[Any, Any] | set[Any] | None:
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    return set(value) if isinstance(value, set) else None


def _fill(value: Any, copied: Any) -> None:
    """Gives a container the contents that it had, past what Keras's own would track of them."""
    if copied is None or _is_filled_with(value, copied):
        return
    kind: Any = next(each for each in (OrderedDict, dict, list, set) if isinstance(value, each))
    kind.clear(value)
    (kind.extend if kind is list else kind.update)(value, copied)


def _is_filled_with(value: Any, copied: Any) -> bool:
    if isinstance(copied, set):
        return bool(value == copied)
    if isinstance(copied, dict):
        return list(value) == list(copied) and all(value[key] is copied[key] for key in copied)
    return len(value) == len(copied) and all(map(operator.is_, value, copied))
