"""What a layer of the zoo multiplies with, noted as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.methods.method_cell import MethodCell

from .zoo_cells import Notes
from .zoo_layers import Wrapper

Layer = Any
Array = NDArray[np.floating]
Noted = dict[str, Array]  # by place: (steps, gates or 1, samples, entries)
SITES = {
    "forget_gate": "carried",
    "input_gate": "candidate",
    "product_x": "input_product",
    "product_h": "recurrent_product",
}


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer.

    Attributes:
        out: What it gave out.
        ends: Its last states, where it gives them out.
        noted: What it multiplied with; of a Bidirectional, of each direction.
    """

    out: Array
    ends: list[Array]
    noted: list[Noted]


def array(tensor: Any) -> Array:
    return np.array(keras.ops.convert_to_numpy(tensor))


def parts(layer: Layer) -> list[Layer]:
    """The layer, or the two directions of a Bidirectional."""
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]


def recurrent(layer: Layer) -> Layer:
    """The layer that has the options of a recurrent layer."""
    return getattr(layer, "lstm", layer)


@contextmanager
def noting(layer: Layer, steps: int) -> Iterator[Noted]:
    """Notes what one call of a layer multiplies with, filled in when the block ends.

    Keras's loop on TensorFlow runs the cell once more before the first step, for shapes
    (keras/src/backend/tensorflow/rnn.py); only the last ``steps`` count.
    """
    cell: Layer = getattr(layer, "cell", layer)
    cell = cell.cell if isinstance(cell, Wrapper) else cell
    noted: Noted = {}
    holder = next((each for each in (layer, cell) if hasattr(each, "notes")), None)
    if holder is not None:
        holder.notes = Notes(on=True)
        yield noted
        noted.update(_stacked(holder.notes.steps[-steps:]))
        holder.notes = Notes()
    elif isinstance(cell, MethodCell):
        seen: list[Noted] = []
        with _wrapped(cell, "_now", seen), _wrapped(cell, "_at_inference", seen):
            yield noted
        noted.update(_stacked(seen[-steps:]))
    else:
        asked: dict[str, list[Array]] = {"input": [], "recurrent": []}
        with (
            _kept(cell, "get_dropout_mask", asked["input"]),
            _kept(cell, "get_recurrent_dropout_mask", asked["recurrent"]),
        ):
            yield noted
        rates = {"input": cell.dropout, "recurrent": cell.recurrent_dropout}
        for site, masks in asked.items():
            if rates[site] == 1:  # Keras draws these masks, and then leaves them be
                continue
            assert all(np.array_equal(*pair) for pair in pairwise(masks))
            noted.update({site: np.stack([masks[0]] * steps)} if masks else {})


def _stacked(steps: list[Noted]) -> Noted:
    return {place: np.stack([step[place] for step in steps]) for place in (steps or [{}])[0]}


@contextmanager
def _wrapped(cell: Layer, name: str, seen: list[Noted]) -> Iterator[None]:
    original: Callable[..., dict[str, list[Any]]] = getattr(cell, name)

    def noted(*args: Any) -> dict[str, list[Any]]:
        masks = original(*args)
        arrays = {site: [np.atleast_2d(array(m)) for m in each] for site, each in masks.items()}
        seen.append({site: np.stack(each) for site, each in arrays.items()})
        return masks

    setattr(cell, name, noted)
    yield
    delattr(cell, name)


@contextmanager
def _kept(cell: Layer, name: str, seen: list[Array]) -> Iterator[None]:
    original = getattr(cell, name)

    def noted(step_input: Any) -> Any:
        masks = original(step_input)
        if masks is not None:
            each = masks if isinstance(masks, (list, tuple)) else [masks]
            seen.append(np.stack([array(mask) for mask in each]))
        return masks

    setattr(cell, name, noted)
    yield
    delattr(cell, name)


def by_site(noted: Noted) -> Noted:
    """Notes by site, as the truth names sites."""
    found: Noted = {}
    for place, values in noted.items():
        if place == "hidden":
            found["output"] = values
            found["recurrent"] = np.concatenate([np.ones_like(values[:1]), values[:-1]])
        else:
            site = SITES.get(place, place)
            found[site] = found[site] * values if site in found else values
    return found


def run(
    layer: Layer, x: Array, states: list[Array], *, training: bool
) -> tuple[Array, list[Array]]:
    """The layer's own output and, where it returns them, states."""
    out = layer(x, initial_state=states, training=training)
    out, *ends = out if isinstance(out, (list, tuple)) else [out]
    return array(out), [array(end) for end in ends]


def called(layer: Layer, x: Array, states: list[Array], *, training: bool) -> Call:
    """Calls a layer, and notes for each direction what it multiplied with."""
    both = parts(layer)
    with noting(both[0], x.shape[1]) as noted:
        if len(both) == 1:
            out, ends = run(layer, x, states, training=training)
            other: Noted = {}
        else:
            with noting(both[1], x.shape[1]) as other:
                out, ends = run(layer, x, states, training=training)
    return Call(out, ends, [noted, other])
