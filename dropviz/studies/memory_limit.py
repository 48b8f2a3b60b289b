"""Whether a training fits into the memory that this process really has, and a call of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dropviz.core.free_memory import GIB, available
from dropviz.errors import DropvizError

_BYTES = 4  # float32
# Weights, their gradient, Adam's two moments, and one more copy while they are updated.
_COPIES = 5
# What TensorFlow keeps of one step for the way back: four gates before and after their
# activations, c, h, tanh(c) and the masked inputs of the gates.
_KEPT = 16
# Of an Embedding, whose gradient is of the rows that a batch meets: weights and two moments.
_EMBEDDED_COPIES = 3
# Of each output in a batch: before and after the activation, and its gradient.
_OUTPUT_COPIES = 3
# Of one call: sequences, and numbers of the widest layer, 128 MiB. There are several such layers.
MOST_ROWS, _MOST_NUMBERS = 4096, 2**25
# Each model of another shape leaves some of its compiled functions behind, in TensorFlow too.
_LOW = GIB // 2


@dataclass(frozen=True)
class Around:
    """What stands around the LSTM of a model.

    Attributes:
        outputs: Units of the last layer.
        answers: Of how many steps of a sequence it answers.
        embedded: Weights of the Embedding layer.
    """

    outputs: int = 0
    answers: int = 1
    embedded: int = 0


_ALONE = Around()


def needed(
    units: int, features: int, steps: int, batch_size: int, masks: int, around: Around = _ALONE
) -> int:
    """Bytes that it takes to train an LSTM, at the least.

    Args:
        units: Its units.
        features: Features of its inputs.
        steps: Time steps.
        batch_size: Samples in a batch.
        masks: Matrices of masks, each as large as the recurrent kernel; 0 as a rule.
        around: What stands around it.

    Returns:
        The bytes.
    """
    weights = 4 * units * (features + units + 1)
    kept = batch_size * steps * units * _KEPT
    head = (units + 1) * around.outputs * _COPIES
    head += batch_size * around.answers * around.outputs * _OUTPUT_COPIES
    numbers = weights * (_COPIES + masks) + kept + head + around.embedded * _EMBEDDED_COPIES
    return _BYTES * numbers


def check_memory(
    units: int,
    features: int,
    steps: int,
    batch_size: int,
    masks: int = 0,
    around: Around = _ALONE,
) -> None:
    """Refuses a training that would have the system end the process.

    Args:
        units: Units of the LSTM.
        features: Features of its inputs.
        steps: Time steps.
        batch_size: Samples in a batch.
        masks: Matrices of masks, each as large as the recurrent kernel.
        around: What stands around it.

    Raises:
        DropvizError: If it needs more than there is; the message says how many units do
            fit.
    """
    room = available()

    def need(size: int) -> int:
        return needed(size, features, steps, batch_size, masks, around)

    if room is None or need(units) <= room:
        return
    low, high = 1, units
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if need(middle) <= room else (low, middle)
    fits = 10 ** (len(str(low)) - 1)
    advice = f"Try {low // fits * fits:,} units or fewer."
    if need(low) > room:
        advice = "Not even one unit fits; free some memory first."
        if needed(low, features, steps, batch_size, masks) <= room:
            advice = (
                "Its classes or words alone take more than that: number them from 0 on without "
                "gaps, as np.unique(..., return_inverse=True) does."
            )
    raise DropvizError(
        f"An LSTM of {units:,} units needs about {need(units) / GIB:,.1f} GiB to train on this "
        f"task, and {room / GIB:.1f} GiB are free here. {advice}"
    )


def rows_of_call(inputs: Sequence[Sequence[int]], weights: Sequence[Sequence[int]]) -> int:
    """How many samples a model may be called on at once, so that no memory runs out.

    Args:
        inputs: The shapes of its inputs, samples first.
        weights: The shapes of its weights, the last axis of which says how wide a layer is.

    Returns:
        The number, from 1; where the model is small, 4,096.
    """
    widest = max((shape[-1] for shape in weights if shape), default=1)
    numbers = max(max(math.prod(shape[1:]), math.prod(shape[1:2]) * widest) for shape in inputs)
    return max(1, min(MOST_ROWS, _MOST_NUMBERS // max(1, numbers)))


def low_memory() -> str:
    """A sentence where little memory is left to this process; else nothing."""
    room = available()
    if room is None or room > _LOW:
        return ""
    return (
        f"Only {room / 2**20:,.0f} MiB of memory are left here: restart the kernel before you "
        "train a model of another shape."
    )
