"""A whole training of a Keras model as one compiled TensorFlow function.

``fit`` is a loop in Python (keras/src/backend/tensorflow/trainer.py) that resets the metrics
at the begin of an epoch, calls ``train_step`` for each batch, resets them again and calls
``test_step`` for each batch of validation data. Here the same public methods of the model are
called in loops inside TensorFlow, so that nothing is computed otherwise. Leans on ``fit``
doing no more than that. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dropviz.keras_inside.fit_batches import told_size
from dropviz.keras_inside.whole_training import Batch, WholeTraining

Tensor = Any
Before = Callable[[Tensor], None] | None


class CompiledTraining:
    """Epochs of training with validation, traced once and run as often as one likes.

    Weights, the optimizer's state and random streams are the model's own, and begin as they
    are when it is run.
    """

    def __init__(self, whole: WholeTraining, *, jit_compile: bool) -> None:
        """Traces a training.

        Args:
            whole: What it is made of.
            jit_compile: Whether XLA compiles it, when it is first run.
        """
        model, training, validation = whole.model, whole.training, whole.validation
        self._model = model  # the function alone would not keep its variables
        self._epochs, self._batches = whole.epochs, whole.batches
        size = whole.batch_size

        def in_batches(step: Callable[[Batch], Any], data: Batch, before: Before) -> Any:
            told = told_size(len(data[0]), size)
            # XLA compiles for sizes that are known.
            known = jit_compile or told is not None
            batches = _batches_of_known_size if known else _batches_of_any_size
            return batches(_traced_once(step, data, told), data, size, before)

        train = in_batches(model.train_step, training, whole.before_batch)
        test = in_batches(model.test_step, validation, None)

        def train_all(orders: Tensor) -> tuple[Tensor, Tensor]:
            return self._all_epochs(train, test, orders, len(validation[0]))

        traced = tf.function(train_all, autograph=False, jit_compile=jit_compile)
        orders = tf.TensorSpec((whole.epochs, len(training[0])), tf.int32)
        self._run = traced.get_concrete_function(orders)

    def run(self, orders: Tensor) -> dict[str, list[float]]:
        """Trains, to the end or until the loss of an epoch is not finite.

        Args:
            orders: For each epoch the samples in their order, int32, shape
                (epochs, samples).

        Returns:
            What the history of ``fit`` would hold, for the epochs that were trained.
        """
        epochs, rows = self._run(orders)
        trained = sorted(self._model.get_metrics_result())
        names = [*trained, *(f"val_{name}" for name in trained)]
        columns = zip(*rows.numpy()[: int(epochs)].tolist(), strict=True)
        return dict(zip(names, map(list, columns), strict=True))

    def _all_epochs(
        self,
        train: Callable[[Tensor, Tensor], None],
        test: Callable[[Tensor, Tensor], None],
        orders: Tensor,
        validation_samples: int,
    ) -> tuple[Tensor, Tensor]:
        """Gives how many epochs there were, and a row of results for each."""
        in_order = tf.range(validation_samples)

        def one_epoch(epoch: Tensor, rows: Tensor, finite: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            first = epoch * self._batches
            trained = self._results_of(lambda: train(orders[epoch], first))
            tested = self._results_of(lambda: test(in_order, first))
            finite = tf.math.is_finite(trained["loss"])
            row = [each[name] for each in (trained, tested) for name in sorted(each)]
            return epoch + 1, tf.tensor_scatter_nd_update(rows, [[epoch]], [row]), finite

        none = tf.zeros((self._epochs, 2 * len(self._model.get_metrics_result())))
        epochs, rows, _ = tf.while_loop(
            lambda epoch, _, finite: (epoch < self._epochs) & finite,
            one_epoch,
            [tf.constant(0), none, tf.constant(True)],  # noqa: FBT003
            parallel_iterations=1,
        )
        return epochs, rows

    def _results_of(self, phase: Callable[[], None]) -> dict[str, Tensor]:
        self._model.reset_metrics()
        phase()
        results: dict[str, Tensor] = self._model.get_metrics_result()
        return results


def _traced_once(
    step: Callable[[Batch], Any], data: Batch, size: int | None
) -> Callable[[Batch], Any]:
    """A step for batches of one size, or of any, traced once for all, as in ``fit``."""
    shapes = tuple(tf.TensorSpec((size, *part.shape[1:]), part.dtype) for part in data)
    traced: Callable[[Batch], Any] = tf.function(step, input_signature=[shapes], autograph=False)
    return traced


def _batches_of_known_size(
    step: Callable[[Batch], Any], data: Batch, size: int, before: Before
) -> Callable[[Tensor, Tensor], None]:
    whole, rest = divmod(len(data[0]), size)

    def run(order: Tensor, first: Tensor) -> None:
        def act(at: Tensor) -> None:
            if before:
                before(first + at)
            step(_chosen(data, tf.slice(order, [at * size], [size])))

        if whole:
            _repeat(whole, act)
        if rest:
            if before:
                before(first + whole)
            step(_chosen(data, order[whole * size :]))

    return run


def _batches_of_any_size(
    step: Callable[[Batch], Any], data: Batch, size: int, before: Before
) -> Callable[[Tensor, Tensor], None]:
    samples = len(data[0])

    def run(order: Tensor, first: Tensor) -> None:
        def act(at: Tensor) -> None:
            if before:
                before(first + at)
            step(_chosen(data, order[at * size : tf.minimum((at + 1) * size, samples)]))

        # One graph for all batches, as in ``fit``, whose data set tells no size of these either.
        _repeat(-(-samples // size), act)

    return run


def _chosen(data: Batch, rows: Tensor) -> Batch:
    return tuple(tf.gather(part, rows) for part in data)


def _repeat(times: int, act: Callable[[Tensor], Any]) -> None:
    def once(at: Tensor) -> tuple[Tensor]:
        act(at)
        return (at + 1,)

    tf.while_loop(lambda at: at < times, once, [tf.constant(0)], parallel_iterations=1)
