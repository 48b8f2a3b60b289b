"""The recurrent layers that are being recorded, and those that cannot be."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from dropviz.errors import DropvizError
from dropviz.keras_inside.data_sets import is_for_a_data_set
from dropviz.keras_inside.inner_loop import (
    has_foreign_inner_loop,
    has_own_inner_loop,
    is_look,
    replace_inner_loop,
    restore_inner_loop,
)
from dropviz.recording.attached_cell import AttachedCell
from dropviz.recording.find_layers import IN_DATA_SET, cells, unrecordable
from dropviz.recording.neighbours import Neighbours
from dropviz.recording.readback import Facts
from dropviz.recording.store import Store

Layer = Any
Variable = Any


class AttachedCells:
    """Attaches to recurrent layers, and lets go of them again.

    Attributes:
        paths: The names of the recorded cells.
    """

    def __init__(
        self,
        store: Store,
        neighbours: Neighbours,
        on_call: Callable[[], None],
        skipped: dict[str, str],
    ) -> None:
        """Attaches to none yet.

        Args:
            store: Keeps their masks.
            neighbours: Is told what passes from layer to layer.
            on_call: Called before each call of a recorded layer.
            skipped: Is given, by the name of each cell that cannot be recorded, why.
        """
        self._on_call = on_call
        self._skipped = skipped
        self._store = store
        self._neighbours = neighbours
        self._attached: dict[str, AttachedCell] = {}
        self._mine = weakref.WeakSet[Layer]()
        self._unable = weakref.WeakSet[Layer]()

    @property
    def paths(self) -> list[str]:
        """Their names in the recording."""
        return list(self._attached)

    def knows(self, layer: Layer) -> bool:
        """Whether a layer is recorded, or is known not to be recordable."""
        return has_own_inner_loop(layer) or layer in self._unable

    def is_anothers(self, layer: Layer) -> bool:
        """Whether a layer is recorded, and not here."""
        return has_own_inner_loop(layer) and layer not in self._mine

    def attach(self, layer: Layer, path: str) -> None:
        """Begins to record a layer; of a cell that cannot be recorded the reason is kept.

        Args:
            layer: The layer.
            path: Its name, which no other has.

        Raises:
            DropvizError: If it is being recorded already.
        """
        if has_own_inner_loop(layer):
            raise DropvizError(
                f"{path!r} is being recorded already. Expected one recording of a layer at a "
                "time; leave the other record() block first, or take %%lstm_dropout off the cell."
            )
        able: list[tuple[AttachedCell, int]] = []
        for number, (cell_path, cell) in enumerate(cells(layer, path)):
            reason = unrecordable(layer, cell) or self._store.full
            if has_foreign_inner_loop(layer):
                reason = "its inner_loop was replaced by other code, past which nothing is heard."
            if reason:
                self._skipped[cell_path] = reason
            else:
                able.append((AttachedCell(self._store, layer, cell, cell_path), number))
        if not able:
            self._unable.add(layer)
            return
        self._attached |= {each.path: each for each, _ in able}
        self._mine.add(layer)
        replace_inner_loop(layer, self._heard_loop(layer, path, able))

    def layers(self) -> dict[str, Layer]:
        """The recorded layers that are still there, by their names."""
        there = {path: each.layer() for path, each in tuple(self._attached.items())}
        return {path: layer for path, layer in there.items() if layer is not None}

    def step(self, variables: Sequence[Variable]) -> None:
        """Notes a step of an optimizer, which changes some variables."""
        for each in tuple(self._attached.values()):
            each.trained_by.step(variables)

    def detach(self) -> None:
        """Lets go of the layers."""
        for layer in self.layers().values():
            restore_inner_loop(layer)

    def facts(self) -> list[Facts]:
        """What is known of each without its masks."""
        return [each.facts() for each in tuple(self._attached.values())]

    def _heard_loop(
        self, layer: Layer, path: str, able: Sequence[tuple[AttachedCell, int]]
    ) -> Callable[..., Any]:
        """The loop of a layer over its steps, which tells each of its cells what came by."""
        # By its class: its own would hold the layer in a circle.
        original = type(layer).inner_loop
        myself, neighbours, on_call = weakref.ref(layer), self._neighbours, self._on_call
        skipped = self._skipped

        @functools.wraps(original)
        def inner_loop(
            sequences: Any,
            initial_state: Any,
            mask: Any,
            training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
        ) -> Any:
            if not is_look():
                on_call()
                for each, number in able:
                    # Of stacked cells the states of one; of a single cell its first, which is h.
                    each.heard(sequences, initial_state[number], training=training)
            elif is_for_a_data_set() and training:
                skipped.update({each.path: IN_DATA_SET for each, _ in able})
            # By keyword, as Keras calls it: a loop of somebody's own may take no other way.
            returned = original(
                myself(),
                sequences=sequences,
                initial_state=initial_state,
                mask=mask,
                training=training,
            )
            if not is_look():
                last, every, _ = returned
                neighbours.reads(path, sequences)
                neighbours.returns(path, last, every)
            return returned

        return inner_loop
