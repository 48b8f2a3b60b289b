"""Says in a sentence what a new Keras has moved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.step_functions import (
    MAKERS,
    TRAIN,
    StepsByCase,
    forget_step_function,
)

MOVED = (
    "keras/src/backend/tensorflow/trainer.py: a model caches its compiled functions otherwise; "
    "dropviz/keras_inside/step_functions.py leans on it."
)
X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
RUNS = {
    "train_function": lambda model: model.fit(X, Y, verbose=0),
    "test_function": lambda model: model.evaluate(X, Y, verbose=0),
    "predict_function": lambda model: model.predict(X, verbose=0),
}


@pytest.mark.full
@pytest.mark.parametrize("maker", MAKERS)
def test_a_function_is_cached_and_made_anew_once_it_is_forgotten(maker: str) -> None:
    name = MAKERS[maker]
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    RUNS[name](model)
    first = getattr(model, name)
    RUNS[name](model)
    kept = getattr(model, name)

    forget_step_function(model, name)
    RUNS[name](model)

    assert callable(getattr(keras.Model, maker)), MOVED
    assert callable(first), MOVED
    assert kept is first, MOVED
    assert getattr(model, name) not in (None, first), MOVED


def test_all_three_are_known() -> None:
    assert set(RUNS) == set(MAKERS.values())
    assert TRAIN == "train_function"


def test_each_case_has_functions_of_its_own_and_finds_them_again() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    steps = StepsByCase([model])
    functions: dict[str, Any] = {}

    taken = []
    for case in ("a", "a", "b", "c", "b", "a"):
        taken.append(steps.take(case))
        model.make_train_function()
        functions.setdefault(case, model.train_function)
        assert model.train_function is functions[case]

    assert taken == [True, False, True, True, False, False]
    assert len({id(each) for each in functions.values()}) == 3


def test_a_function_that_fit_holds_is_made_at_once_and_no_other() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    steps = StepsByCase([model])
    seen = []

    class Changes(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            del logs
            steps.take(batch % 2)
            seen.append(model.train_function)

    model.fit(X, Y, batch_size=1, verbose=0, callbacks=[Changes()])

    assert None not in seen
    assert seen[0] is seen[2] is not seen[1] is seen[3]
    assert model.test_function is None
