from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core import oracle
from dropviz.core.trace_result import TOLERANCES, Proof, Trace
from dropviz.errors import DropvizError
from dropviz.figures.gates_scene import of_trace
from dropviz.methods.method_cell import MethodCell
from dropviz.recording.find_layers import layers_by_path
from dropviz.recording.mask_layout import Layout
from dropviz.recording.record import record, record_everything
from dropviz.recording.trace import _Call, _proof, _shaken, prove, trace
from tests.keras_models import (
    BATCH,
    FEATURES,
    KINDS,
    METHOD_CASES,
    MODES,
    MOST_UNLIKE,
    ONE_OF_EACH,
    RATES,
    SAMPLES,
    STEPS,
    UNITS,
    Layer,
    Model,
    compiled,
    data,
    dropping,
    fit,
    fresh,
    lstm,
    rnn,
    sequential,
)

X, Y = data()
LONG = data(4, 100, FEATURES)[0]
# What single precision may lose over 100 steps, against the oracle's double.
CLOSE = 1e-5

KERAS: dict[str, dict[str, Any]] = {
    "": {},
    "dropout": {"dropout": 0.5},
    "recurrent_dropout": {"recurrent_dropout": 0.4},
    "both": RATES,
}
LAYERS: dict[str, Any] = {
    **{f"keras.layers.LSTM {name}": (keras.layers.LSTM, kw) for name, kw in KERAS.items()},
    **{f"keras.layers.GRU {name}": (keras.layers.GRU, kw) for name, kw in KERAS.items()},
    **{name: (dropping, {"case": name}) for name in METHOD_CASES},
}
IDLE = ("keras.layers.LSTM ", "keras.layers.GRU ")  # they have no masks that could be on
FIVE = (
    "keras.layers.LSTM both",
    "keras.layers.GRU both",
    "naive",
    "moon sequence test-time",
    "zoneout two rates",
)


def made(which: str, **kwargs: Any) -> Layer:
    """A built layer of ``LAYERS`` with weights far from those it would begin with."""
    keras.utils.set_random_seed(5)
    make, its = LAYERS[which]
    size = {} if make is dropping else {"units": UNITS}
    layer = make(**{**size, **its, "return_sequences": True, **kwargs})
    layer.build((BATCH, STEPS, FEATURES))
    rng = np.random.default_rng(2)
    layer.set_weights([w + rng.normal(scale=0.3, size=w.shape) for w in layer.get_weights()])
    return layer


# ---------------------------------------------------------------- the oracle's table


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[dict[str, tuple[float, float]]]:
    """Errors of training and inference by layer, printed when all are there."""
    errors: dict[str, tuple[float, float]] = {}
    yield errors
    lines = ["", "", f"NumPy against the layer: largest difference over {LONG.shape[1]} steps"]
    lines += [f"{'layer':<32} {'training':>9} {'inference':>9}"]
    lines += [f"{name:<32} {one:9.1e} {other:9.1e}" for name, (one, other) in errors.items()]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(lines))  # noqa: T201


@pytest.mark.full
@pytest.mark.few("keras.layers.LSTM both")
@pytest.mark.parametrize("name", LAYERS)
def test_numpy_gives_the_outputs_of_a_hundred_steps(
    name: str, table: dict[str, tuple[float, float]]
) -> None:
    # At higher rates it grows so that single precision is not enough: see below.
    slower = {"recurrent_dropout": 0.2} if name == "moon sequence inverted" else {}
    layer = made(name, **slower)

    traces = trace(layer, LONG), trace(layer, LONG, training=False)

    table[name] = (traces[0].error, traces[1].error)
    for each, training in zip(traces, (True, False), strict=True):
        assert each.error <= CLOSE
        assert each.proof.agrees
        # No more is allowed for: that is kept for where the memory grows.
        assert each.proof.tolerance == CLOSE
        assert (each.proof.samples, each.proof.steps) == (4, 100)
        assert each.proof.training == (training and name not in IDLE)


# Moon's memory, scaled in training, grows by 2 a step where a unit is kept at a rate of
# 0.5, and with it the rounding of single precision, up to a hundred times in 100 steps.
@pytest.mark.full
@pytest.mark.few("3")
@pytest.mark.parametrize("seed", [0, 3])
def test_rounding_that_grows_with_the_memory_is_no_error(seed: int) -> None:
    x = data(16, 100, FEATURES)[0]
    case, rate = "moon sequence inverted", {"dropout": 0.0, "recurrent_dropout": 0.5}
    fresh(seed)
    layer = dropping(case, units=16, **rate)
    layer.build(x.shape)
    wide = dropping(case, units=16, dtype="float64", **rate)
    wide.build(x.shape)
    wide.set_weights(layer.get_weights())

    seen, exact = trace(layer, x), trace(wide, x)

    assert np.abs(seen.c).max() > 1e6
    assert seen.proof.agrees
    assert CLOSE < seen.proof.tolerance <= 1e-3
    assert exact.error < 1e-9
    values = seen.masks["cell"].values[0].copy()
    values[0, 0, 0] = values[0, 0, 0, ::-1]
    wrong = np.abs(_again(layer, seen, {"cell": values}) - seen.outputs).max()
    assert wrong > 10 * seen.proof.tolerance


# ---------------------------------------------------------------- a wrong mask shows


def _again(layer: Layer, seen: Trace, masks: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """The outputs that the oracle makes of a trace's inputs with other masks."""
    run = oracle.gru if isinstance(layer, keras.layers.GRU) else oracle.lstm
    outputs: NDArray[Any] = run(layer.get_weights(), seen.x, masks).outputs
    return outputs


@pytest.mark.few(6)
@pytest.mark.parametrize("name", LAYERS)
def test_one_wrong_entry_of_a_mask_is_seen(name: str) -> None:
    layer = made(name, units=5)
    x = data(BATCH, 6, FEATURES)[0]
    seen = trace(layer, x)
    masks = {site: each.values[0] for site, each in seen.masks.items() if not each.reason}
    right = _again(layer, seen, masks)
    np.testing.assert_allclose(right, seen.outputs, rtol=0, atol=1e-9)
    assert sorted(masks) == sorted(site for site, each in seen.masks.items() if each.rate)

    for site, values in masks.items():
        kept = float(values.max())
        wrong = values.copy()
        # At the second step, where there is an h; in every sample, as zoneout may keep to
        # itself what one unit would show.
        step = min(1, len(wrong) - 1)
        wrong[step, 0, :, 1] = np.where(wrong[step, 0, :, 1], 0, kept)
        apart = np.abs(_again(layer, seen, {**masks, site: wrong}) - right).max()
        assert not replace(seen.proof, error=float(apart)).agrees
        assert apart > 10 * CLOSE


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_masks_left_out_or_turned_round_in_time_are_seen(case: str) -> None:
    layer = made(case)
    seen = trace(layer, LONG[:, :8])
    masks = {site: each.values[0] for site, each in seen.masks.items() if not each.reason}

    for site, values in masks.items():
        others = {name: each for name, each in masks.items() if name != site}
        turned = {**others, site: values[::-1]} if len(values) > 1 else others
        for wrong in (others, turned):
            apart = np.abs(_again(layer, seen, wrong) - seen.outputs).max()
            assert apart > 100 * CLOSE


# ---------------------------------------------------------------- ways a layer can be


SHAPES: dict[str, dict[str, Any]] = {
    "last step": {"return_sequences": False},
    "backwards": {"go_backwards": True},
    "no bias": {"use_bias": False},
    "unrolled": {"unroll": True},
    "other activations": {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    "own activation": {"activation": keras.activations.softsign},
    "states too": {"return_state": True},
}


@pytest.mark.few(4)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FIVE[:3])
def test_a_layer_of_any_arguments_is_opened(name: str, shape: str) -> None:
    make, its = LAYERS[name]
    layer = make(**{**({} if make is dropping else {"units": UNITS}), **its, **SHAPES[shape]})
    layer.build(X.shape)

    for training in (True, False):
        assert trace(layer, X, training=training).error <= CLOSE


@pytest.mark.few(5)
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "naive", "zoneout two rates"])
@pytest.mark.parametrize(
    "dtype", ["float16", "mixed_float16", "bfloat16", "mixed_bfloat16", "float64"]
)
def test_a_layer_of_any_type_agrees_as_far_as_its_digits_go(name: str, dtype: str) -> None:
    # TensorFlow has no orthogonal matrices in bfloat16.
    layer = made(name, dtype=dtype, recurrent_initializer="glorot_uniform")

    for training in (True, False):
        proof = trace(layer, X, training=training).proof
        assert proof.agrees
        # It does compare: a type of fewer digits is further off.
        assert proof.error < 1e-12 if dtype == "float64" else proof.error > 1e-6


def _padded() -> NDArray[Any]:
    x = X.copy()
    x[2, 1:], x[3, 0] = 0, 0
    return x


@pytest.mark.few(4)
@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
def test_steps_that_are_masked_out_are_opened(name: str, *, sequences: bool) -> None:
    layer = made(name, return_sequences=sequences, go_backwards=True)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.Masking(), layer])

    for training in (True, False):
        assert trace(model, _padded(), training=training).error <= CLOSE


# A Bidirectional that returns sequences asks for zeros at masked steps, in both layers.
@pytest.mark.full
@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "keras.layers.GRU both", "naive"])
@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
def test_masked_steps_of_both_directions_are_opened(name: str, *, sequences: bool) -> None:
    layer = made(name, return_sequences=sequences, name="a")
    both = keras.layers.Bidirectional(layer, name="both")
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.Masking(), both])

    for path in ("both/forward_a", "both/backward_a"):
        seen = trace(model, _padded(), layer=path)
        assert seen.layer == path
        assert seen.error <= CLOSE
    assert not np.array_equal(trace(model, X, layer="both/forward_a").x, seen.x)


@pytest.mark.parametrize("name", FIVE)
def test_a_state_that_is_carried_is_where_the_pass_begins(name: str) -> None:
    layer, x = made(name, stateful=True), X[:BATCH]
    layer(x, training=True)
    state = np.asarray(layer.states[0])

    seen = trace(layer, x)

    assert np.abs(state).max() > 0
    assert seen.error <= CLOSE
    np.testing.assert_array_equal(layer.states[0], state)


def test_a_trace_holds_what_it_promises() -> None:
    layer = made("naive", go_backwards=True)

    seen = trace(layer, X)

    np.testing.assert_array_equal(seen.x, X[:, ::-1])
    assert list(seen.gates) == ["i", "f", "g", "o"]
    for each in (seen.h, seen.c, seen.outputs, *seen.gates.values()):
        assert each.shape == (SAMPLES, STEPS, UNITS)
    assert seen.masks["recurrent"].values.shape == (1, STEPS, 1, SAMPLES, UNITS)
    assert seen.masks.setting == layer.cell.setting
    assert (seen.masks.batches, seen.masks.calls, seen.masks.note) == (1, 1, "")
    assert f"<Trace of {layer.name!r}: Proved: " in repr(seen)


@pytest.mark.parametrize(
    ("which", "training", "said"),
    [
        ("keras.layers.LSTM both", True, "with the recorded masks"),
        ("keras.layers.LSTM both", False, "with dropout off"),
        ("keras.layers.LSTM ", True, "with dropout off"),
        ("keras.layers.GRU ", False, "with dropout off"),
    ],
)
def test_a_proof_speaks_of_masks_where_there_are_some(
    which: str, said: str, *, training: bool
) -> None:
    seen = trace(made(which), X, training=training)

    assert f"plain NumPy {said} gives its outputs" in seen.proof.sentence
    picture = of_trace(seen)
    assert ("masks on" in picture.lines[0]) == (said == "with the recorded masks")
    assert seen.proof.sentence in picture.alt


# ---------------------------------------------------------------- nothing is disturbed


def _state(model: Model) -> list[NDArray[Any]]:
    variables = [*model.variables, *model.metrics_variables]
    return [np.asarray(each) for each in variables]


@pytest.mark.few(2)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "semeniuta step inverted"])
def test_a_trace_leaves_every_variable_to_the_bit(name: str, *, training: bool) -> None:
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(BATCH, STEPS, FEATURES)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            made(name, stateful=True, return_sequences=False),
            keras.layers.Dense(1),
        ]
    )
    compiled(model, run_eagerly=True, metrics=["mae"])
    model.train_on_batch(X[:BATCH], Y[:BATCH])
    before, keys = _state(model), [set(vars(layer)) for layer in model.layers]

    trace(model, X[:BATCH], training=training)

    for mine, its in zip(_state(model), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert [set(vars(layer)) for layer in model.layers] == keys


@pytest.mark.full
@pytest.mark.few("semeniuta step inverted-eager-False")
@pytest.mark.parametrize(
    ("case", "mode", "recorded"),
    [
        ("semeniuta step inverted", "graph", True),
        ("semeniuta step inverted", "eager", False),
        ("keras", "eager", True),
    ],
)
def test_a_trace_between_epochs_leaves_the_training_as_it_was(
    case: str, mode: str, *, recorded: bool
) -> None:
    outcomes = []
    for traced in (True, False):
        fresh()
        layer = lstm() if case == "keras" else dropping(case)
        model = compiled(sequential(layer), **MODES[mode])
        look = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, model=model: trace(model, X)  # noqa: ARG005
        )
        callbacks = [look] if traced else []
        if recorded:
            with record(model) as recording:
                fit(model, epochs=2, callbacks=callbacks)
            assert recording["lstm"].batches == 6
        else:
            fit(model, epochs=1, callbacks=callbacks)
            fit(model, epochs=1, callbacks=callbacks)
        outcomes.append(_state(model))

    for mine, its in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(mine, its)


def _two() -> Model:
    return sequential(dropping("naive", name="lower", return_sequences=True), lstm(name="upper"))


@pytest.mark.full
def test_a_recording_does_not_see_the_pass_of_a_trace() -> None:
    model = _two()
    with record(model) as recording:
        model(X, training=True)
        before = {name: layer.draw_log for name, layer in recording.items()}
        for layer in ("lower", "upper"):
            assert trace(model, X, layer=layer).error <= CLOSE
        model(X, training=True)

    # Of neither layer: the one that is opened, and the one beside it.
    assert {name: layer.batches for name, layer in recording.items()} == {"lower": 2, "upper": 2}
    for name, draws in before.items():
        assert draws is not None
        after = recording[name].draw_log
        assert after is not None
        assert len(draws) == 1
        assert after.states[1, 1] - after.states[0, 1] == {"lower": 2, "upper": 8}[name]


@pytest.mark.full
def test_a_recording_of_everything_does_not_see_it_either() -> None:
    model = _two()
    with record_everything() as recorder:
        trace(model, X, layer="lower")
        assert list(recorder.recording) == []
        model(X, training=True)
        trace(model, X, layer="upper")

    batches = {name: layer.batches for name, layer in recorder.recording.items()}
    assert batches == {"lower": 1, "upper": 1}


def _fails(*_: Any, **__: Any) -> Any:
    raise KeyError("own")


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "keras.layers.GRU both", "naive"])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_trace_that_failed_leaves_no_mask_and_no_loop(name: str, *, recorded: bool) -> None:
    layer = made(name)
    layer(X)
    keys, states = set(vars(layer)), np.asarray(layer.cell.seed_generator.state)
    working, layer.cell.activation = layer.cell.activation, _fails

    with record(layer) if recorded else nullcontext(), pytest.raises(KeyError, match="own"):
        trace(layer, X)

    layer.cell.activation = working
    assert set(vars(layer)) == keys
    np.testing.assert_array_equal(layer.cell.seed_generator.state, states)
    # A stale mask would be of ten samples: the call would fail, or draw none.
    assert trace(layer, X[:3]).error <= CLOSE
    layer(X[:3], training=True)
    assert not np.array_equal(layer.cell.seed_generator.state, states)


# ---------------------------------------------------------------- which layer


def test_a_layer_inside_others_is_found_by_its_path() -> None:
    inner = keras.Sequential([keras.Input((STEPS, FEATURES)), dropping("naive")], name="inner")
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), inner], name="outer")

    for layer in (None, "inner/lstm"):
        seen = trace(model, X, layer=layer)
        assert seen.layer == "inner/lstm"
        assert seen.error <= CLOSE


class Own(keras.Model):  # type: ignore[misc]
    """A model that says itself what it takes, and calls its layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = lstm()

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.memory(-x, training=training) + self.memory(x, training=training)


@pytest.mark.full
def test_of_a_layer_that_is_called_twice_the_last_call_is_opened() -> None:
    model = Own()
    model(X)

    seen = trace(model, X)

    assert seen.error <= CLOSE
    np.testing.assert_array_equal(seen.x, X)


def test_a_layer_over_several_sequences_is_opened() -> None:
    kind = KINDS["time distributed"]
    wrapped = keras.layers.TimeDistributed(dropping("gal-tied"), name="td")
    model = keras.Sequential([keras.Input(kind.shape[1:]), wrapped])

    seen = trace(model, data(*kind.shape)[0])

    assert seen.layer == "td/lstm"
    assert seen.error <= CLOSE


def test_a_model_of_several_inputs_is_opened() -> None:
    inputs = {name: keras.Input((STEPS, FEATURES), name=name) for name in "ab"}
    joined = keras.layers.Concatenate(1)([inputs["b"], inputs["a"]])
    model = keras.Model(inputs, dropping("naive")(joined))

    seen = trace(model, {"a": X, "b": 2 * X})

    np.testing.assert_array_equal(seen.x, np.concatenate([2 * X, X], axis=1))
    assert seen.error <= CLOSE


def refused(model: Any, x: Any = X, **kwargs: Any) -> str:
    with pytest.raises(DropvizError) as caught:
        trace(model, x, **kwargs)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_several_layers_have_to_be_told_apart() -> None:
    model = _two()

    assert refused(model) == (
        f"{model.name!r} has 2 layers that can be traced. Name one: layer='lower'. "
        "Known: lower, upper."
    )
    assert "Did you mean 'lower'?" in refused(model, layer="lowr")
    both = sequential(keras.layers.Bidirectional(dropping("naive"), name="both"))
    assert "Name one: layer='both/forward_lstm'." in refused(both)


def test_the_only_layer_that_can_be_opened_needs_no_name() -> None:
    model = sequential(rnn(return_sequences=True), dropping("naive"))

    assert trace(model, X).layer == "lstm"
    assert "whose cell is SimpleRNNCell." in refused(model, layer="rnn")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: keras.layers.SimpleRNN(2), "'simple_rnn' is no LSTM or GRU"),
        (lambda: keras.layers.ConvLSTM1D(2, 2), "whose cell is ConvLSTMCell."),
        (
            lambda: keras.layers.RNN([keras.layers.LSTMCell(2)]),
            "whose cell is StackedRNNCells.",
        ),
        (lambda: keras.layers.LSTM(2), "'lstm' is not built yet. Call it once on data"),
        (lambda: dropping("naive"), "'lstm' is not built yet."),
        (lambda: keras.layers.Dense(2), "'dense' has no recurrent layer to trace."),
        (lambda: "lstm", "Only a Keras model or layer can be traced. Received: str."),
        (lambda: None, "Received: NoneType."),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_line(layer: Any, words: str) -> None:
    assert words in refused(layer())


@pytest.mark.parametrize("case", ["zaremba", "moon sequence test-time", "zoneout two rates"])
def test_masks_that_are_drawn_inside_the_loop_are_refused_and_not_called_wrong(case: str) -> None:
    layer = keras.layers.RNN(MethodCell(UNITS, **METHOD_CASES[case]), name="cells")
    layer.build(X.shape)

    assert "'cells' cannot be opened: no mask was there before the first" in refused(layer)
    assert trace(layer, X, training=False).error <= CLOSE
    with record(layer) as recording:
        layer(X, training=True)
    assert prove({"cells": layer}, recording) == {}


# ---------------------------------------------------------------- inputs and weights


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "naive"])
def test_inputs_that_are_not_finite_are_refused(name: str, bad: float) -> None:
    x = X.copy()
    x[1, 2, 0] = bad

    said = refused(made(name), x)

    assert said == f"x must be finite. Received: 1 of {x.size} values are NaN or infinite."


@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "keras.layers.GRU both", "naive"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_weights_that_are_not_finite_are_refused(name: str, which: int) -> None:
    layer = made(name)
    weights = layer.get_weights()
    weights[which].flat[0] = np.nan
    layer.set_weights(weights)

    assert f"Received: 1 of {weights[which].size} values of the " in refused(layer)


@pytest.mark.full
@pytest.mark.few(9)
@pytest.mark.parametrize(
    "x",
    [X[..., :2], X[:, 0], X[np.newaxis], X[:0], X[:, :0], np.float32(1), "much", None, []],
    ids=lambda x: str(np.shape(x)),
)
@pytest.mark.parametrize("name", ["keras.layers.LSTM both", "naive"])
def test_inputs_of_a_wrong_shape_are_refused_before_anything_is_drawn(name: str, x: Any) -> None:
    layer = made(name)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer])
    states = np.asarray(layer.cell.seed_generator.state)

    for each, expected in ((layer, (None, None, FEATURES)), (model, (None, STEPS, FEATURES))):
        said = refused(each, x)
        empty = isinstance(x, np.ndarray) and not x.size
        wrong = "x must not be empty" if empty else f"x does not fit {each.name!r}"
        assert f"{wrong}. Expected shape {expected}. Received: " in said
    np.testing.assert_array_equal(layer.cell.seed_generator.state, states)
    assert getattr(layer.cell, "_dropout_mask", None) is None
    assert trace(layer, X[:3]).error <= CLOSE


def test_a_stateful_layer_says_which_batch_it_expects() -> None:
    layer = made("naive", stateful=True)

    assert f"Expected shape ({BATCH}, None, {FEATURES})." in refused(layer, X)
    assert trace(layer, X[:BATCH]).error <= CLOSE


@pytest.mark.full
def test_a_model_of_ones_own_that_gets_a_wrong_shape_keeps_its_error_and_no_mask() -> None:
    model = Own()
    model(X)

    with pytest.raises(Exception, match="size-incompatible"):
        trace(model, X[..., :2])

    assert model.memory.cell._dropout_mask is None
    assert trace(model, X).error <= CLOSE


# ---------------------------------------------------------------- proofs of a recording


@pytest.mark.few(3)
@pytest.mark.parametrize("case", ["keras", *ONE_OF_EACH])
def test_a_recorded_layer_is_proved(case: str) -> None:
    layer = lstm() if case == "keras" else dropping(case)
    with record(layer) as recording:
        for size in (BATCH, 3, 2):
            layer(X[:size], training=True)
    before = _state(layer)

    proofs = prove({"lstm": layer}, recording)

    assert list(proofs) == ["lstm"]
    assert proofs["lstm"].agrees
    assert (proofs["lstm"].samples, proofs["lstm"].steps) == (2, STEPS)
    for mine, its in zip(_state(layer), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_a_proof_takes_no_more_than_it_needs() -> None:
    layer = dropping("gal-tied")
    with record(layer) as recording:
        layer(data(40, 110, FEATURES)[0], training=True)

    proof = prove({"lstm": layer}, recording)["lstm"]

    assert (proof.samples, proof.steps) == (32, 100)
    assert proof.agrees


def test_what_cannot_be_proved_is_left_out() -> None:
    model = sequential(rnn(return_sequences=True), dropping("naive"))
    with record(model) as recording:
        assert prove(layers_by_path(model), recording) == {}
        model(X, training=True)

    assert list(layers_by_path(model)) == ["rnn", "lstm"]
    assert list(prove(layers_by_path(model), recording)) == ["lstm"]


def test_a_layer_that_was_not_recorded_is_left_out() -> None:
    layer, other = dropping("naive"), dropping("naive", name="other")
    other(X)
    with record(layer) as recording:
        layer(X, training=True)

    assert list(prove({"other": other, "lstm": layer}, recording)) == ["lstm"]


# ---------------------------------------------------------------- how far is too far

OUTPUTS = np.linspace(-0.5, 0.25, 2 * 3 * 4).reshape(2, 3, 4)


def opened(outputs: NDArray[Any]) -> oracle.Pass:
    return oracle.Pass(outputs=outputs, gates={}, h=outputs, c=outputs)


def proof(
    theirs: NDArray[Any],
    *,
    ours: NDArray[Any] = OUTPUTS,
    shaken: float = 0.0,
    dtype: str = "float32",
    training: bool = True,
) -> Proof:
    """The proof of a layer that gave out some outputs; of the last step, or of all."""
    call = _Call(
        sequences=np.zeros((2, 3, 5)),
        states=[],
        keep=None,
        training=training,
        layout=Layout((), dtype),
        masks=[],
        last=theirs[:, -1],
        outputs=theirs,
    )
    return _proof(opened(ours), opened(ours + shaken), call, dtype, masked=training)


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("off", [0.125, -0.125])
def test_the_error_is_the_largest_difference_at_any_step(step: int, off: float) -> None:
    theirs = OUTPUTS.copy()
    theirs[1, step, 2] += off

    found = proof(theirs)
    last = proof(theirs[:, -1:])

    assert (found.error, found.samples, found.steps, found.training) == (0.125, 2, 3, True)
    # Where a layer gives out its last step alone, that is compared.
    assert last.error == (0.125 if step == 2 else 0)
    assert proof(OUTPUTS, training=False) == replace(proof(OUTPUTS), training=False)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("times", [1, 40])
def test_what_rounding_may_come_to_grows_with_the_outputs(dtype: str, times: float) -> None:
    found = proof(times * OUTPUTS, ours=times * OUTPUTS, dtype=dtype)

    assert found.error == 0
    assert found.tolerance == pytest.approx(TOLERANCES[dtype] * max(1, times / 2))


@pytest.mark.parametrize(
    ("shaken", "expected"),
    # Eight times what one turned digit makes, and a thousandth at the most.
    [(0.0, 1e-5), (1e-9, 1e-5), (1e-5, 8e-5), (-1e-5, 8e-5), (1.0, 1e-3)],
)
def test_of_what_shaken_weights_make_a_part_is_rounding_but_never_much(
    shaken: float, expected: float
) -> None:
    assert proof(OUTPUTS, shaken=shaken).tolerance == pytest.approx(expected)
    assert proof(OUTPUTS + 0.01, shaken=shaken).agrees is False  # as far as a wrong mask takes it
    # What the layer gives out is compared with what its own weights make.
    assert proof(OUTPUTS, shaken=shaken).error == 0


def test_weights_are_shaken_in_the_last_digit_of_single_precision() -> None:
    weights = [np.array([[1.0, -3.0], [0.0, 5e-4]]), np.linspace(1, 2, 40)]

    found = _shaken(weights, "float32")

    off = [mine - its for mine, its in zip(found, weights, strict=True)]
    for each, its in zip(off, weights, strict=True):
        np.testing.assert_allclose(abs(each), abs(its) * np.finfo("float32").eps, rtol=1e-6)
    assert set(np.sign(off[1])) == {-1, 1}


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_weights_of_another_precision_are_left(dtype: str) -> None:
    weights = [np.array([1.0, -3.0])]

    np.testing.assert_array_equal(_shaken(weights, dtype), weights)
