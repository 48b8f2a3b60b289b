"""One sequence of the batch just done, opened with the masks that it met there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core import oracle
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE
from dropviz.keras_inside.fit_batches import shuffled_orders
from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.seeding import seed_again
from dropviz.recording.undisturbed import undisturbed

Model = Any


@lru_cache(8)
def order_of(seed: int, samples: int) -> NDArray[np.int64]:
    """The order in which a training from a seed meets the samples, in each of its epochs.

    Seeds everything, as the training that follows does too.

    Args:
        seed: The training's seed.
        samples: How many there are.

    Returns:
        Indices of samples.
    """
    seed_again(seed)
    order: NDArray[np.int64] = np.asarray(shuffled_orders(samples, 1))[0].astype(np.int64)
    return order


def open_batch(
    model: Model, task: Task, order: NDArray[np.int64], layer: LayerRecording, sample: int
) -> OpenedBatch | None:
    """Opens the pass of a sample of the newest recorded batch; disturbs nothing.

    Args:
        model: The model that trains, whose LSTM has the name "lstm".
        task: The data.
        order: The order in which an epoch meets them.
        layer: The recording of the LSTM; its newest batch is opened.
        sample: Position in that batch; the last where there are not so many.

    Returns:
        The pass; None where no batch is held.
    """
    first = next(iter(layer.values()), None)
    if first is None or not first.batches:
        return None
    sample = min(sample, first.batch_sizes[-1] - 1)
    number = first.batches[-1]
    start = number % -(-len(order) // BATCH_SIZE) * BATCH_SIZE
    index = int(order[start + sample])
    masks = {site: each.of_batch() for site, each in layer.items() if not each.reason}
    mine = {
        site: values[:, :, [min(sample, values.shape[2] - 1)]] for site, values in masks.items()
    }
    cell = model.get_layer("lstm").cell
    with looking(), undisturbed(model):
        at = [each.name for each in model.layers].index("lstm")
        x = _through(model.layers[:at], task.x[index : index + 1])
        done = oracle.lstm([weight.numpy() for weight in cell.trainable_variables], x, mine)
        every = model.layers[at].return_sequences
        answer = _through(model.layers[at + 1 :], done.outputs if every else done.outputs[:, -1])
    return OpenedBatch(
        batch=number,
        sample=sample,
        index=index,
        data=task.x[index],
        target=np.asarray(task.y[index]),
        answer=answer.ravel(),
        x=x[0],
        masks={site: values[:, :, 0] for site, values in mine.items()},
        gates={name: values[0] for name, values in done.gates.items()},
        h=done.h[0],
        c=done.c[0],
    )


def _through(layers: list[Any], values: Any) -> Array:
    """What layers without dropout make of values."""
    for layer in layers:
        values = layer(keras.ops.convert_to_tensor(values))
    return np.asarray(values, dtype=np.float64)
