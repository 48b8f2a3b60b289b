"""A look at a model that leaves no trace in its training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.core.random_streams import process_streams_kept
from dropviz.keras_inside.jax_state import bring_home, non_trainable_without_riders
from dropviz.keras_inside.seeding import (
    backend_streams_kept,
    forget_shared_generator,
    shared_generator,
)
from dropviz.recording.find_layers import recurrent_layers

Model = Any


@contextmanager
def undisturbed(model: Model) -> Iterator[None]:
    """Puts back, after the block, all that a forward pass changes in a model.

    Keras draws dropout masks at inference too (``RNN.call``, keras/src/layers/rnn/
    rnn.py), so that one ``evaluate`` between two epochs changes the training that
    follows. Seed states, metrics, the states of stateful layers and other
    non-trainable variables are restored here; and the random streams of Python, NumPy,
    Keras and PyTorch, from which a layer of one's own may draw.

    Args:
        model: A built Keras model.

    Yields:
        Nothing.
    """
    bring_home(model)
    variables = non_trainable_without_riders(model) + list(model.metrics_variables)
    for found in recurrent_layers(model):
        variables += keras.tree.flatten(found.layer.states) if found.layer.states else []
    shared = shared_generator()
    variables += [shared.state] if shared is not None else []
    before = [keras.ops.copy(variable.value) for variable in variables]
    try:
        with process_streams_kept(), backend_streams_kept():
            yield
    finally:
        bring_home(model)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        if shared is None:
            forget_shared_generator()
