from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.errors import DropvizError
from dropviz.methods.lstm import LSTM
from dropviz.recording.record import record
from dropviz.studies import memory_limit, monte_carlo
from dropviz.studies.monte_carlo import mc
from tests.keras_models import Array, Layer, Model

STEPS, FEATURES, SAMPLES = 5, 3, 7
X = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
ROUNDING = 1e-6  # rows of one product of matrices are not rounded alike
RATES = {"dropout": 0.3, "recurrent_dropout": 0.4}
# One layer of each way to draw and to multiply.
DROPPING: dict[str, Callable[[], list[Layer]]] = {
    "lstm": lambda: [keras.layers.LSTM(4, **RATES)],
    "tied": lambda: [keras.layers.LSTM(4, dropout=0.3)],
    "gru": lambda: [keras.layers.GRU(4, **RATES)],
    "simple": lambda: [keras.layers.SimpleRNN(4, **RATES)],
    "dropout above": lambda: [keras.layers.LSTM(4), keras.layers.Dropout(0.4)],
    "spatial below": lambda: [keras.layers.SpatialDropout1D(0.4), keras.layers.GRU(4)],
    "both ways": lambda: [keras.layers.Bidirectional(keras.layers.LSTM(4, **RATES))],
    "stack": lambda: [keras.layers.RNN([keras.layers.LSTMCell(4, **RATES) for _ in range(2)])],
    **{
        name: (lambda name=name: [LSTM(4, method=name, **RATES)])  # type: ignore[misc]
        for name in ("naive", "gal-tied", "moon", "semeniuta", "weight-drop")
    },
    "zaremba": lambda: [LSTM(4, method="zaremba", dropout=0.3)],
    "zoneout": lambda: [LSTM(4, method="zoneout", zoneout_cell=0.3, zoneout_hidden=0.2)],
}


def model_of(*layers: Layer, steps: int = STEPS) -> Model:
    return keras.Sequential([keras.Input((steps, FEATURES)), *layers])


def dropping(name: str) -> Model:
    """The same model each time: layers draw their seeds when they are made."""
    keras.utils.set_random_seed(2)
    return model_of(*DROPPING[name]())


def variables(model: Model) -> list[Array]:
    return [np.asarray(each) for each in model.variables]


@pytest.mark.few("lstm", "dropout above", "stack", "zoneout", "semeniuta")
@pytest.mark.parametrize("name", DROPPING)
def test_a_pass_is_a_call_in_training(name: str) -> None:
    model = dropping(name)
    # The rows of two passes in one call, as dropviz lays them out; or a call for each.
    rows = [X, X] if name == "weight-drop" else [np.concatenate([X, X])]
    twice = np.concatenate([np.asarray(model(each, training=True)) for each in rows])
    model = dropping(name)

    found = mc(model, X, passes=2)

    np.testing.assert_array_equal(found.outputs.reshape(twice.shape), twice)
    assert found.varies


@pytest.mark.few(2)
@pytest.mark.parametrize("name", DROPPING)
def test_samples_share_their_masks_in_a_pass_or_do_not(name: str) -> None:
    same = np.repeat(X[:1], 6, axis=0)
    model = dropping(name)

    alike = mc(model, same, passes=8, masks="pass").outputs
    apart = mc(model, same, passes=8, masks="sample").outputs

    assert np.ptp(alike, axis=1).max() < ROUNDING
    assert np.ptp(alike, axis=0).min() > 0
    # Masks of weights are those of the whole batch, by their method; those of x are not.
    assert np.ptp(apart, axis=1).max() > ROUNDING


def test_passes_that_drop_weights_have_each_its_own() -> None:
    model = model_of(LSTM(4, method="weight-drop", recurrent_dropout=0.5))

    outputs = mc(model, X, passes=6).outputs

    assert len({each.tobytes() for each in outputs}) == 6


@pytest.mark.full
def test_samples_in_parts_share_the_masks_of_their_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    same = np.repeat(X[:1], 10, axis=0)
    model = model_of(keras.layers.LSTM(4, **RATES), keras.layers.Dropout(0.4))
    monkeypatch.setattr(memory_limit, "MOST_ROWS", 4)

    alike = mc(model, same, passes=3, masks="pass").outputs

    assert alike.shape[:2] == (3, 10)
    assert np.ptp(alike, axis=1).max() < ROUNDING


@pytest.mark.parametrize(("most", "called_on"), [(1, [1] * 7), (3, [3, 3, 1]), (6, [6, 1])])
def test_a_call_is_as_large_as_memory_allows(
    monkeypatch: pytest.MonkeyPatch, most: int, called_on: list[int]
) -> None:
    model = model_of(keras.layers.Dropout(0.4))
    monkeypatch.setattr(memory_limit, "_MOST_NUMBERS", most * STEPS * FEATURES)
    called: list[int] = []
    real = monte_carlo._numbers

    def noted(outputs: Any) -> Any:
        called.append(len(outputs))
        return real(outputs)

    monkeypatch.setattr(monte_carlo, "_numbers", noted)

    assert mc(model, X, passes=2).outputs.shape == (2, *X.shape)
    # The first as it stands, the last with dropout off.
    assert called == [SAMPLES, *called_on * 2, SAMPLES]


def test_a_mask_of_a_pass_is_a_mask_of_its_rate() -> None:
    model = model_of(keras.layers.Dropout(0.4))
    ones = np.ones((3, STEPS, FEATURES), "float32")

    found = mc(model, ones, passes=400, masks="pass", seed=1).outputs

    assert set(np.unique(found)) == {0, np.float32(1 / 0.6)}
    # 6,000 draws: four deviations are .025.
    assert (found == 0).mean() == pytest.approx(0.4, abs=0.025)


def test_the_model_is_as_it_was_and_recorded_no_look() -> None:
    layers = keras.layers.LSTM(4, **RATES, return_sequences=True), keras.layers.Dropout(0.4)
    model = model_of(*layers, keras.layers.BatchNormalization(), keras.layers.LSTM(2, dropout=0.2))
    before, own = variables(model), [set(vars(layer)) for layer in model.layers]
    with record(model) as recording:
        mc(model, X, passes=3, masks="pass")

    assert all(np.array_equal(*pair) for pair in zip(before, variables(model), strict=True))
    assert [set(vars(layer)) for layer in model.layers] == own
    assert not any(layer.batches for layer in recording.values())


@pytest.mark.full
def test_training_goes_on_as_if_nothing_had_been_asked() -> None:
    outcomes = []
    for asked in (False, True):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(2)
        model = model_of(keras.layers.LSTM(4, **RATES), keras.layers.Dense(1))
        model.compile("sgd", "mse", run_eagerly=True)
        for _ in range(2):
            model.fit(X, X[:, 0, :1], verbose=0)
            if asked:
                mc(model, X, passes=3, seed=4)
        outcomes.append(variables(model))

    assert all(np.array_equal(*pair) for pair in zip(*outcomes, strict=True))


def test_layers_that_do_not_mask_run_as_in_prediction() -> None:
    model = model_of(
        keras.layers.BatchNormalization(), keras.layers.GaussianNoise(1.0), keras.layers.LSTM(4)
    )

    found = mc(model, X, passes=3)

    assert not found.varies
    np.testing.assert_array_equal(found.off, model.predict(X, verbose=0))
    assert any("Left off" in said and "gaussian_noise" in said for said in found.remarks)
    assert any("no layer" in said for said in found.remarks)


class Rescaled(keras.layers.Dropout):  # type: ignore[misc]
    """Drops in a way of its own."""

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return 2 * super().call(inputs, training=training)


@pytest.mark.parametrize(
    ("made", "left_off"),
    [
        (lambda: keras.layers.GaussianNoise(0.0), False),
        (lambda: keras.layers.GaussianDropout(0.2), True),
        (lambda: Rescaled(0.2), True),
        (lambda: keras.layers.Dropout(0.2), False),
    ],
    ids=["no noise", "gaussian", "own call", "dropout"],
)
def test_what_is_left_off_is_named_and_what_makes_no_noise_is_not(
    made: Callable[[], Layer], *, left_off: bool
) -> None:
    model = model_of(made(), keras.layers.LSTM(4, dropout=0.2))

    said = [each for each in mc(model, X, passes=2).remarks if "Left off" in each]

    assert said == (
        [f"Left off, as no mask of theirs is known: {model.layers[0].name}."] * left_off
    )


def test_a_call_of_somebodys_own_is_part_of_each_pass() -> None:
    model = model_of(keras.layers.LSTM(4), keras.layers.Dropout(0.4))
    before = mc(model, X, passes=3, seed=1)
    own = model.layers[1].call
    model.layers[1].call = lambda inputs, training=False: 3 * own(inputs, training=training)

    after = mc(model, X, passes=3, seed=1)

    np.testing.assert_array_equal(after.outputs, 3 * before.outputs)
    assert "call" in vars(model.layers[1])


@pytest.mark.parametrize(
    "cell",
    [
        lambda: [keras.layers.LSTMCell(3, dropout=0.4), keras.layers.LSTMCell(2, dropout=0.4)],
        lambda: keras.layers.StackedRNNCells([keras.layers.GRUCell(3, recurrent_dropout=0.4)]),
        lambda: keras.layers.SimpleRNNCell(3, dropout=0.4),
    ],
    ids=["list", "stack", "one"],
)
def test_a_layer_by_itself_is_asked_whatever_its_cell_is(cell: Callable[[], Any]) -> None:
    layer = keras.layers.RNN(cell())
    layer.build((None, STEPS, FEATURES))

    assert mc(layer, X, passes=3).varies


def test_an_interrupt_acts_between_two_calls_and_leaves_the_model_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, calls = model_of(keras.layers.LSTM(4, **RATES)), [0]
    before = variables(model)
    own = monte_carlo._together

    def interrupted(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        signal.raise_signal(signal.SIGINT)
        return own(*given, **named)

    monkeypatch.setattr(monte_carlo, "_together", interrupted)
    monkeypatch.setattr(monte_carlo, "rows_of_call", lambda *_: SAMPLES)

    with pytest.raises(KeyboardInterrupt):
        mc(model, X, passes=5)

    assert calls == [1]
    assert "call" not in vars(model.layers[0])
    for mine, its in zip(variables(model), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert not np.ptp([np.asarray(model(X)) for _ in range(2)], axis=0).any()


def test_a_seed_gives_the_same_passes_and_another_others() -> None:
    model = dropping("lstm")
    first, again, other = (mc(model, X, passes=3, seed=seed).outputs for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_step_with_recurrent_dropout_alone_says_why_nothing_varies() -> None:
    model = model_of(keras.layers.LSTM(4, recurrent_dropout=0.5), steps=1)

    found = mc(model, X[:, :1], passes=3)

    assert not found.varies
    (why,) = found.remarks
    assert "one time step" in why
    assert "nothing varies" in str(found)


def test_a_model_whose_weights_are_nan_is_not_said_to_be_sure() -> None:
    model = model_of(keras.layers.LSTM(4, **RATES), keras.layers.Dense(1))
    model.layers[-1].bias.assign([np.nan])

    found = mc(model, X, passes=20)

    said = str(found)
    assert "Not finite: 140 of 140 outputs with the masks on and 7 of 7 outputs with" in said
    assert "nothing varies" not in said
    with pytest.raises(DropvizError, match="predictions must be finite"):
        found.coverage(np.zeros(SAMPLES))


def test_without_a_rate_it_says_that_nothing_can_vary() -> None:
    found = mc(model_of(keras.layers.GRU(4)), X, passes=3)

    assert not found.varies
    (why,) = found.remarks
    assert why.startswith("There is no layer in sequential with a rate above 0 that dropviz knows")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"passes": 1}, "passes must be"),
        ({"passes": 2.5}, "passes must be"),
        ({"masks": "batch"}, "way to share masks"),
        ({"seed": -1}, "seed must be"),
        ({"x": X[..., :2]}, "does not fit"),
        ({"x": X * np.nan}, "must be finite"),
        ({"model": "model"}, "Only a Keras model"),
        ({"model": keras.layers.LSTM(3)}, "not built yet"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(given: dict[str, Any], said: str) -> None:
    asked = {"model": model_of(keras.layers.GRU(4, dropout=0.2)), "x": X, **given}
    with pytest.raises(DropvizError, match=said) as caught:
        mc(**asked)

    assert "\n" not in str(caught.value)


def test_a_stateful_layer_and_two_outputs_are_refused() -> None:
    stateful = keras.Sequential(
        [
            keras.Input(batch_shape=(SAMPLES, STEPS, FEATURES)),
            keras.layers.LSTM(3, stateful=True),
        ]
    )
    x = keras.Input((STEPS, FEATURES))
    two = keras.Model(x, keras.layers.LSTM(3, return_state=True)(x)[:2])

    with pytest.raises(DropvizError, match="keeps its state"):
        mc(stateful, X)
    with pytest.raises(DropvizError, match="one output"):
        mc(two, X)


@pytest.mark.parametrize("shape", [(0, 3, 2), (4, 0, 2), (4, 3, 0)])
def test_no_input_is_said_to_be_none(shape: tuple[int, ...]) -> None:
    layer = keras.layers.LSTM(3, dropout=0.5)
    layer.build((None, 3, 2))

    with pytest.raises(
        DropvizError, match=rf"^x must not be empty\. .*Received: shape \({shape[0]}"
    ):
        mc(layer, np.zeros(shape))
