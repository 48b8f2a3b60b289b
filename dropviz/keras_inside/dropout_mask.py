"""The mask of a ``Dropout`` layer, which Keras draws and multiplies with in one step.

Leans on ``Dropout.call`` and ``BaseSpatialDropout.call`` (keras/src/layers/regularization/
dropout.py, spatial_dropout.py) drawing from ``self.seed_generator`` through its ``next``, once;
on its ``_initial_seed`` (keras/src/random/seed_generator.py); and on ``Layer.__call__`` looking
``call`` up on the layer (keras/src/layers/layer.py). Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

import numbers
import weakref
from typing import Any

import keras

from dropviz.keras_inside.seeding import backend_streams, put_streams_back
from dropviz.keras_inside.untracked import remove_attribute, set_attributes

Layer = Any
Tensor = Any

_CALLS = (keras.layers.Dropout.call, keras.layers.SpatialDropout1D.call)
_NOISE = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)
_NAME = "call"
_replaced = weakref.WeakSet[Any]()


def drops_by_mask(layer: Layer) -> bool:
    """Whether a layer multiplies what it is given by a mask, as Keras's own two layers do."""
    return isinstance(layer, keras.layers.Dropout) and type(layer).call in _CALLS


def makes_noise(layer: Layer) -> bool:
    """Whether a layer drops or makes noise in training in another way than by such a mask."""
    if not isinstance(layer, _NOISE) or drops_by_mask(layer):
        return False
    rate = getattr(layer, "rate", None)
    strength = getattr(layer, "stddev", 0.0) if rate is None else rate
    # A layer of somebody's own may keep a variable or a function there, which is not to be read
    # while a graph is traced.
    return not isinstance(strength, numbers.Real) or float(strength) > 0


def has_own_call(layer: Layer) -> bool:
    """Whether a layer's call is replaced, by this module."""
    return vars(layer).get(_NAME) in _replaced


def has_foreign_call(layer: Layer) -> bool:
    """Whether somebody else has given this one layer another call."""
    return _NAME in vars(layer) and not has_own_call(layer)


def replace_call(layer: Layer, call: Any) -> None:
    """Gives a layer another call, until ``restore_call``; takes (inputs, training=False)."""
    _replaced.add(call)
    set_attributes(layer, call=call)


def restore_call(layer: Layer) -> None:
    """Gives a layer back the call of its class; leaves what others have put there since."""
    if has_own_call(layer):
        remove_attribute(layer, _NAME)


def has_rank(tensor: Tensor) -> bool:
    """Whether it is known how many axes a tensor has; TensorFlow may not know it."""
    return getattr(tensor.shape, "rank", 0) is not None


def call_with_mask(layer: Layer, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Calls a Dropout layer that trains, and draws its mask once more from the same seed.

    Args:
        layer: A layer with a rate above 0.
        inputs: What it is given.

    Returns:
        Its outputs, to the bit those of a plain call, and the mask, of the shape of the inputs.
    """
    generator = layer.seed_generator
    streams = backend_streams()
    set_attributes(layer, seed_generator=_OneSeed(generator))
    try:
        outputs = type(layer).call(layer, inputs, training=True)
        put_streams_back(streams)  # the second draw takes them as far as the first did
        mask = type(layer).call(layer, keras.ops.ones_like(inputs), training=True)
    finally:
        set_attributes(layer, seed_generator=generator)
    return outputs, mask


class _OneSeed(keras.random.SeedGenerator):  # type: ignore[misc]
    """Draws from a generator once, and gives the same seed again when asked again."""

    def __init__(self, generator: Any) -> None:
        # Keras's own would make a variable.
        self._generator = generator
        self._initial_seed = generator._initial_seed  # without one, PyTorch draws elsewhere
        self._seed: Tensor = None

    def next(self, ordered: bool = True) -> Tensor:  # noqa: FBT001, FBT002 (Keras's own)
        if self._seed is None:
            self._seed = self._generator.next(ordered)
        return self._seed
