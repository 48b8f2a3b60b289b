"""What ``fit`` hands to ``train_step``: arrays as tensors, in the order that it shuffles to.

Asked of what ``fit`` itself asks, keras/src/trainers/data_adapters/array_data_adapter.py, with all
samples in one batch. With TensorFlow the order of an epoch depends on TensorFlow's random seed and
on how many samples there are, and on neither the data nor the size of a batch; and it is drawn from
a stream that begins anew with each epoch. So batches that are laid out in that order once give the
training that the arrays would. Tried with Keras 3.8.0, 3.13.2 and 3.15.1. With JAX it is drawn from
NumPy's stream when an epoch takes its first batch (``_get_iterator``), with PyTorch from PyTorch's
(``get_torch_dataloader``), each epoch another one. Tried with Keras 3.15.1.
"""

from __future__ import annotations

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
    trained_on, tested_on = (
        tuple(map(keras.ops.convert_to_tensor, _whole_batch(*each, shuffle=False)))
        for each in (training, validation)
    )
    return trained_on, tested_on


def shuffled_orders(samples: int, epochs: int) -> Tensor:
    """The orders in which a ``fit`` that begins now would take the samples of arrays.

    Args:
        samples: How many there are.
        epochs: Passes over them.

    Returns:
        Indices of samples, int32, shape (epochs, samples).
    """
    indices = keras.ops.convert_to_numpy(keras.ops.arange(samples, dtype="int32"))
    if not has_one_order():
        take_order(indices)  # as ``fit`` does where metrics are not built yet
    orders: list[Tensor] = []
    while len(orders) < epochs and not _begin_anew(orders):
        orders.append(take_order(indices))
    return keras.ops.stack(orders + orders[-1:] * (epochs - len(orders)))


def _begin_anew(orders: list[Tensor]) -> bool:
    """Whether the stream of these orders has begun anew once, as it does each time then."""
    return has_one_order() and len(orders) > 1 and bool(keras.ops.all(orders[0] == orders[1]))


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

    all_alike = told_size(len(order), batch_size) is not None
    indices = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=all_alike)
    return _untuned(indices.map(take))


def _untuned(batches: Any) -> Any:
    """A data set that no thread tunes.

    The thread that lets go of one that is tuned waits for the tuning one, up to some seconds; it
    may be any thread in which Python's collector runs, in the midst of whatever else it does
    (docs/upstream/tensorflow-tuned-iterators.md).
    """
    import tensorflow as tf

    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    return batches.with_options(untuned)


def has_one_order() -> bool:
    """Whether all epochs of a ``fit`` on arrays take the samples in one order."""
    return bool(keras.config.backend() == "tensorflow")


def take_order(indices: Any) -> Tensor:
    """Takes an order from the random streams as an epoch of ``fit`` does.

    Args:
        indices: Those of the samples, a NumPy array of shape (samples,).

    Returns:
        The indices in the order, an array of NumPy or of the backend.
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
    """Arrays as an epoch of ``fit`` hands them over in one batch."""
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    adapter = ArrayDataAdapter(*arrays, batch_size=len(arrays[0]), shuffle=shuffle)
    batches = {
        # A data set takes 20 ms to make; only the order of its samples is TensorFlow's.
        "tensorflow": lambda: (
            _untuned(adapter.get_tf_dataset()) if shuffle else adapter.get_numpy_iterator()
        ),
        "jax": adapter.get_jax_iterator,
        "torch": adapter.get_torch_dataloader,
    }
    batch = next(iter(batches[keras.config.backend()]()))
    return [each for each in keras.tree.flatten(batch) if each is not None]
