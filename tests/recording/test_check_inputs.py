from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.errors import DropvizError
from dropviz.recording.check_inputs import checked_inputs
from tests.keras_models import (
    BATCH,
    FEATURES,
    STEPS,
    Model,
    Subclassed,
    data,
    lstm,
    rnn,
    sequential,
)

X, _ = data()


def layer(**kwargs: Any) -> Any:
    made = lstm(**kwargs)
    made.build((BATCH, STEPS, FEATURES))
    return made


def two_inputs() -> Model:
    inputs = {name: keras.Input((STEPS, FEATURES), name=name) for name in "ab"}
    joined = keras.layers.Concatenate(1)([inputs["a"], inputs["b"]])
    return keras.Model(inputs, rnn()(joined))


def refused(model: Any, x: Any) -> str:
    with pytest.raises(DropvizError) as caught:
        checked_inputs(model, x)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


# ---------------------------------------------------------------- what fits


@pytest.mark.parametrize("make", [layer, sequential, Subclassed], ids=["layer", "model", "own"])
@pytest.mark.parametrize("given", [np.asarray, tf.constant], ids=["array", "tensor"])
def test_what_fits_comes_back_as_a_tensor_of_the_same_numbers(make: Any, given: Any) -> None:
    checked = checked_inputs(make(), given(X))

    assert tf.is_tensor(checked)
    np.testing.assert_array_equal(checked, X)


def test_whole_numbers_are_left_whole() -> None:
    checked = checked_inputs(layer(), np.ones(X.shape, "int32"))

    assert checked.dtype == tf.int32


@pytest.mark.parametrize("steps", [1, STEPS, 9])
def test_a_layer_by_itself_takes_any_number_of_steps(steps: int) -> None:
    x = data(2, steps, FEATURES)[0]

    assert tuple(checked_inputs(layer(), x).shape) == x.shape


def test_several_inputs_keep_their_names() -> None:
    checked = checked_inputs(two_inputs(), {"a": X, "b": 2 * X})

    assert list(checked) == ["a", "b"]
    np.testing.assert_array_equal(checked["b"], 2 * X)


def test_what_a_model_of_ones_own_takes_is_its_own_to_say() -> None:
    wide = data(2, STEPS, FEATURES + 4)[0]

    np.testing.assert_array_equal(checked_inputs(Subclassed(), wide), wide)


# ---------------------------------------------------------------- what does not


@pytest.mark.parametrize(
    "x",
    [X[..., :2], X[:, 0], X[np.newaxis], np.float32(1), "much", None, []],
    ids=lambda x: str(np.shape(x)),
)
def test_a_wrong_shape_is_refused_with_the_one_that_fits(x: Any) -> None:
    for each, expected in ((layer(), (None, None, FEATURES)), (sequential(), (None, *X.shape[1:]))):
        said = refused(each, x)
        assert f"x does not fit {each.name!r}. Expected shape {expected}. Received: " in said


def test_a_stateful_layer_says_which_batch_it_expects() -> None:
    stateful = layer(stateful=True)

    assert f"Expected shape ({BATCH}, None, {FEATURES})." in refused(stateful, X)
    assert tuple(checked_inputs(stateful, X[:BATCH]).shape) == (BATCH, STEPS, FEATURES)


@pytest.mark.parametrize("steps", [STEPS - 1, STEPS + 1])
def test_a_model_of_fixed_length_refuses_another(steps: int) -> None:
    said = refused(sequential(), data(2, steps, FEATURES)[0])

    assert said.endswith(f"Received: shape (2, {steps}, {FEATURES}).")


def test_several_parts_for_one_input_are_refused() -> None:
    said = refused(sequential(), [X, X])

    assert said.endswith(f"Received: shape {X.shape} and {X.shape}.")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", [layer, sequential, Subclassed], ids=["layer", "model", "own"])
def test_numbers_that_are_not_finite_are_counted(make: Any, bad: float) -> None:
    x = X.copy()
    x[1, 2, 0] = x[0, 0, 1] = bad

    assert refused(make(), x) == (
        f"x must be finite. Received: 2 of {x.size} values are NaN or infinite."
    )


def test_each_of_several_inputs_must_be_finite() -> None:
    bad = X.copy()
    bad[0, 0, 0] = np.nan

    assert "Received: 1 of" in refused(two_inputs(), {"a": X, "b": bad})


@pytest.mark.parametrize("x", [X[:0], X[:, :0]], ids=lambda x: str(x.shape))
def test_what_is_empty_is_refused_with_the_shape_that_fits(x: Any) -> None:
    for each, expected in ((layer(), (None, None, FEATURES)), (sequential(), (None, *X.shape[1:]))):
        assert refused(each, x) == (
            f"x must not be empty. Expected shape {expected}. Received: shape {x.shape}. Give one "
            "sample and one step at the least."
        )


def test_each_of_several_inputs_must_hold_something() -> None:
    model = two_inputs()

    said = refused(model, {"a": X, "b": X[:0]})

    assert said.startswith(f"x must not be empty. Received: shape {X.shape} and (0, ")
