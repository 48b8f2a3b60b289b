"""Whether a gradient could be taken of what is computed now.

TensorFlow has no public question for it. Leans on ``could_possibly_record`` of
tensorflow/python/eager/record.py. Tried with TensorFlow 2.18.0, 2.19.1 and 2.21.0.
"""

from __future__ import annotations


def under_gradient_tape() -> bool:
    """Whether a ``tf.GradientTape`` is open in this thread, also while a graph is traced."""
    from tensorflow.python.eager import record

    recording: bool = record.could_possibly_record()
    return recording
