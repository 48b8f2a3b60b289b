"""Where masks are kept while a layer trains: one store for each backend of Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol

import keras

from dropviz.errors import DropvizError, received
from dropviz.keras_inside.device_memory import is_out_of_memory
from dropviz.recording.log_rows import Held, LoggedCall, shares

Tensor = Any

# By Keras's name of a backend, the module that keeps masks there; loaded where it is in use.
STORES = {
    "tensorflow": "dropviz.recording.tensorflow_store",
    "jax": "dropviz.recording.jax_store",
    "torch": "dropviz.recording.torch_store",
}


class Frozen(Protocol):
    """What a store holds by now, cut off from the training that writes to it."""

    @property
    def steps(self) -> Sequence[int]:
        """Steps of each optimizer."""

    def read(self, layer: int, *, by_hand: bool = False) -> Held:
        """Reads back what is held for a layer.

        Args:
            layer: Its number.
            by_hand: Whether no optimizer trains it, so that each of its calls is a batch.
        """

    def last_calls(self) -> Mapping[int, int]:
        """By the number of each layer that trained, how late it did so last; more is later."""


class Store(Protocol):
    """A ring of masks on the device, and a log of calls."""

    @property
    def full(self) -> str:
        """Why there is no room for one more layer; empty where there is."""

    def new_layer(self) -> int:
        """Numbers one more layer, for which there must be room."""

    def new_optimizer(self) -> int:
        """Numbers one more optimizer."""

    def takes(self, model: Any, layers: Sequence[Any]) -> None:
        """Makes sure that what layers write in a model's steps arrives here.

        Args:
            model: The model whose steps Keras runs.
            layers: Its recorded layers.
        """

    def count_step(self, optimizer: int, gradients: Sequence[Tensor]) -> bool:
        """Counts a step of an optimizer, once its gradients are there.

        Args:
            optimizer: Its number.
            gradients: Its gradients.

        Returns:
            Whether ``Frozen.steps`` will tell it: not where a step is only traced.
        """

    def write(self, layer: int, masks: Sequence[Tensor], call: LoggedCall) -> None:
        """Adds the masks of one call.

        Args:
            layer: The layer's number.
            masks: The masks in the order of the layout; may be none.
            call: What is logged of it.
        """

    def newest(self, layer: int, calls: int) -> Held:
        """Reads back the last calls of a layer alone.

        Args:
            layer: The layer's number.
            calls: How many rows of the log to look at, at the most.
        """

    def restart(self) -> None:
        """Forgets all that was written; steps go on writing, from the beginning."""

    def resting(self) -> AbstractContextManager[None]:
        """Forgets, after the block, what was written inside it."""

    def frozen(self) -> Frozen:
        """What is held by now."""

    def release(self) -> None:
        """Gives the memory back; later writes go nowhere and do no harm."""


def make_store(budget_mib: float, dtype: str, every: int) -> Store:
    """Makes an empty store of the backend that Keras runs on.

    Args:
        budget_mib: MiB for all that is kept.
        dtype: Floating type to keep masks in.
        every: Keep the masks of each ``every``-th batch of a layer only.

    Returns:
        The store.

    Raises:
        DropvizError: If dropviz does not record on that backend, or the device has no room.
    """
    backend = keras.config.backend()
    if backend not in STORES:
        raise DropvizError(
            f"dropviz records with Keras on {', '.join(STORES)}. Received: backend={backend!r}. "
            "Set KERAS_BACKEND to one of them before Keras is imported."
        )
    try:
        store: Store = import_module(STORES[backend]).Store(
            *shares(int(budget_mib * 2**20)), dtype, every
        )
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise DropvizError(
            f"The device has no room for a recording of {received(budget_mib)} MiB. Give a "
            "smaller budget_mib, or close what else uses its memory."
        ) from error
    return store
