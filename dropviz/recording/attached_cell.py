"""A cell that is being recorded: what is read of each of its calls."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from dropviz.keras_inside.cell_masks import generator_of
from dropviz.keras_inside.gradient_tape import under_gradient_tape
from dropviz.recording.find_layers import has_foreign_code
from dropviz.recording.log_rows import LoggedCall
from dropviz.recording.mask_layout import Layout, rates_of, read_masks
from dropviz.recording.readback import Facts
from dropviz.recording.store import Store
from dropviz.recording.trained_by import TrainedBy

Layer = Any


class AttachedCell:
    """One recorded cell.

    Attributes:
        path: Its name in the recording.
        layer: Gives the layer that it belongs to, or None where that is gone.
        trained_by: What was seen to train that layer.
    """

    def __init__(self, store: Store, layer: Layer, cell: Layer, path: str) -> None:
        self.path = path
        self.layer = weakref.ref(layer)
        self.trained_by = TrainedBy(layer)
        self._store = store
        self._number = store.new_layer()
        self._cell = weakref.ref(cell)
        self._layouts: list[Layout] = []
        self._untrained = False
        self._foreign = has_foreign_code(layer, cell)
        self._backwards, self._stateful = bool(layer.go_backwards), bool(layer.stateful)
        self._facts = Facts.of(path, self._number, cell)

    def heard(self, sequences: Any, state: Any, *, training: bool) -> None:
        """Keeps the masks that the cell has drawn for this call, if it trains."""
        trains = under_gradient_tape()
        if not training:
            # A gradient is taken, and nothing is dropped.
            self._untrained |= trains
            return
        cell = self._cell()
        layout, masks = read_masks(cell, sequences.shape[0])
        if layout not in self._layouts:
            self._layouts.append(layout)
        shape = keras.ops.shape(sequences)
        generator = generator_of(cell)
        self._store.write(
            self._number,
            masks,
            LoggedCall(
                trains=trains,
                samples=shape[0],
                steps=shape[1],
                carried=keras.ops.any(keras.tree.flatten(state)[0] != 0),
                state=generator.state.value if generator is not None else np.zeros(2, np.int64),
                layout=self._layouts.index(layout),
                rates=rates_of(cell),
            ),
        )
        self._facts = Facts.of(self.path, self._number, cell)

    def facts(self) -> Facts:
        """What is known of the cell without its masks."""
        cell = self._cell()
        known = self._facts if cell is None else Facts.of(self.path, self._number, cell)
        return replace(
            known,
            layouts=tuple(self._layouts),
            untrained=self._untrained,
            by_hand=self.trained_by.by_hand,
            foreign=self._foreign,
            backwards=self._backwards,
            stateful=self._stateful,
        )
