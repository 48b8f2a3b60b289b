"""Finds the layers that the experiment can be tried on, inside whatever wraps them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import keras

from dropviz.errors import DropvizError
from dropviz.experiment.weight_shapes import looks_recurrent
from dropviz.keras_inside.sublayers import direct_sublayers
from dropviz.recording.trained_models import free_name

Layer = Any

_EXPECTED = "Expected (features, n), (units, n) and (n,), with n 4 or 3 times the units."


def find_explainable(root: Layer) -> tuple[dict[str, Layer], dict[str, str]]:
    """Finds the layers that look like an LSTM or a GRU.

    A wrapper with the weights of the layer in it (``TimeDistributed``) is entered. A cell that
    no layer runs by itself (one of ``StackedRNNCells``) is given an ``RNN`` of its own.

    Args:
        root: A built layer or model.

    Returns:
        The layers by path, each once, and by path why other recurrent layers are none.

    Raises:
        DropvizError: If there is no recurrent layer.
    """
    found: dict[str, Layer] = {}
    refused: dict[str, str] = {}
    seen: set[int] = set()
    for its, layer in _walk(root, "" if isinstance(root, keras.Model) else root.name):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        path = free_name([its], {*found, *refused})
        if looks_recurrent(layer):
            found[path] = layer if _takes_states(layer) else _run_by_itself(layer)
        else:
            refused[path] = f"{layer.name!r} has no LSTM or GRU weights. {_EXPECTED} {_came(layer)}"
    if not found:
        raise DropvizError(f"{root.name!r} has no LSTM or GRU weights. {_EXPECTED} {_came(root)}")
    return found, refused


def _walk(layer: Layer, path: str) -> Iterator[tuple[str, Layer]]:
    looks = looks_recurrent(layer) and not isinstance(layer, keras.Model)
    # Only a wrapper does nothing of its own between its weights and its outputs.
    if looks and not isinstance(layer, keras.layers.Wrapper):
        yield path, layer
        return
    below = f"{path}/" if path else ""
    inside = [found for each in direct_sublayers(layer) for found in _walk(each, below + each.name)]
    yield from inside
    if not inside and (looks or isinstance(layer, keras.layers.RNN)):
        yield path, layer


def _takes_states(layer: Layer) -> bool:
    """Whether a layer can be told where its states begin."""
    takes = inspect.signature(layer.call).parameters.values()
    return any(each.name == "initial_state" or each.kind is each.VAR_KEYWORD for each in takes)


def _run_by_itself(layer: Layer) -> Layer:
    if isinstance(layer, keras.layers.RNN) or not hasattr(layer, "state_size"):
        return layer  # the experiment says what is wrong with it
    # Built as the cell is. A name of its own: Keras numbers the nameless.
    run = keras.layers.RNN(layer, return_sequences=True, name=layer.name, dtype=layer.dtype_policy)
    run.build((None, None, int(layer.weights[0].shape[0])))
    return run


def _came(layer: Layer) -> str:
    shapes = ", ".join(str(tuple(w.shape)) for w in layer.weights) or "no weights"
    return f"Received: {shapes}."
