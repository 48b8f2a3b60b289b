"""Notes the layers that train in other threads than the one that is recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.keras_inside import hooks
from dropviz.keras_inside.inner_loop import is_look
from dropviz.keras_inside.replica_threads import in_replica_thread

_ELSEWHERE = (
    "it trained in another thread than the one that is recorded; dropviz.record(model) hears a "
    "model in every thread."
)


@contextmanager
def layers_of_other_threads(skipped: dict[str, str]) -> Iterator[None]:
    """Notes the recurrent layers that train in another thread while the block runs.

    Args:
        skipped: By the name of a layer, why it is not recorded; they are added.
    """
    mine = threading.get_ident()

    def on_call(layer: Any, *_: Any, **kwargs: Any) -> None:
        here = threading.get_ident() == mine or in_replica_thread()
        if not here and kwargs.get("training") and not is_look():
            skipped.setdefault(layer.name, _ELSEWHERE)

    with hooks.before(keras.layers.RNN, "call", on_call, any_thread=True):
        yield
