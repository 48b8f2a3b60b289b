"""The Dropout layers of the models whose recurrent layers are recorded."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from dropviz.keras_inside.dropout_mask import has_foreign_call, has_own_call
from dropviz.recording.attached_dropout import AttachedDropout
from dropviz.recording.find_layers import dropout_layers
from dropviz.recording.neighbours import Neighbours
from dropviz.recording.readback import Facts
from dropviz.recording.store import Store

Layer = Any
Variable = Any

_FOREIGN = "its call was replaced by other code."


class AttachedDropouts:
    """Attaches to Dropout layers, and lets go of them again.

    Attributes:
        neighbours: Between which recurrent layers they stand.
    """

    def __init__(self, store: Store) -> None:
        self.neighbours = Neighbours()
        self._refused: dict[str, str] = {}
        self._foreign: weakref.WeakSet[Layer] = weakref.WeakSet()
        self._store = store
        self._attached: list[AttachedDropout] = []

    @property
    def paths(self) -> list[str]:
        """Their names in the recording."""
        return [each.path for each in self._attached]

    def attach(
        self, root: Layer, free_name: Callable[[str, str], str], model: str = ""
    ) -> list[str]:
        """Begins to record the Dropout layers of a model.

        Args:
            root: The model.
            free_name: Gives a name that no other layer has, from a path and a model's name.
            model: The model's name, where it tells its layers apart.

        Returns:
            The names of those that are recorded now and were not before.
        """
        before = len(self._attached)
        for each in dropout_layers(root):
            if has_own_call(each.layer) or each.layer in self._foreign:
                continue
            path = free_name(each.path, model)
            if has_foreign_call(each.layer):
                self._foreign.add(each.layer)
                self._refused[path] = _FOREIGN
            elif self._store.full:
                self._refused[path] = self._store.full
            else:
                made = AttachedDropout(self._store, each.layer, path, self.neighbours, root)
                made.attach(each.layer)
                self._attached.append(made)
        return self.paths[before:]

    @property
    def refused(self) -> dict[str, str]:
        """By the name of each of which no call, or not every one, is recorded: why."""
        unable = {each.path: each.unable for each in tuple(self._attached) if each.unable}
        return self._refused | unable

    def layers(self) -> list[Layer]:
        """Those that are still there."""
        return [layer for each in self._attached if (layer := each.layer()) is not None]

    def step(self, variables: Sequence[Variable]) -> None:
        """Notes a step of an optimizer, which changes some variables."""
        for each in self._attached:
            each.trained_by.step(variables)

    def detach(self) -> None:
        """Lets go of the layers."""
        for each in self._attached:
            each.detach()

    @property
    def silent(self) -> set[str]:
        """The names of those that dropped nothing: their rate is 0, or nobody trained them."""
        return {each.path for each in tuple(self._attached) if not each.has_dropped}

    def facts(self) -> list[Facts]:
        """What is known of each that dropped something, without its masks."""
        return [each.facts() for each in tuple(self._attached) if each.has_dropped]
