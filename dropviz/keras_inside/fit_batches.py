"""What ``fit`` hands to ``train_step``: arrays as tensors, in the order that it shuffles to.

Asked of ``fit`` itself, by a model that trains nothing. Leans on keras/src/trainers/
data_adapters/array_data_adapter.py: the order of an epoch depends on the random seed of
TensorFlow and on how many samples there are, and on neither the data nor the size of a
batch; and it is drawn from a stream that begins anew with each epoch. Tried with Keras
3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Tensor = Any
Batch = tuple[Tensor, ...]
Data = tuple[Any, Any]


def as_handed(training: Data, validation: Data) -> tuple[Batch, Batch]:
    """Arrays as ``train_step`` and ``test_step`` get them, float64 as Keras's ``floatx``.

    Args:
        training: Inputs and targets, the first axis of which is samples.
        validation: The same for validation.

    Returns:
        Both as tensors, all samples in one batch.
    """
    trained: list[Tensor] = []
    tested: list[Tensor] = []

    def note(data: Any) -> bool:
        trained[:] = data
        return True

    _fit(note, tested, *training, validation_data=validation, shuffle=False)
    return tuple(trained), tuple(tested)


def shuffled_orders(samples: int, epochs: int) -> Tensor:
    """The orders in which a ``fit`` that begins now would take the samples of arrays.

    Args:
        samples: How many there are.
        epochs: Passes over them.

    Returns:
        Indices of samples, int32, shape (epochs, samples).
    """
    seen: list[Tensor] = []

    def note(data: Any) -> bool:
        seen.append(keras.tree.flatten(data)[0])
        # A stream that has begun anew once does so each time.
        return len(seen) == 2 and bool(keras.ops.all(seen[0] == seen[1]))  # noqa: PLR2004

    _fit(note, [], keras.ops.arange(samples, dtype="int32"), epochs=epochs)
    return keras.ops.stack(seen + seen[-1:] * (epochs - len(seen)))


def _fit(
    note: Callable[[Any], bool], tested: list[Tensor], x: Any, y: Any = None, **kwargs: Any
) -> None:
    """Has ``fit`` hand all samples at once, epoch by epoch, until what notes them has enough."""

    class Notes(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> dict[str, Tensor]:
            self.stop_training = note(data)
            return {"loss": keras.ops.zeros(())}

        def test_step(self, data: Any) -> dict[str, Tensor]:
            tested[:] = data
            return {"loss": keras.ops.zeros(())}

    model = Notes()
    model.compile(run_eagerly=True)
    # No array is as long as that.
    model.fit(x, y, batch_size=2**31 - 1, verbose=0, **kwargs)
