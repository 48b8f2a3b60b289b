"""Programs that copy models."""

from __future__ import annotations

import copy
import pickle

import keras

from .parts import (
    Model,
    Table,
    data,
    fitted,
    layers,
    of,
    program,
    regression,
)

COPIES: Table = {}
ops = keras.ops

# ---------------------------------------------------------------- copies


@program(COPIES, of(3, "lstm", "sequential#2/lstm"))
def cloned() -> list[Model]:
    """``clone_model`` and ``set_weights``: the copy is another layer."""
    model = regression()
    fitted(model, epochs=1)
    copied = keras.models.clone_model(model)
    copied.set_weights(model.get_weights())
    return [model, *fitted(copied, epochs=1)]


@program(COPIES, of(3, "lstm", "sequential#2/lstm", "sequential#3/lstm"))
def from_text_and_pickle() -> list[Model]:
    """Models made again from JSON, from a pickle."""
    model = regression()
    fitted(model, epochs=1)
    again = [keras.models.model_from_json(model.to_json()), pickle.loads(pickle.dumps(model))]  # noqa: S301 (our own)
    for each in again:
        fitted(each, epochs=1)
    return [model, *again]


@program(COPIES, of(3, "lstm", "sequential#2/lstm"))
def copied_deeply() -> list[Model]:
    """``copy.deepcopy`` of a model that was trained."""
    model = regression()
    fitted(model, epochs=1)
    return [model, *fitted(copy.deepcopy(model), epochs=1)]


@program(COPIES, of(6, "lstm"))
def another_head() -> list[Model]:
    """``pop`` and ``add``: another head over the same layer."""
    model = regression()
    fitted(model, epochs=1)
    model.pop()
    model.add(layers.Dense(2))
    model.compile("adam", "mse")
    x, _ = data()
    return fitted(model, x, x[:, 0, :2], epochs=1)
