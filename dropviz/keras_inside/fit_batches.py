"""What ``fit`` hands to ``train_step``: arrays as tensors, in the order that it shuffles to.

Asked of ``fit`` itself, by a model that trains nothing; with JAX of what ``fit`` asks. Leans on
keras/src/trainers/data_adapters/array_data_adapter.py: the order of an epoch depends on the
random seed of TensorFlow and on how many samples there are, and on neither the data nor the size
of a batch; and it is drawn from a stream that begins anew with each epoch. So batches that are laid
out in that order once give the training that the arrays would. Tried with Keras 3.8.0, 3.13.2 and
3.15.1. With JAX it is drawn from NumPy's stream when an epoch takes its first
batch (``_get_iterator``), with PyTorch from PyTorch's (``get_torch_dataloader``), each epoch
another one. Tried with Keras 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Model = Any
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
    if keras.config.backend() == "jax":
        trained_on, tested_on = (
            tuple(map(keras.ops.convert_to_tensor, _whole_batch(*each, shuffle=False)))
            for each in (training, validation)
        )
        return trained_on, tested_on
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
    if not has_one_order():
        indices = keras.ops.convert_to_numpy(keras.ops.arange(samples, dtype="int32"))
        take_order(indices)  # as ``fit`` does where metrics are not built yet
        return keras.ops.stack([take_order(indices) for _ in range(epochs)])
    seen: list[Tensor] = []

    def note(data: Any) -> bool:
        seen.append(keras.tree.flatten(data)[0])
        # A stream that has begun anew once does so each time.
        return len(seen) == 2 and bool(keras.ops.all(seen[0] == seen[1]))  # noqa: PLR2004

    _fit(note, [], keras.ops.arange(samples, dtype="int32"), epochs=epochs)
    return keras.ops.stack(seen + seen[-1:] * (epochs - len(seen)))


def told_size(samples: int, batch_size: int) -> int | None:
    """How large the data set that ``fit`` makes of arrays says its batches are.

    TensorFlow's kernels for a size that is known and one that is not add up in other orders, so
    that whatever is to be ``fit`` to the bit tells what it tells.

    Args:
        samples: Samples in the arrays.
        batch_size: Samples in a batch; the last one may be smaller.

    Returns:
        The size; None where the last batch is smaller, so that there is not one.
    """
    return None if samples % batch_size else batch_size


def laid_out(batch: Batch, order: Any, batch_size: int) -> Any:
    """Lays samples out in batches, as ``fit`` on arrays makes them; for TensorFlow only.

    Of arrays Keras makes a pipeline that is begun, and tuned in a thread of its own, with each
    epoch and each validation: measured, 20 to 45 ms each, and one in fifteen .1 to .3 s. This one
    takes a tenth of that.

    Args:
        batch: Tensors, the first axis of which is samples.
        order: Indices of the samples, in the order in which they come.
        batch_size: Samples in a batch; the last one may be smaller.

    Returns:
        A ``tf.data.Dataset`` of batches.
    """
    import tensorflow as tf

    def take(chosen: Tensor) -> Batch:
        return tuple(tf.gather(each, chosen) for each in batch)

    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    all_alike = told_size(len(order), batch_size) is not None
    indices = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=all_alike)
    return indices.map(take).with_options(untuned)


def has_one_order() -> bool:
    """Whether all epochs of a ``fit`` on arrays take the samples in one order."""
    return bool(keras.config.backend() == "tensorflow")


def take_order(indices: Any) -> Tensor:
    """Takes an order from the random streams as an epoch of ``fit`` does; not with TensorFlow.

    Args:
        indices: Those of the samples, a NumPy array of shape (samples,).

    Returns:
        The indices in the order, an array of NumPy, JAX or PyTorch.
    """
    return _whole_batch(indices, shuffle=True)[0]


def build_metrics(model: Model, batch: Batch, shape: tuple[int, ...]) -> None:
    """Has a compiled model make the variables of its loss and metrics.

    ``fit`` does so itself, from a batch that it takes before. What makes them while it is
    traced is traced twice by TensorFlow, and that takes seconds.

    Args:
        model: The model.
        batch: Inputs and targets of some samples.
        shape: Of its output for one sample.
    """
    x, y = batch
    output = keras.ops.ones((len(x), *shape))
    model.compute_loss(x, y, output)
    model.compute_metrics(x, y, output)


def _whole_batch(*arrays: Any, shuffle: bool) -> list[Any]:
    """Arrays as an epoch of ``fit`` hands them over in one batch; not with TensorFlow."""
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    adapter = ArrayDataAdapter(*arrays, batch_size=len(arrays[0]), shuffle=shuffle)
    batches = {"jax": adapter.get_jax_iterator, "torch": adapter.get_torch_dataloader}
    batch = next(iter(batches[keras.config.backend()]()))
    return [each for each in keras.tree.flatten(batch) if each is not None]


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
