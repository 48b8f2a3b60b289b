"""Turns the masks of a model's layers on, or off, in calls that are no training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.method_options import RATES
from dropviz.keras_inside.cell_masks import forget_masks, generator_of, keep_masks, kept_masks
from dropviz.keras_inside.dropout_mask import replace_call
from dropviz.keras_inside.inner_loop import class_inner_loop, replaced_inner_loop
from dropviz.keras_inside.seeding import backend_streams, put_streams_back
from dropviz.keras_inside.untracked import attributes_kept
from dropviz.methods.method_cell import MethodCell
from dropviz.recording.find_layers import Found, cells, setting

Layer = Any
Tensor = Any
Call = Callable[..., Any]
Rows = NDArray[np.int64]  # for each row of a call, which of the drawn masks it has


class Dropping:
    """Turns the masks of some layers on, and of these alone.

    Attributes:
        one_for_all: Whether a mask is shared by all samples of a call.
        steps: By recurrent layer's path, the most time steps that it met.
        strange: Layers whose first axis was not that of the samples, so that none could share.
    """

    def __init__(self, found: list[Found], between: list[Found]) -> None:
        self._found = found
        self._recurrent = [each.layer for each in found]
        self._between = [each.layer for each in between]
        self._cells = [cell for each in found for _, cell in cells(each.layer, each.path)]
        owners = [*self._cells, *self._between]
        streams = [generator_of(each) for each in owners]
        self._streams = [each.state for each in streams if each is not None]
        rules = [rule for cell in self._cells for rule in setting(cell).rules]
        shapes = [getattr(each, "noise_shape", None) for each in self._between]
        # What shares one mask in a call must be called once for each pass.
        self.one_for_all = any(rule.rate and not rule.by_sample for rule in rules) or any(
            shape is not None and shape[0] is not None for shape in shapes
        )
        self.steps: dict[str, int] = {}
        self.strange: dict[str, None] = {}

    def states(self) -> tuple[list[Tensor], list[Any]]:
        """Where the streams are: those of the layers, and the backend's own."""
        return [keras.ops.copy(each.value) for each in self._streams], backend_streams()

    def go_back_to(self, states: tuple[list[Tensor], list[Any]]) -> None:
        """Puts the streams back."""
        for stream, state in zip(self._streams, states[0], strict=True):
            stream.assign(state)
        put_streams_back(states[1])

    @contextmanager
    def on(self, shared: Rows | None) -> Iterator[None]:
        """Has the layers drop inside the block.

        Args:
            shared: For each row of the call, which of the drawn masks it has; None where each
                has its own.
        """
        with ExitStack() as stack:
            stack.enter_context(attributes_kept([*self._recurrent, *self._between]))
            for each in self._found:
                replace_call(each.layer, self._noting(each.path, _told(each.layer, training=True)))
                if shared is not None:
                    loop = self._sharing(each.layer, shared)
                    stack.enter_context(replaced_inner_loop(each.layer, loop))
            for layer in self._between:
                own = _told(layer, training=True)
                replace_call(layer, own if shared is None else self._one(layer, shared))
            for cell in self._cells:
                stack.callback(forget_masks, cell)
            yield

    @contextmanager
    def off(self) -> Iterator[None]:
        """Has the layers drop nothing inside the block, whatever they are told."""
        layers = [*self._recurrent, *self._between]
        with attributes_kept(layers):
            for layer in layers:
                replace_call(layer, _told(layer, training=False))
            yield

    def _noting(self, path: str, call: Call) -> Call:
        """A call of a recurrent layer that notes how many steps it met."""

        def noted(sequences: Tensor, *args: Any, **kwargs: Any) -> Any:
            self.steps[path] = max(self.steps.get(path, 0), sequences.shape[1])
            return call(sequences, *args, **kwargs)

        return noted

    def _one(self, layer: Layer, shared: Rows) -> Call:
        """The call of a Dropout layer of which rows share masks."""
        own = layer.call

        def call(inputs: Tensor, training: bool = False) -> Tensor:  # noqa: FBT001, FBT002
            del training
            mask = own(keras.ops.ones_like(inputs), training=True)
            if len(inputs) != len(shared):
                self.strange[layer.name] = None
                return inputs * mask
            return inputs * keras.ops.take(mask, shared, axis=0)

        return call

    def _sharing(self, layer: Layer, shared: Rows) -> Call:
        """The loop of a recurrent layer of which rows share masks, once they are drawn."""

        def inner_loop(sequences: Tensor, *args: Any, **kwargs: Any) -> Any:
            if len(sequences) != len(shared):
                self.strange[layer.name] = None
            else:
                for _, cell in cells(layer, layer.name):
                    _share(cell, shared)
            return class_inner_loop(layer)(sequences, *args, **kwargs)

        return inner_loop


def _told(layer: Layer, *, training: bool) -> Call:
    """The call of a layer, as in training or not, whatever it is told."""
    own = layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        return own(*args, **{**kwargs, "training": training})

    return call


def _share(cell: Layer, shared: Rows) -> None:
    if isinstance(cell, MethodCell):
        # Axis 2 is that of samples; weights have one mask for all.
        cell.masks = {
            site: masks if masks.shape[2] == 1 else keras.ops.take(masks, shared, axis=2)
            for site, masks in cell.masks.items()
        }
        return
    for argument in RATES:
        masks = kept_masks(cell, argument)
        if masks is not None:
            rows = keras.tree.map_structure(lambda m: keras.ops.take(m, shared, axis=0), masks)
            keep_masks(cell, argument, rows)
