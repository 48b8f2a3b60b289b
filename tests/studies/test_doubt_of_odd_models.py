"""``dropviz.mc`` of models as others write them: several inputs, calls of their own, other axes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.errors import DropvizError
from dropviz.studies.monte_carlo import mc
from tests.keras_models import Layer, Model

Tensor = Any

SAMPLES, STEPS, FEATURES = 6, 5, 3
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
STAT = DRAW.normal(size=(SAMPLES, 1, 2)).astype("float32")


def beside(*, last: bool) -> tuple[Model, list[Any]]:
    """An LSTM of five steps beside an input of one step, which comes first or last."""
    stat, seq = keras.Input((1, 2)), keras.Input((STEPS, FEATURES))
    lstm = keras.layers.LSTM(4, recurrent_dropout=0.5, name="lstm")(seq)
    both = keras.layers.Concatenate()([keras.layers.Flatten()(stat), lstm])
    inputs = [seq, stat] if last else [stat, seq]
    return keras.Model(inputs, keras.layers.Dense(1)(both)), [X, STAT] if last else [STAT, X]


@pytest.mark.parametrize("last", [True, False])
def test_the_steps_that_count_are_those_of_the_layer(*, last: bool) -> None:
    model, inputs = beside(last=last)

    found = mc(model, inputs, passes=5)

    assert found.varies
    assert found.remarks == ()


@pytest.mark.parametrize(
    "below",
    [
        lambda: [keras.Input((1,)), keras.layers.Embedding(9, 3)],
        lambda: [keras.Input((FEATURES,)), keras.layers.RepeatVector(1)],
        lambda: [keras.Input((FEATURES,)), keras.layers.Reshape((1, FEATURES))],
    ],
    ids=["embedding", "repeated", "reshaped"],
)
def test_one_step_is_said_wherever_it_comes_from(below: Any) -> None:
    model = keras.Sequential([*below(), keras.layers.LSTM(4, recurrent_dropout=0.5)])

    found = mc(model, np.ones((SAMPLES, *model.input_shape[1:]), "float32"), passes=3)

    assert not found.varies
    assert "one time step" in found.remarks[0]


class Merged(keras.Model):  # type: ignore[misc]
    """Merges samples and steps, or features and steps, before a layer."""

    def __init__(self, merged: Layer) -> None:
        super().__init__()
        self.below = keras.layers.LSTM(FEATURES, dropout=0.3, return_sequences=True)
        self.merged = merged

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:  # noqa: FBT001, FBT002
        h = self.below(inputs)
        flat = isinstance(self.merged, keras.layers.Dropout)
        rows = keras.ops.reshape(h, (-1, FEATURES) if flat else (-1, 1, FEATURES))
        return keras.ops.reshape(self.merged(rows, training=training), (len(inputs), -1))


@pytest.mark.parametrize(
    "merged",
    [
        lambda: keras.layers.Dropout(0.5, name="merged"),
        lambda: keras.layers.LSTM(2, dropout=0.5, name="merged"),
        lambda: keras.layers.GRU(2, recurrent_dropout=0.5, name="merged"),
    ],
    ids=["dropout", "lstm", "gru"],
)
def test_samples_that_are_merged_with_steps_share_no_mask(merged: Any) -> None:
    model = Merged(merged())
    model(X)

    assert mc(model, X, passes=3).varies
    with pytest.raises(DropvizError, match=r"^masks=\"pass\" needs .*Received: merged, .*\.$"):
        mc(model, X, passes=3, masks="pass")


def by_name() -> Model:
    stat, seq = keras.Input((2,), name="stat"), keras.Input((STEPS, FEATURES), name="seq")
    both = keras.layers.Concatenate()([stat, keras.layers.LSTM(4, dropout=0.5)(seq)])
    return keras.Model({"stat": stat, "seq": seq}, keras.layers.Dense(1)(both))


@pytest.mark.parametrize(
    "given",
    [
        lambda: {"seq": X},
        lambda: {"seq": X, "stat": STAT[:3, 0]},
        X.tolist,
        lambda: 3.0,
        lambda: {"seq": X, "stat": STAT},
    ],
    ids=["one is missing", "others are fewer", "nested lists", "a number", "another shape"],
)
def test_what_a_model_does_not_take_is_refused_in_one_sentence(given: Any) -> None:
    with pytest.raises(DropvizError) as caught:
        mc(by_name(), given(), passes=3)

    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 500


def test_inputs_by_name_are_taken() -> None:
    assert mc(by_name(), {"seq": X, "stat": STAT[:, 0]}, passes=3).varies


class ByHand(keras.Model):  # type: ignore[misc]
    """Monte Carlo dropout as it is written by hand: a layer that is told to train always."""

    def __init__(self, made: Layer) -> None:
        super().__init__()
        is_rnn = isinstance(made, keras.layers.RNN)
        self.below = keras.layers.Identity() if is_rnn else keras.layers.LSTM(4)
        self.made, self.out = made, keras.layers.Dense(1)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:  # noqa: FBT001, FBT002
        del training
        return self.out(self.made(self.below(inputs), training=True))


@pytest.mark.parametrize(
    "made",
    [
        lambda: keras.layers.Dropout(0.5),
        lambda: keras.layers.LSTM(4, dropout=0.5),
        lambda: keras.layers.GRU(4, recurrent_dropout=0.5),
    ],
    ids=["dropout", "lstm", "gru"],
)
def test_dropout_that_is_always_on_is_off_where_it_is_said_to_be(made: Any) -> None:
    model = ByHand(made())
    model(X)
    found = mc(model, X, passes=20)

    np.testing.assert_allclose(
        found.off,
        np.asarray(model.out(model.made(model.below(X), training=False))),
        rtol=0,
        atol=1e-6,
    )
    said = str(found)
    assert "what predict gives" not in said
    assert f"predict gives something else than that: {model.name} drops or draws then too." in said
