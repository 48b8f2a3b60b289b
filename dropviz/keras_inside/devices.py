"""What Keras computes on, whatever the backend.

``keras.distribution.list_devices`` is not there on PyTorch, and on JAX fails where it is asked for
a kind that is not there. Tried with Keras 3.15.1.
"""

from __future__ import annotations

import keras


def device_names() -> list[str]:
    """The devices of this process by Keras's names, as "cpu:0" or "gpu:0"."""
    if keras.backend.backend() == "torch":
        from dropviz.keras_inside.torch_device import training_device

        return [training_device()]
    return list(keras.distribution.list_devices())


def has_gpu() -> bool:
    """Whether Keras sees a GPU here."""
    return not all(name.startswith("cpu") for name in device_names())
