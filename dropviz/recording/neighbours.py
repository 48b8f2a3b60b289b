"""Which recurrent layer a Dropout layer reads from, and which one reads from it.

Told by the tensors themselves while a model is called: what one layer returned is what the next
is given. ``Bidirectional`` makes one tensor of those of its two layers, so it counts as one.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.keras_inside import hooks
from dropviz.keras_inside.inner_loop import is_look

Layer = Any
Tensor = Any

_MANY = 1000  # from here on those that are gone are forgotten


class Neighbours:
    """What passed from layer to layer."""

    def __init__(self) -> None:
        # Tensors have no hash, and their equality is another tensor.
        self._made: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._follows: dict[str, list[str]] = {}  # "" is what no recurrent layer returned
        self._feeds: dict[str, list[str]] = {}

    def returns(self, path: str, *tensors: Tensor) -> None:
        """Notes what a recurrent layer, or one that holds some, returned."""
        if len(self._made) > _MANY:
            self._made = {key: each for key, each in self._made.items() if each[0]() is not None}
        self._made |= {id(tensor): (weakref.ref(tensor), path) for tensor in tensors}

    def reads(self, path: str, tensor: Tensor) -> None:
        """Notes what a recurrent layer, or one that holds some, was given."""
        source = self._source(tensor)
        if source not in self._follows:
            return
        fed = self._feeds.setdefault(source, [])
        # What a layer that holds it was given has been noted before.
        if not any(path == each or path.startswith(f"{each}/") for each in fed):
            fed.append(path)

    def passes(self, path: str, inputs: Tensor, outputs: Tensor) -> None:
        """Notes what a Dropout layer was given and returned."""
        before, source = self._follows.setdefault(path, []), self._source(inputs)
        if source not in before:
            before.append(source)
        self.returns(path, outputs)

    def of(self, path: str) -> tuple[str, str]:
        """The layers before and after a Dropout layer; empty where there is none or several."""
        return _only(self._follows.get(path, [])), _only(self._feeds.get(path, []))

    @contextmanager
    def hearing_both_directions(
        self, name: Callable[[Layer], str], *, any_thread: bool
    ) -> Iterator[None]:
        """Listens to every ``Bidirectional`` layer inside the block.

        Args:
            name: Names such a layer.
            any_thread: Whether those that other threads call are heard too.
        """

        def given(layer: Layer, sequences: Tensor, *_: Any, **__: Any) -> None:
            if not is_look():
                self.reads(name(layer), sequences)

        def made(returned: Any, layer: Layer, *_: Any, **__: Any) -> None:
            if not is_look():
                self.returns(name(layer), *keras.tree.flatten(returned))

        both = keras.layers.Bidirectional
        with (
            hooks.before(both, "call", given, any_thread=any_thread),
            hooks.after(both, "call", made, any_thread=any_thread),
        ):
            yield

    def _source(self, tensor: Tensor) -> str:
        # A tensor that is gone has left its number to another.
        made, path = self._made.get(id(tensor), (None, ""))
        return path if made is not None and made() is tensor else ""


def _only(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else ""
