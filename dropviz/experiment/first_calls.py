"""The first calls of a layer in the harness: whether it runs, and whether on any batch."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dropviz.core.masks import Array
from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import DropvizError
from dropviz.experiment.probe import EVERYTHING
from dropviz.keras_inside.seeding import SEEDS_APART, seed_backend_streams
from dropviz.keras_inside.untracked import set_attributes

if TYPE_CHECKING:
    from dropviz.experiment.harness import Harness

Layer = Any


def check_finite(layer: Layer, weights: list[Array]) -> None:
    """Refuses a layer whose weights are not finite.

    Args:
        layer: The layer.
        weights: Its weights.

    Raises:
        DropvizError: If any is NaN or infinite.
    """
    bad = sum(int(np.count_nonzero(~np.isfinite(w))) for w in weights)
    if bad:
        total = sum(math.prod(w.shape) for w in weights)
        raise DropvizError(
            f"The weights of {layer.name!r} must be finite. Received: {bad} of {total} values are "
            "NaN or infinite. Train with a smaller learning rate, or build the layer again."
        )


def reseed(layer: Layer, seed: int) -> None:
    """Lets the random streams of a layer begin where a seed says."""
    seed_backend_streams(seed)
    number = 0
    for variable in layer.non_trainable_variables:
        if tuple(variable.shape) == (2,) and "int" in str(variable.dtype):
            number += SEEDS_APART.get(keras.config.backend(), 1)
            variable.assign(np.array([(seed + number) % (MOST_SEED + 1), 0]))


def try_first_calls(harness: Harness) -> None:
    """Runs a layer for the first time, at inference and in training.

    Args:
        harness: The layer; it learns which way its steps go.

    Raises:
        DropvizError: If it does not run as Keras's recurrent layers do, or gives no finite values.
    """
    name = harness.layer.name
    try:
        harness.find_direction()
    except Exception as error:
        raise DropvizError(
            f"{name!r} must take layer(x, initial_state=[...], training=...), as "
            f"Keras's own recurrent layers do. Received from it: {_said(error)}."
        ) from error
    try:
        out = harness.run(EVERYTHING)
    except Exception as error:
        raise DropvizError(
            f"{name!r} runs at inference but not in training, with dropout or without dropviz, so "
            "that there are no masks to find. Build it in another way, say without "
            f"implementation=1. Received from it: {_said(error)}."
        ) from error
    bad = np.count_nonzero(~np.isfinite(out))
    if bad:
        raise DropvizError(
            f"{name!r} must give finite values where weights, inputs and states are finite, or no "
            f"mask can be read off them. Received in training: {bad} of {out.size} values are NaN "
            "or infinite. Mend what its steps compute."
        )


def _said(error: Exception) -> str:
    """What an error says, in a line, without what Keras puts around it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith("Exception encountered when calling")]
    said = (own or lines or [type(error).__name__])[0]
    return re.sub(r"^(\{\{.*?\}\} *)+", "", said).rstrip(".")


def free_batch(harness: Harness, seed: int) -> None:
    """Lets a stateful layer run on many samples at once, where that changes nothing.

    A stateful layer keeps its batch size for the sake of the states that it keeps; the
    experiment brings its own states to every run. Not to keep them is tried first: outputs
    that stay the same to the bit, masks and all, show that only that is left out.

    Args:
        harness: The layer; with ``samples`` as many as it keeps states for.
        seed: Where its random streams begin.
    """
    layer, own, many = harness.layer, harness.samples, harness.enough
    if not getattr(layer, "stateful", False) or own >= many:
        return
    reseed(layer, seed)
    keeping = harness.run(EVERYTHING)
    try:
        set_attributes(layer, stateful=False)
        reseed(layer, seed)
        free = bool(np.array_equal(keeping, harness.run(EVERYTHING)))
        harness.samples = many
        harness.run(EVERYTHING)
    except Exception:  # noqa: BLE001 (whatever else keeps it to its batch)
        free = False
    if not free:
        harness.samples = own
        set_attributes(layer, stateful=True)
    reseed(layer, seed)


def kept_samples(layer: Layer) -> int | None:
    """For how many samples a layer keeps states; None where it keeps none."""
    states = keras.tree.flatten(getattr(layer, "states", None) or [])
    return int(states[0].shape[0]) if states else None
