"""The steps that optimizers make.

``Optimizer.apply`` (keras/src/optimizers/base_optimizer.py) is called once a step, in Python
where a step runs eagerly and while it is traced where it is compiled; and counts in
``_iterations``, in a graph too. ``LossScaleOptimizer`` (loss_scale_optimizer.py) has an
``apply`` of its own, which calls that of its ``inner_optimizer`` where gradients are finite.
Replicas each call ``apply``. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable
from typing import Any

import keras

Optimizer = Any

# Where to listen to hear of every step.
APPLIES = (
    (keras.optimizers.Optimizer, "apply"),
    (keras.optimizers.LossScaleOptimizer, "apply"),
)


def living_optimizers() -> list[Optimizer]:
    """Lists all optimizers that there are, without those that have an ``apply`` of their own.

    These wrap others, as ``LossScaleOptimizer`` and ``MultiOptimizer`` do. Nor is one an
    optimizer whose making was interrupted; the traceback may hold it for long.
    """
    kinds: dict[type, bool] = {}
    found = []
    for each in gc.get_objects():
        kind = type(each)
        if kind not in kinds:
            plain = keras.optimizers.Optimizer
            kinds[kind] = issubclass(kind, plain) and kind.apply is plain.apply
        if kinds[kind] and hasattr(each, "_iterations"):
            found.append(each)
    return found


def wrapped_optimizer(optimizer: Optimizer) -> Optimizer | None:
    """The optimizer that a ``LossScaleOptimizer`` wraps; None of another."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.inner_optimizer
    return None


def steps_made(optimizer: Optimizer) -> int | None:
    """How many steps an optimizer has made, those that only accumulate gradients too.

    None while a thread trains with it on JAX, which hands its variables' values through its steps.
    """
    counter = optimizer._iterations
    if counter._value is None:
        return None
    # A variable of TensorFlow's that replicas share is no number before it is read.
    read = getattr(counter.value, "read_value", None)
    return int(read() if read else counter.value)


def trains_recurrence(optimizer: Optimizer, asked: Collection[int] | None = None) -> bool:
    """Whether an optimizer changes recurrent weights.

    Args:
        optimizer: The optimizer.
        asked: The ids of the variables that count; those of every layer of Keras by default.
    """
    return any(
        each.name == "recurrent_kernel" if asked is None else id(each) in asked
        for each in optimizer._trainable_variables
    )


def trained_variables(optimizer: Optimizer, given: Iterable[Any] = ()) -> list[Any]:
    """The variables that a step of an optimizer changes.

    Args:
        optimizer: The optimizer, which knows them once it is built.
        given: What ``apply`` was given.
    """
    return [*optimizer._trainable_variables, *given]


def is_last_replica() -> bool:
    """Whether this is the last replica of a step, or the only one."""
    if keras.config.backend() != "tensorflow":
        return True
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return True
    number = tf.get_static_value(context.replica_id_in_sync_group)
    return bool(number == context.num_replicas_in_sync - 1)
