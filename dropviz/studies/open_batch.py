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
from dropviz.core.random_streams import process_streams_kept
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE
from dropviz.keras_inside.fit_batches import has_one_order, shuffled_orders, take_order
from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.seeding import backend_streams_kept, seed_again
from dropviz.recording.trace import variable_values
from dropviz.recording.undisturbed import undisturbed

Model = Any


@lru_cache(8)
def order_of(seed: int, samples: int) -> NDArray[np.int64]:
    """The order in which a training from a seed meets the samples, in each of its epochs alike.

    Seeds everything, unless it is known from before; the training that follows does so too.

    Args:
        seed: The training's seed.
        samples: How many there are.

    Returns:
        Indices of samples.
    """
    seed_again(seed)
    order: NDArray[np.int64] = np.asarray(shuffled_orders(samples, 1))[0].astype(np.int64)
    return order


class EpochOrders(keras.callbacks.Callback):  # type: ignore[misc]
    """The orders in which a training meets the samples, epoch by epoch, as it goes on.

    Where each epoch has an order of its own, the last two are kept.
    """

    def __init__(self, seed: int, samples: int) -> None:
        """Begins to note orders.

        Args:
            seed: The training's seed; where all epochs have one order, it is noted at once, as by
                ``order_of``.
            samples: How many there are.
        """
        super().__init__()
        self._samples = samples
        self._orders = {0: order_of(seed, samples)} if has_one_order() else {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Asks the random streams for the order that they will give this epoch."""
        del logs
        if not has_one_order():
            with process_streams_kept(), backend_streams_kept():
                order = keras.ops.convert_to_numpy(take_order(np.arange(self._samples)))
            self._orders[epoch] = order.astype(np.int64)
            # A batch that is opened is the last that was done: of this epoch, or the one before.
            self._orders.pop(epoch - 2, None)

    def sample(self, batch: int, place: int) -> int:
        """The index of the sample that a batch has at a place.

        Args:
            batch: Its number over the whole training.
            place: The place in it.
        """
        epoch, number = divmod(batch, -(-self._samples // BATCH_SIZE))
        order = self._orders[0 if has_one_order() else epoch]
        return int(order[number * BATCH_SIZE + place])


def open_batch(
    model: Model, task: Task, orders: EpochOrders, layer: LayerRecording, sample: int
) -> OpenedBatch | None:
    """Opens the pass of a sample of the newest recorded batch; disturbs nothing.

    Args:
        model: The model that trains, whose LSTM has the name "lstm".
        task: The data.
        orders: The orders in which the epochs of this training meet them.
        layer: The recording of the LSTM; its newest batch is opened.
        sample: Position in that batch; the last where there are not so many.

    Returns:
        The pass; None where no batch is held, or after a loss that was not finite: nothing can be
        worked out with such weights.
    """
    first = next(iter(layer.values()), None)
    if first is None or not first.batches:
        return None
    sample = min(sample, first.batch_sizes[-1] - 1)
    number = first.batches[-1]
    index = orders.sample(number, sample)
    masks = {site: each.of_batch() for site, each in layer.items() if not each.reason}
    mine = {
        site: values[:, :, [min(sample, values.shape[2] - 1)]] for site, values in masks.items()
    }
    weights = [variable_values(each) for each in model.get_layer("lstm").cell.trainable_variables]
    if not all(np.isfinite(each).all() for each in weights):
        return None
    with looking(), undisturbed(model):
        at = [each.name for each in model.layers].index("lstm")
        x = _through(model.layers[:at], task.x[index : index + 1])
        done = oracle.lstm(weights, x, mine)
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
    return np.asarray(keras.ops.convert_to_numpy(values), dtype=np.float64)
