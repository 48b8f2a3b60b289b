"""Whether an error says that a device has no memory left.

Backends have no error in common: TensorFlow's ``ResourceExhaustedError``, JAX's
``JaxRuntimeError`` whose text begins with RESOURCE_EXHAUSTED (jaxlib), and PyTorch's
``OutOfMemoryError`` on a GPU or, on the processor, a ``RuntimeError`` of its
``DefaultCPUAllocator``. Tried with TensorFlow 2.21.0, JAX 0.10.2 and PyTorch 2.14.1.
"""

from __future__ import annotations

_NAMES = ("ResourceExhaustedError", "OutOfMemoryError")
_TEXTS = ("RESOURCE_EXHAUSTED", "DefaultCPUAllocator", "Out of memory allocating")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a backend raised an error for want of memory."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in _NAMES
        or any(each in str(error) for each in _TEXTS)
    )
