"""State that JAX trains with: handed through a compiled step, and kept in variables between steps.

A step of JAX changes no variable. Keras's trainer hands the values of ``trainable_variables``,
``non_trainable_variables`` and others through it, and puts what came out back with
``jax_state_sync``, at the end of an epoch and where a callback asks; until then variables may
be without a value (keras/src/backend/jax/trainer.py). The states of seed generators are among
``non_trainable_variables`` without being weights (``Layer.variables``, keras/src/layers/layer.py,
which walks ``_seed_generators``): so are variables of ours that ride along beside them. Also leans
on ``state_mapping`` of keras/src/backend/common/stateless_scope.py. Tried with Keras 3.15.1.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.common.stateless_scope import get_stateless_scope
from keras.src.utils.jax_utils import is_in_jax_tracing_scope

from dropviz.keras_inside.sublayers import layer_and_sublayers

Layer = Any
Model = Any
Variable = Any
Tensor = Any


_here = threading.local()


class _Rider:
    """Stands among the seed generators of a layer, of which Keras asks ``state``."""

    def __init__(self, variable: Variable) -> None:
        self.state = variable


def ride(layer: Layer, variables: Iterable[Variable]) -> None:
    """Has Keras hand variables through the compiled steps of a layer.

    They are among its ``variables`` then, and in no weight, count of weights or saved file.

    Args:
        layer: The layer.
        variables: Variables of no layer; those that ride already are left alone.
    """
    here = {id(each) for each in _riders(layer)}
    for variable in variables:
        if id(variable) not in here:
            # Past Keras's tracker, which refuses once a layer is built.
            list.append(layer._seed_generators, _Rider(variable))


def alight(layer: Layer, variables: Iterable[Variable]) -> None:
    """Takes variables out of a layer again; does nothing where they are not in it."""
    gone = {id(each) for each in variables}
    generators = layer._seed_generators
    for at in reversed(range(len(generators))):
        if isinstance(generators[at], _Rider) and id(generators[at].state) in gone:
            list.pop(generators, at)


def variables_without_riders(model: Model) -> list[Variable]:
    """The variables of a model as they were before any rode along."""
    theirs = {id(each) for layer in layer_and_sublayers(model) for each in _riders(layer)}
    return [each for each in model.variables if id(each) not in theirs]


def non_trainable_without_riders(model: Model) -> list[Variable]:
    """The non-trainable ones among them."""
    mine = {id(each) for each in model.non_trainable_variables}
    return [each for each in variables_without_riders(model) if id(each) in mine]


def _riders(layer: Layer) -> list[Variable]:
    return [each.state for each in layer._seed_generators if isinstance(each, _Rider)]


def is_handed_on(variable: Variable) -> bool:
    """Whether what is written to a variable here and now will be there after the step.

    Not in a step that does not know the variable, nor where JAX traces a function that knows
    of none.
    """
    scope = get_stateless_scope()
    if scope is None:
        return not is_in_jax_tracing_scope()
    return scope.get_current_value(variable) is not None


def bring_home(model: Model) -> None:
    """Gives the variables of a model their values, inside an epoch too; nothing but with JAX."""
    sync = getattr(model, "jax_state_sync", None)
    if sync is not None:
        sync()


def bring_home_with(layers: Iterable[Layer]) -> None:
    """Does so with every model that trains and holds one of these layers, which will change.

    Not with others: what a step in another thread was given cannot be taken from it.
    """
    if keras.config.backend() != "jax":
        return
    changing = {id(each) for each in layers}
    for each in gc.get_objects():
        trains = issubclass(type(each), keras.Model) and getattr(each, "_jax_state", None)
        if trains and not changing.isdisjoint(map(id, layer_and_sublayers(each))):
            each.jax_state_sync()


def branch() -> int:
    """Which of the functions of a ``switch`` is being traced: they stand for each other."""
    return getattr(_here, "branch", 0)


@contextmanager
def _in_branch(number: int) -> Iterator[None]:
    _here.branch, before = number, branch()
    try:
        yield
    finally:
        _here.branch = before


def trace_only(layer: Layer, inputs: Any) -> None:
    """Has JAX trace a training call of a layer, and compile and compute nothing."""
    import jax

    with keras.StatelessScope():
        jax.eval_shape(lambda x: layer(x, training=True), inputs)


def switch(index: Tensor, cases: Sequence[Callable[[], Any]], written: Sequence[Variable]) -> Any:
    """Calls one of several functions that write variables, in a graph too.

    ``keras.ops.switch`` on JAX traces each function by itself, and what it writes would be of use
    nowhere else ("a tracer escapes").

    Args:
        index: Which.
        cases: The functions; all return the same structure.
        written: The variables that they write.

    Returns:
        What the one that was called returned.
    """
    if keras.config.backend() != "jax":
        return keras.ops.switch(index, cases)
    if not is_in_jax_tracing_scope(index):
        return cases[int(index)]()
    known = get_stateless_scope()

    def alone(number: int) -> Callable[[Sequence[Tensor]], Any]:
        def run(values: Sequence[Tensor]) -> Any:
            with _in_branch(number), keras.StatelessScope() as scope:
                # What the scope outside knows of, the weights too.
                scope.state_mapping.update(known.state_mapping if known else {})
                scope.state_mapping.update(zip(map(id, written), values, strict=True))
                returned = cases[number]()
            return returned, [scope.get_current_value(each) for each in written]

        return run

    before = [each.value for each in written]
    returned, after = keras.ops.switch(index, [alone(each) for each in range(len(cases))], before)
    for variable, value in zip(written, after, strict=True):
        variable.assign(value)
    return returned
