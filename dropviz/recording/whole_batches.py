"""Has interrupts wait, where they are minded, until a batch or a call has come to its end.

TensorFlow makes errors of its own of an interrupt that comes while it traces, an optimizer
that is half built is taken for built, and a cell keeps the masks of a call that did not end.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
from keras.callbacks import CallbackList

from dropviz.keras_inside import hooks
from dropviz.keras_inside.interrupts import safe_point

Model = Any

# Methods that run batches, and take callbacks.
_RUNS = ("fit", "evaluate", "predict")
# What a listener of itself makes whole: a call is ours while it is listened to.
_ONE_EACH = (
    (keras.Model, "train_on_batch"),
    (keras.Model, "test_on_batch"),
    (keras.Model, "predict_on_batch"),
    (keras.layers.RNN, "call"),
)


class _SafePoints(keras.callbacks.Callback):  # type: ignore[misc]
    """Lets interrupts act between batches, where a model may be left.

    As each begins: a callback for its end would keep Keras from computing the next one
    meanwhile.
    """

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        __tracebackhide__ = True  # IPython's word for frames that are not the user's
        del batch, logs
        safe_point()

    on_test_batch_begin = on_predict_batch_begin = on_train_batch_begin


@contextmanager
def whole_batches() -> Iterator[None]:
    """Has interrupts wait, inside the block, until a batch has come to its end."""

    def on_run(name: str, signature: inspect.Signature, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return None  # Keras will say so itself, in its own words
        # An evaluation inside of fit is given fit's list, which has one already.
        if name != "fit" and isinstance(bound.arguments.get("callbacks"), CallbackList):
            return None
        add_callback(bound, args[0], _SafePoints())
        return bound.args, bound.kwargs

    with ExitStack() as stack:
        for name in _RUNS:
            signature = inspect.signature(getattr(keras.Model, name))
            hook = hooks.before(keras.Model, name, functools.partial(on_run, name, signature))
            stack.enter_context(hook)
        for owner, name in _ONE_EACH:
            stack.enter_context(hooks.before(owner, name, lambda *_, **__: None))
        yield


def add_callback(bound: inspect.BoundArguments, model: Model, callback: Any) -> None:
    """Adds a callback to a call of a model's method.

    Args:
        bound: The arguments of the call, which are changed; a person's list is not.
        model: The model.
        callback: The callback, which comes last.
    """
    callbacks = bound.arguments.get("callbacks")
    if isinstance(callbacks, CallbackList):
        # A list of its own, so that the user's stays as it is.
        bound.arguments["callbacks"] = CallbackList(
            [callbacks, callback], model=model, **(callbacks.params or {})
        )
    else:
        bound.arguments["callbacks"] = [*keras.tree.flatten(callbacks or []), callback]
