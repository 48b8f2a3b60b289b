"""A whole training of a Keras model as one function that JAX compiles.

``fit`` is a loop in Python that hands the values of variables through ``train_step`` for each
batch and, at the end of an epoch, through ``test_step`` for each batch of validation data
(keras/src/backend/jax/trainer.py). Here the same public methods of the model are called in loops
inside JAX. Leans on ``fit`` doing no more than that. Tried with Keras 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras
from jax import lax
from jax import numpy as jnp

from dropviz.keras_inside.whole_training import Batch, WholeTraining

Tensor = Any
Values = list[Tensor]
Step = Callable[[Any, Batch, Tensor], Any]


class CompiledTraining:
    """Epochs of training with validation, compiled once and run as often as one likes.

    Weights, the optimizer's state and random streams are the model's own, and begin as they
    are when it is run.
    """

    def __init__(self, whole: WholeTraining) -> None:
        """Compiles a training.

        Args:
            whole: What it is made of.
        """
        self._whole, self._model, model = whole, whole.model, whole.model
        model.reset_metrics()
        self._nothing_measured = _values(model.metrics_variables)
        self._data = whole.training, whole.validation
        orders = jax.ShapeDtypeStruct((whole.epochs, len(whole.training[0])), "int32")
        self._run = jax.jit(self._all_epochs).lower(self._state(), self._data, orders).compile()

    def run(self, orders: Tensor) -> dict[str, list[float]]:
        """Trains, to the end or until the loss of an epoch is not finite.

        Args:
            orders: For each epoch the samples in their order, int32, shape
                (epochs, samples).

        Returns:
            What the history of ``fit`` would hold, for the epochs that were trained.
        """
        epochs, measured, state = self._run(self._state(), self._data, orders)
        for variables, values in zip(self._variables(), state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        # Outside of the function, as in ``fit``: XLA may round what it computes together otherwise.
        trained, tested = (
            [self._results_of([each[epoch] for each in phase]) for epoch in range(int(epochs))]
            for phase in measured
        )
        names = sorted(trained[0])
        return {name: [float(each[name]) for each in trained] for name in names} | {
            f"val_{name}": [float(each[name]) for each in tested] for name in names
        }

    def _variables(self) -> tuple[Sequence[Any], ...]:
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
        )

    def _state(self) -> tuple[Values, ...]:
        return tuple(map(_values, self._variables()))

    def _all_epochs(
        self, state: tuple[Values, ...], data: tuple[Batch, Batch], orders: Tensor
    ) -> tuple[Tensor, tuple[Values, ...], tuple[Values, ...]]:
        """Gives how many epochs there were, what was measured in each, and the state after."""
        training, validation = data
        in_order = jnp.arange(len(validation[0]))
        nothing = self._nothing_measured

        def one_epoch(carried: Any) -> Any:
            epoch, kept, _, (weights, others, optimizer) = carried
            first = epoch * self._whole.batches
            came = self._each_batch(
                self._train, (weights, others, optimizer, nothing), training, orders[epoch], first
            )
            weights, others, optimizer, trained = came
            _, others, tested = self._each_batch(
                self._test, (weights, others, nothing), validation, in_order, first
            )
            kept = tuple(
                [rows.at[epoch].set(value) for rows, value in zip(*pair, strict=True)]
                for pair in zip(kept, (trained, tested), strict=True)
            )
            finite = jnp.isfinite(self._results_of(trained)["loss"])
            return epoch + 1, kept, finite, (weights, others, optimizer)

        room = [jnp.zeros((self._whole.epochs, *each.shape), each.dtype) for each in nothing]
        begin = jnp.zeros((), "int32"), (room, room), jnp.ones((), bool), state
        epochs, kept, _, state = lax.while_loop(
            lambda carried: (carried[0] < self._whole.epochs) & carried[2], one_epoch, begin
        )
        return epochs, kept, state

    def _each_batch(self, step: Step, state: Any, data: Batch, order: Tensor, first: Tensor) -> Any:
        """A step for each batch; the last one may be smaller, and is compiled by itself."""
        whole, rest = divmod(len(data[0]), self._whole.batch_size)
        if whole:
            rows = order[: whole * self._whole.batch_size].reshape(whole, self._whole.batch_size)

            def once(state: Any, of_batch: tuple[Tensor, Tensor]) -> tuple[Any, None]:
                at, chosen = of_batch
                return step(state, _chosen(data, chosen), first + at), None

            state, _ = lax.scan(once, state, (jnp.arange(whole), rows))
        if rest:
            state = step(
                state, _chosen(data, order[whole * self._whole.batch_size :]), first + whole
            )
        return state

    def _train(self, state: Any, batch: Batch, number: Tensor) -> Any:
        weights, others, optimizer, measured = state
        if self._whole.before_batch is not None:
            others = self._written_before(self._whole.before_batch, others, number)
        _, state = self._model.train_step((weights, others, optimizer, measured), batch)
        return state

    def _test(self, state: Any, batch: Batch, number: Tensor) -> Any:
        del number
        _, state = self._model.test_step(state, batch)
        return state

    def _written_before(
        self, before: Callable[[Tensor], None], values: Values, number: Tensor
    ) -> Values:
        """Values of variables that are not trained, with what is written before a batch."""
        variables = self._model.non_trainable_variables
        with keras.StatelessScope(zip(variables, values, strict=True)) as scope:
            before(number)
        return [scope.get_current_value(each) for each in variables]

    def _results_of(self, values: Values) -> dict[str, Tensor]:
        pairs = zip(self._model.metrics_variables, values, strict=True)
        with keras.StatelessScope(pairs):
            results: dict[str, Tensor] = self._model.get_metrics_result()
        return results


def _values(variables: Sequence[Any]) -> Values:
    return [each.value for each in variables]


def _chosen(data: Batch, rows: Tensor) -> Batch:
    return tuple(part[rows] for part in data)
