"""Which recurrent layer a Dropout layer reads from, and which one reads from it.

Told by the tensors themselves while a model is called: what one layer returned is what the next
is given.
"""

from __future__ import annotations

import weakref
from typing import Any

Tensor = Any

_MANY = 1000  # from here on those that are gone are forgotten


class Neighbours:
    """What passed from layer to layer."""

    def __init__(self) -> None:
        # Tensors have no hash, and their equality is another tensor.
        self._made: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._follows: dict[str, str] = {}
        self._feeds: dict[str, str] = {}

    def returns(self, path: str, *tensors: Tensor) -> None:
        """Notes what a recurrent layer returned."""
        if len(self._made) > _MANY:
            self._made = {key: each for key, each in self._made.items() if each[0]() is not None}
        self._made |= {id(tensor): (weakref.ref(tensor), path) for tensor in tensors}

    def reads(self, path: str, tensor: Tensor) -> None:
        """Notes what a recurrent layer was given."""
        source = self._source(tensor)
        if source in self._follows:
            self._feeds[source] = path

    def passes(self, path: str, inputs: Tensor, outputs: Tensor) -> None:
        """Notes what a Dropout layer was given and returned."""
        self._follows[path] = self._source(inputs)
        self.returns(path, outputs)

    def of(self, path: str) -> tuple[str, str]:
        """The recurrent layers before and after a Dropout layer; empty where there is none."""
        return self._follows.get(path, ""), self._feeds.get(path, "")

    def _source(self, tensor: Tensor) -> str:
        # A tensor that is gone has left its number to another.
        made, path = self._made.get(id(tensor), (None, ""))
        return path if made is not None and made() is tensor else ""
