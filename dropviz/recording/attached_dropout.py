"""A ``Dropout`` layer that is being recorded, and between which recurrent layers it stands."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import keras

from dropviz.core.draw_log import MaskPlan
from dropviz.core.setting import Setting
from dropviz.keras_inside.cell_masks import generator_of
from dropviz.keras_inside.data_sets import is_for_a_data_set
from dropviz.keras_inside.dropout_mask import (
    call_with_mask,
    has_rank,
    replace_call,
    restore_call,
)
from dropviz.keras_inside.gradient_tape import under_gradient_tape
from dropviz.keras_inside.inner_loop import is_look
from dropviz.recording.find_layers import IN_DATA_SET
from dropviz.recording.log_rows import LoggedCall
from dropviz.recording.mask_layout import Layout, SiteLayout
from dropviz.recording.neighbours import Neighbours
from dropviz.recording.readback import Facts
from dropviz.recording.store import Store
from dropviz.recording.trained_by import TrainedBy

Layer = Any
Tensor = Any

# Axes of a sequence, and of a last output; pictures have more.
_AXES = _VECTORS, _SEQUENCES = 2, 3


class AttachedDropout:
    """One recorded Dropout or SpatialDropout1D layer.

    Attributes:
        path: Its name in the recording.
        layer: Gives the layer, or None where that is gone.
        unable: Why some of its calls cannot be recorded; empty where all can.
        trained_by: What was seen to train its model.
    """

    def __init__(
        self, store: Store, layer: Layer, path: str, neighbours: Neighbours, model: Layer
    ) -> None:
        self.path = path
        self.trained_by = TrainedBy(model)
        self.layer = weakref.ref(layer)
        self._store = store
        self._neighbours = neighbours
        self.unable = ""
        self._number = store.new_layer()
        self._layouts: list[Layout] = []
        self._facts = Facts(
            path=path,
            number=self._number,
            kind=type(layer).__name__,
            gates=(),
            units=0,
            setting=Setting(),
        )

    @property
    def has_dropped(self) -> bool:
        """Whether it has drawn a mask that is kept here."""
        return bool(self._layouts)

    def attach(self, layer: Layer) -> None:
        """Begins to listen to the calls of the layer."""
        original = type(layer).call
        myself = self.layer

        def call(inputs: Tensor, training: bool = False) -> Tensor:  # noqa: FBT001, FBT002
            mine: Layer = myself()
            drops = training and mine.rate
            if is_for_a_data_set() and drops:
                self.unable = IN_DATA_SET
            if is_look() or not drops or not self._able(mine, inputs):
                return original(mine, inputs, training=training)
            outputs, mask = call_with_mask(mine, inputs)
            self._heard(mine, mask)
            self._neighbours.passes(self.path, inputs, outputs)
            return outputs

        replace_call(layer, call)

    def detach(self) -> None:
        """Lets go of the layer."""
        layer = self.layer()
        if layer is not None:
            restore_call(layer)

    def _able(self, layer: Layer, inputs: Tensor) -> bool:
        """Whether a call can be recorded; if not, why is kept."""
        shape = tuple(inputs.shape) if has_rank(inputs) else ()
        if len(shape) not in _AXES:
            self.unable = "it drops what is neither a sequence nor a vector of numbers."
        elif shape[-1] is None:
            self.unable = "the last axis of what it drops has no fixed length."
        elif generator_of(layer) is None:
            self.unable = "its seed_generator is no keras.random.SeedGenerator any more."
        else:
            return True
        return False

    def _heard(self, layer: Layer, mask: Tensor) -> None:
        shape = keras.ops.shape(mask)
        by_step = len(mask.shape) == _SEQUENCES and not isinstance(
            layer, keras.layers.SpatialDropout1D
        )
        steps = shape[1] if len(mask.shape) == _SEQUENCES else 1
        # One mask for all steps is kept once.
        rows = mask if len(mask.shape) == _VECTORS else mask[:, 0]
        kept = keras.ops.transpose(mask, (1, 0, 2)) if by_step else rows
        units = int(mask.shape[-1])
        plan = MaskPlan("between", 1, units, float(layer.rate), by_step)
        layout = Layout((SiteLayout(plan, drawn=True),), str(layer.compute_dtype))
        if layout not in self._layouts:
            self._layouts.append(layout)
        self._store.write(
            self._number,
            [kept],
            LoggedCall(
                trains=under_gradient_tape(),
                samples=shape[0],
                steps=steps,
                carried=False,
                state=layer.seed_generator.state.value,
                layout=self._layouts.index(layout),
                rates=[float(layer.rate), 0.0],
            ),
        )
        self._facts = replace(self._facts, units=units)

    def facts(self) -> Facts:
        """What is known of the layer without its masks."""
        follows, feeds = self._neighbours.of(self.path)
        return replace(
            self._facts,
            layouts=tuple(self._layouts),
            follows=follows,
            feeds=feeds,
            by_hand=self.trained_by.by_hand,
        )
