"""Whether a gradient could be taken of what is computed now.

TensorFlow has no public question for it; this leans on ``could_possibly_record`` of
tensorflow/python/eager/record.py, tried with TensorFlow 2.18.0, 2.19.1 and 2.21.0. Nor has JAX:
this leans on ``trace_ctx.trace`` of jax/_src/core.py, the transformation under way, on the
``parent_trace`` that each has, and on the names of those of jax/_src/interpreters/ad.py, tried
with JAX 0.10.2. PyTorch has one.
"""

from __future__ import annotations

import keras

_DIFFERENTIATES = ("JVPTrace", "LinearizeTrace")


def under_gradient_tape() -> bool:
    """Whether a gradient could be taken here and now, also while a graph is traced.

    With TensorFlow where a ``tf.GradientTape`` is open in this thread, with JAX inside
    ``jax.grad`` and its kin, with PyTorch everywhere but in ``torch.no_grad`` and its kin.
    """
    return _ASKED[keras.config.backend()]()


def _tensorflow() -> bool:
    from tensorflow.python.eager import record

    recording: bool = record.could_possibly_record()
    return recording


def _jax() -> bool:
    from jax._src import core

    trace = core.trace_ctx.trace
    while trace is not None:
        if type(trace).__name__ in _DIFFERENTIATES:
            return True
        trace = getattr(trace, "parent_trace", None)
    return False


def _torch() -> bool:
    import torch

    enabled: bool = torch.is_grad_enabled()
    return enabled


_ASKED = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
