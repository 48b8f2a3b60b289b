"""Whether a training fits into the memory that this process really has."""

from __future__ import annotations

from dropviz.core.free_memory import GIB, available
from dropviz.errors import DropvizError

_BYTES = 4  # float32
# Weights, their gradient, Adam's two moments, and one more copy while they are updated.
_COPIES = 5
# What TensorFlow keeps of one step for the way back: four gates before and after their
# activations, c, h, tanh(c) and the masked inputs of the gates.
_KEPT = 16
# Each model of another shape leaves some of its compiled functions behind, in TensorFlow too.
_LOW = GIB // 2


def needed(units: int, features: int, steps: int, batch_size: int, masks: int) -> int:
    """Bytes that it takes to train an LSTM, at the least.

    Args:
        units: Its units.
        features: Features of its inputs.
        steps: Time steps.
        batch_size: Samples in a batch.
        masks: Matrices of masks, each as large as the recurrent kernel; 0 as a rule.

    Returns:
        The bytes.
    """
    weights = 4 * units * (features + units + 1)
    kept = batch_size * steps * units * _KEPT
    return _BYTES * (weights * (_COPIES + masks) + kept)


def check_memory(units: int, features: int, steps: int, batch_size: int, masks: int = 0) -> None:
    """Refuses a training that would have the system end the process.

    Args:
        units: Units of the LSTM.
        features: Features of its inputs.
        steps: Time steps.
        batch_size: Samples in a batch.
        masks: Matrices of masks, each as large as the recurrent kernel.

    Raises:
        DropvizError: If it needs more than there is; the message says how many units do
            fit.
    """
    room = available()

    def need(size: int) -> int:
        return needed(size, features, steps, batch_size, masks)

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
    raise DropvizError(
        f"An LSTM of {units:,} units needs about {need(units) / GIB:,.1f} GiB to train on this "
        f"task, and {room / GIB:.1f} GiB are free here. {advice}"
    )


def low_memory() -> str:
    """A sentence where little memory is left to this process; else nothing."""
    room = available()
    if room is None or room > _LOW:
        return ""
    return (
        f"Only {room / 2**20:,.0f} MiB of memory are left here: restart the kernel before you "
        "train a model of another shape."
    )
