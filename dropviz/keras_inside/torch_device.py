"""The device that Keras computes on with PyTorch.

Keras has no public question for it. Leans on ``get_device`` of keras/src/backend/torch/core.py,
which says "meta" while Keras works out shapes and no numbers. Tried with Keras 3.15.1.
"""

from __future__ import annotations


def training_device() -> str:
    """The device on which Keras makes variables, as "cpu", "cuda" or "mps"."""
    from keras.src.backend.torch.core import get_device

    return str(get_device())


def is_symbolic() -> bool:
    """Whether Keras works out shapes alone, here and now."""
    return training_device() == "meta"
