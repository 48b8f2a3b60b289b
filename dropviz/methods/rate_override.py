"""Sets the rates of every LSTM that is built inside a block."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.keras_inside import hooks


@contextmanager
def overridden_rates(
    dropout: float | None = None, recurrent_dropout: float | None = None
) -> Iterator[list[weakref.ref[Any]]]:
    """Gives every LSTM built inside the block these rates, whatever its code says.

    ``keras.layers.LSTM`` and ``Bidirectional`` build an ``LSTMCell`` too, and read their
    rates from it, so that the cell's constructor is the one place to do it.

    Args:
        dropout: Drop rate for the inputs; None leaves what the code says.
        recurrent_dropout: Drop rate for the recurrent h; None leaves what the code says.

    Yields:
        References to the cells that it gave rates, as they are built.
    """
    built: list[weakref.ref[Any]] = []
    given = {"dropout": dropout, "recurrent_dropout": recurrent_dropout}
    wanted = {name: rate for name, rate in given.items() if rate is not None}
    if not wanted:
        yield built
        return
    signature = inspect.signature(keras.layers.LSTMCell.__init__)

    def changed(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return None  # the call will say so itself, in its own words
        bound.arguments |= wanted
        built.append(weakref.ref(bound.args[0]))
        return bound.args, bound.kwargs

    with hooks.before(keras.layers.LSTMCell, "__init__", changed):
        yield built
