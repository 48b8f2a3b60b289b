"""The layers inside a layer.

Keras offers no public walk that enters wrappers such as ``Bidirectional`` and
``TimeDistributed``. Leans on ``Layer._flatten_layers`` (keras/src/layers/layer.py); tried
with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from typing import Any

Layer = Any  # Keras has no type stubs


def direct_sublayers(layer: Layer) -> list[Layer]:
    """Lists the layers that a layer holds itself, those that wrap others included."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def layer_and_sublayers(layer: Layer) -> list[Layer]:
    """Lists a layer and all layers in it, however deep."""
    return list(layer._flatten_layers())
