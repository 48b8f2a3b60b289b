"""Finds the recurrent layers of a model, and what can be recorded of each."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.gates import GRU_GATES, LSTM_GATES, RNN_GATES
from dropviz.core.method_options import RATES
from dropviz.core.setting import Setting
from dropviz.keras_inside.cell_masks import keeps_masks, mask_getters
from dropviz.keras_inside.dropout_mask import drops_by_mask, makes_noise
from dropviz.keras_inside.sublayers import direct_sublayers
from dropviz.methods.method_cell import MethodCell
from dropviz.methods.variable_rates import live_rates
from dropviz.recording.trained_models import free_name

Layer = Any  # Keras has no type stubs

_CONVOLUTIONS = (
    keras.layers.ConvLSTM1D,
    keras.layers.ConvLSTM2D,
    keras.layers.ConvLSTM3D,
)

IN_DATA_SET = "what a data set does with it, as in dataset.map, is not recorded."


@dataclass(frozen=True)
class Found:
    """A recurrent layer in a model.

    Attributes:
        path: Its name; names joined by "/" for a nested layer; with a number where another
            layer of the model has the same.
        layer: The layer.
    """

    path: str
    layer: Layer


def recurrent_layers(root: Layer) -> list[Found]:
    """Lists the recurrent layers in a model, each once, in the order of the model.

    Args:
        root: A Keras model or layer; may be a recurrent layer itself.

    Returns:
        The layers with their paths below ``root``.
    """
    if isinstance(root, keras.layers.RNN):
        return [Found(root.name, root)]
    return _each_once(_below(root, "", _is_recurrent))


def dropout_layers(root: Layer) -> list[Found]:
    """Lists the Dropout layers in a model, outside of recurrent layers, each once.

    Args:
        root: A Keras model or layer.

    Returns:
        Those that multiply by a mask, with their paths below ``root``.
    """
    return _each_once(_below(root, "", drops_by_mask))


def noise_layers(root: Layer) -> dict[str, str]:
    """Lists the layers that drop or make noise in training otherwise, each with why it is not kept.

    Args:
        root: A Keras model or layer.

    Returns:
        By path, outside of recurrent layers.
    """
    return {
        each.path: (
            f"{type(each.layer).__name__} is not recorded: dropviz records Dropout and "
            "SpatialDropout1D as Keras has them, which multiply by a mask of 0 and one scale."
        )
        for each in _below(root, "", makes_noise)
    }


def layers_by_path(root: Layer) -> dict[str, Layer]:
    """The recurrent layers in a model by their paths."""
    return {found.path: found.layer for found in recurrent_layers(root)}


def cells_without_layer(root: Layer, prefix: str = "") -> dict[str, str]:
    """Lists the cells in a model that no recurrent layer runs, with why they are not recorded."""
    found = {}
    for layer in direct_sublayers(root):
        path = prefix + layer.name
        if isinstance(layer, keras.layers.RNN):
            continue
        if keeps_masks(layer):
            found[path] = (
                f"{type(layer).__name__} is run by code of the model's own; dropviz records "
                "cells that a layer runs, as keras.layers.RNN(cell) does."
            )
        found |= cells_without_layer(layer, f"{path}/")
    return found


def _each_once(found: Iterable[Found]) -> list[Found]:
    """Each layer once, by a path that no other has: a model may hold two of one name."""
    named: dict[int, Found] = {}
    for each in found:
        if id(each.layer) not in named:
            path = free_name([each.path], {other.path for other in named.values()})
            named[id(each.layer)] = Found(path, each.layer)
    return list(named.values())


def _below(parent: Layer, prefix: str, wanted: Callable[[Layer], bool]) -> Iterator[Found]:
    for layer in direct_sublayers(parent):
        path = prefix + layer.name
        if wanted(layer):
            yield Found(path, layer)
        elif not _is_recurrent(layer):
            yield from _below(layer, f"{path}/", wanted)


def _is_recurrent(layer: Layer) -> bool:
    return isinstance(layer, keras.layers.RNN)


def cells(layer: Layer, path: str) -> list[tuple[str, Layer]]:
    """Lists the cells of a recurrent layer with the path of each.

    Args:
        layer: A recurrent layer.
        path: The layer's path.

    Returns:
        One pair for a single cell, whose path is the layer's; one for each of
        stacked cells, whose name is appended.
    """
    if not isinstance(layer.cell, keras.layers.StackedRNNCells):
        return [(path, layer.cell)]
    named: dict[str, Layer] = {}
    for cell in layer.cell.cells:
        named[free_name([f"{path}/{cell.name}"], named)] = cell
    return list(named.items())


def unrecordable(layer: Layer, cell: Layer) -> str:
    """Tells why a cell's masks cannot be recorded; empty where they can."""
    if isinstance(layer, _CONVOLUTIONS):
        return f"{type(layer).__name__} masks images, which dropviz does not record."
    if not keeps_masks(cell):
        return (
            f"its cell {type(cell).__name__} keeps no dropout masks where Keras's own cells "
            "keep them, so there is nothing that dropviz could read."
        )
    rates = [getattr(cell, name, 0.0) for name in RATES]
    if live_rates(cell) is None and not all(isinstance(rate, numbers.Real) for rate in rates):
        return "its dropout is kept as no number, so that dropviz cannot tell its rate."
    return ""


def has_foreign_code(layer: Layer, cell: Layer) -> bool:
    """Whether a layer or its cell computes by code that is neither Keras's nor dropviz's."""
    # Stacked cells are called by what stacks them.
    parts = (layer, layer.cell, cell)
    classes = [type(each) for each in parts]
    calls = [_unwrapped(each) for each in (*(part.call for part in parts), *mask_getters(cell))]
    homes = {str(getattr(each, "__module__", "")).partition(".")[0] for each in (*classes, *calls)}
    return not homes <= {"keras", "dropviz"}


def _unwrapped(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.unwrap(function)


def setting(cell: Layer) -> Setting:
    """Tells which method a cell follows, with its rates and options."""
    live = live_rates(cell)
    if live:
        return live.setting
    if isinstance(cell, MethodCell):
        return cell.setting
    # Keras clamps rates to 0..1, and takes 1 for none (lstm.py, gru.py).
    rates: dict[str, Any] = {name: getattr(cell, name, 0.0) for name in RATES}
    return Setting("keras", **{name: rate for name, rate in rates.items() if 0 <= rate < 1})


def kind(cell: Layer) -> tuple[str, tuple[str, ...]]:
    """Names a cell's kind and its gates in Keras's order."""
    if isinstance(cell, keras.layers.LSTMCell):
        return "LSTM", LSTM_GATES
    if isinstance(cell, keras.layers.GRUCell):
        return "GRU", GRU_GATES
    if isinstance(cell, keras.layers.SimpleRNNCell):
        return "SimpleRNN", RNN_GATES
    return type(cell).__name__, ()
