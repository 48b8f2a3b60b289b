from __future__ import annotations

import functools
import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from dropviz.errors import DropvizError
from dropviz.recording.record import record, record_everything
from tests.keras_models import (
    BATCH,
    FEATURES,
    KINDS,
    MODES,
    RATES,
    SAMPLES,
    SIZES,
    STEPS,
    UNITS,
    Kind,
    Layer,
    Model,
    Used,
    assert_same_masks,
    budget_of,
    compiled,
    data,
    fit,
    fresh,
    in_numpy,
    lstm,
    quick,
    rnn,
    sequential,
    used_by,
)

# Float32 against float64, over a few steps of a few units: accumulation order.
CLOSE = 1e-5


# ---------------------------------------------------------------- kinds of models


def _fit_kind(kind: Kind, model: Model) -> None:
    x, y = data(*kind.shape)
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)


@functools.cache
def _used_by_kind(name: str) -> dict[str, Used]:
    kind = KINDS[name]
    fresh()
    twin = compiled(kind.build(), run_eagerly=True)
    used = used_by(twin, lambda model: _fit_kind(kind, model))
    return {path: used[id(cell)] for path, cell in kind.cells(twin).items()}


@pytest.mark.few("bidirectional-eager", "unrolled backwards-graph")
@pytest.mark.parametrize("mode", ["graph", "eager"])
@pytest.mark.parametrize("name", KINDS)
def test_the_masks_kept_are_those_that_the_cells_multiplied_with(name: str, mode: str) -> None:
    kind, used = KINDS[name], _used_by_kind(name)
    fresh()
    model = compiled(kind.build(), **MODES[mode])

    with record(model) as recording:
        _fit_kind(kind, model)

    assert list(recording) == list(used)
    for path, its in used.items():
        sizes = tuple(size for size in SIZES for _ in range(kind.calls))
        layer = recording[path]
        assert layer["input"].batch_sizes == sizes
        places = [(batch, call) for batch in range(len(SIZES)) for call in range(kind.calls)]
        assert list(zip(layer["input"].batches, layer["input"].calls, strict=True)) == places
        assert (layer.batches, layer.calls) == (len(SIZES), len(sizes))
        assert_same_masks(layer, its)


def test_a_layer_alone_can_be_recorded() -> None:
    layer = lstm()

    with record(layer) as recording:
        layer(data()[0], training=True)

    assert recording["lstm"].batches == 1


class Twins(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = rnn(return_sequences=True), rnn()

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.two(self.one(x, training=training), training=training)


def test_layers_of_one_name_in_one_model_are_told_apart() -> None:
    twins = Twins()
    with record(twins) as recording:
        assert list(recording) == ["rnn", "rnn#2"]

    assert not any("inner_loop" in vars(layer) for layer in (twins.one, twins.two))


# ---------------------------------------------------------------- ways to train


def _by_fit(model: Model, *, graph: bool) -> None:
    del graph
    fit(model)


def _by_train_on_batch(model: Model, *, graph: bool) -> None:
    del graph
    x, y = data()
    for start in range(0, SAMPLES, BATCH):
        model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])


def _by_hand(model: Model, *, graph: bool) -> None:
    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((model(x, training=True) - y) ** 2)
        slopes = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply(slopes, model.trainable_weights)

    once = tf.function(step) if graph else step
    x, y = data()
    for start in range(0, SAMPLES, BATCH):
        once(tf.constant(x[start : start + BATCH]), tf.constant(y[start : start + BATCH]))


def _by_lengths(model: Model, *, graph: bool) -> None:
    del graph

    def batches() -> Iterator[Any]:
        for samples, steps in ((4, 3), (3, 5), (4, 2)):
            yield data(samples, steps, FEATURES)

    shapes = tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, 1))
    lengths = tf.data.Dataset.from_generator(batches, output_signature=shapes)
    model.fit(lengths, steps_per_epoch=3, shuffle=False, verbose=0)


def _by_windows(model: Model, *, graph: bool) -> None:
    del graph
    fit(model, batch_size=2)


def _padded() -> Model:
    return sequential(keras.layers.Masking(data()[0][0, 0, 0]), lstm())


def _stateful() -> Model:
    return keras.Sequential(
        [keras.Input(batch_shape=(2, STEPS, FEATURES)), lstm(stateful=True), keras.layers.Dense(1)]
    )


@dataclass(frozen=True)
class Way:
    train: Callable[..., None] = _by_fit
    build: Callable[[], Model] = sequential
    settings: dict[str, Any] = field(default_factory=dict)
    policy: str = "float32"
    sizes: tuple[int, ...] = SIZES


WAYS = {
    "fit": Way(),
    "train_on_batch": Way(_by_train_on_batch),
    "hand-written loop": Way(_by_hand),
    "steps_per_execution": Way(settings={"steps_per_execution": 2}),
    "lengths that vary": Way(_by_lengths, lambda: sequential(steps=None), sizes=(4, 3, 4)),
    "padded": Way(build=_padded),
    "stateful": Way(_by_windows, _stateful, sizes=(2,) * 5),
    "mixed precision": Way(policy="mixed_float16"),
}


@pytest.fixture
def policy() -> Iterator[Callable[[str], None]]:
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@functools.cache
def _used_by_way(name: str) -> Used:
    way = WAYS[name]
    fresh()
    twin = compiled(way.build(), run_eagerly=True, **way.settings)
    used = used_by(twin, lambda model: way.train(model, graph=False))
    return used[id(twin.get_layer("lstm").cell)]


@pytest.mark.few("fit-graph")
@pytest.mark.parametrize("mode", ["graph", "eager"])
@pytest.mark.parametrize("name", WAYS)
def test_every_way_to_train_is_recorded(
    name: str, mode: str, policy: Callable[[str], None]
) -> None:
    way = WAYS[name]
    policy(way.policy)
    used = _used_by_way(name)
    fresh()
    model = compiled(way.build(), **MODES[mode], **way.settings)

    with record(model) as recording:
        way.train(model, graph=mode == "graph")

    assert recording["lstm"]["recurrent"].batch_sizes == way.sizes
    assert_same_masks(recording["lstm"], used)


# XLA draws other masks than a graph for the same seed, so a twin cannot bear witness
# there; the numbers that came out of the training can.
@pytest.mark.few("GRU-graph")
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        (keras.layers.LSTM, "graph"),
        (keras.layers.LSTM, "jit"),
        (keras.layers.GRU, "graph"),
        (keras.layers.SimpleRNN, "graph"),
    ],
)
def test_the_loss_of_fit_follows_from_the_masks_kept(kind: Callable[..., Layer], mode: str) -> None:
    layer = kind(UNITS, **RATES, return_sequences=True)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse", **MODES[mode])
    x, _ = data(2 * BATCH, STEPS, FEATURES)
    nought = np.zeros((*x.shape[:2], UNITS))

    with record(model) as recording:
        seen = model.fit(x, nought, batch_size=BATCH, shuffle=False, verbose=0)

    sites = recording[layer.name]
    squares = 0.0
    for number, start in enumerate(range(0, len(x), BATCH)):
        masks = [sites[site].of_batch(number)[0] for site in ("input", "recurrent")]
        squares += float((in_numpy(layer, x[start : start + BATCH], *masks) ** 2).sum())
    assert seen.history["loss"] == [pytest.approx(squares / nought.size, abs=CLOSE)]


@pytest.mark.few("LSTM-both-graph", "GRU-recurrent-graph", "LSTM-both-eager")
@pytest.mark.parametrize(
    ("rates", "mode"),
    [
        (RATES, "graph"),
        (RATES, "jit"),
        (RATES, "eager"),
        ({"dropout": 0.5}, "graph"),
        ({"recurrent_dropout": 0.5}, "graph"),
    ],
    ids=["both-graph", "both-jit", "both-eager", "input-graph", "recurrent-graph"],
)
@pytest.mark.parametrize("kind", [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN])
def test_a_layers_output_follows_from_the_masks_kept(
    kind: Callable[..., Layer], rates: dict[str, float], mode: str
) -> None:
    layer = kind(UNITS, **rates, return_sequences=True)
    x, _ = data()
    layer.build(x.shape)
    once = (
        layer if mode == "eager" else tf.function(layer, jit_compile=mode == "jit", autograph=False)
    )

    with record(layer) as recording:
        output = once(tf.constant(x), training=True)

    masks = [recording[layer.name][site].of_batch()[0] for site in ("input", "recurrent")]
    np.testing.assert_allclose(output, in_numpy(layer, x, *masks), rtol=0, atol=CLOSE)


# ---------------------------------------------------------------- what is not recorded


@pytest.mark.parametrize(
    "look",
    [
        lambda model, x, _: model.predict(x, verbose=0),
        lambda model, x, y: model.evaluate(x, y, verbose=0),
        lambda model, x, y: model.test_on_batch(x, y),
        lambda model, x, _: model(x),
    ],
    ids=["predict", "evaluate", "test_on_batch", "call"],
)
def test_inference_is_not_recorded(look: Callable[..., Any]) -> None:
    model = quick()

    with record(model) as recording:
        look(model, *data())

    assert recording["rnn"].batches == 0


def test_validation_between_epochs_is_not_recorded() -> None:
    model = quick()

    with record(model) as recording:
        fit(model, epochs=2, validation_data=data())

    assert recording["rnn"].batches == 2 * len(SIZES)


# ---------------------------------------------------------------- before the block


def _unbuilt() -> Model:
    return compiled(keras.Sequential([rnn()]))


def _uncompiled() -> Model:
    return sequential(rnn())


def _fitted() -> Model:
    model = quick()
    fit(model)
    return model


def _trained_on_a_batch() -> Model:
    model = quick()
    model.train_on_batch(*data())
    return model


@pytest.mark.full
@pytest.mark.few("_fitted")
@pytest.mark.parametrize("prepare", [_unbuilt, quick, _fitted, _trained_on_a_batch])
def test_what_a_model_went_through_before_makes_no_difference(
    prepare: Callable[[], Model],
) -> None:
    model = prepare()

    with record(model) as recording:
        fit(model)

    assert recording["rnn"].batches == len(SIZES)


@pytest.mark.few("_unbuilt")
@pytest.mark.parametrize("prepare", [_unbuilt, _uncompiled, quick, _fitted])
def test_a_model_may_be_compiled_inside_the_block(prepare: Callable[[], Model]) -> None:
    model = prepare()

    with record(model) as recording:
        fit(compiled(model))

    assert recording["rnn"].batches == len(SIZES)


@pytest.mark.full
def test_a_model_inside_another_is_recorded_while_the_other_trains() -> None:
    inner = quick()
    outer = compiled(keras.Sequential([inner, keras.layers.Dense(1)]))
    fit(outer)

    with record(inner) as recording:
        fit(outer)

    assert recording["rnn"].batches == len(SIZES)


def test_a_function_traced_before_the_block_is_explained() -> None:
    model = quick()
    once = tf.function(lambda x: model(x, training=True))
    once(data()[0])

    with record(model) as recording:
        once(data()[0])

    assert recording["rnn"].batches == 0
    assert recording["rnn"].note == "no call of it with training=True was seen."


@pytest.mark.full
def test_steps_of_a_function_made_before_the_block_are_counted_and_explained() -> None:
    model = quick()
    x, y = data()

    def step() -> None:
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((model(x, training=True) - y) ** 2)
        slopes = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply(slopes, model.trainable_weights)

    before = tf.function(step)
    before()
    with record(model) as recording:
        before()
        before()
        tf.function(step)()

    assert recording["rnn"].batches == 1
    assert recording.missed == 2
    (note,) = recording.notes
    assert note.startswith("Not recorded: 2 steps that the optimizer counts. A function that was ")
    assert note in str(recording)


@pytest.mark.full
def test_steps_of_another_model_are_not_missed() -> None:
    model, other = quick(), quick("other")
    fit(other)
    with record(model) as recording:
        fit(model)
        fit(other)

    assert (recording["rnn"].batches, recording.missed) == (3, 0)


# NumPy 2, of how Keras reads its file.
@pytest.mark.full
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_model_that_is_loaded_inside_the_block_has_missed_nothing(tmp_path: Path) -> None:
    model = quick()
    fit(model)
    model.save(tmp_path / "a.keras")
    with record_everything() as recorder:
        keras.models.load_model(tmp_path / "a.keras").predict(data()[0], verbose=0)

    assert recorder.recording.missed == 0


class Late(keras.Model):  # type: ignore[misc]
    """Makes one of its layers when it is built."""

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.SimpleRNN(3, return_sequences=True, name="first")

    def build(self, shape: Any) -> None:
        self.second = keras.layers.SimpleRNN(2, recurrent_dropout=0.3, name="second")
        super().build(shape)

    def call(self, x: Any) -> Any:
        return self.second(self.first(x))


def test_a_layer_that_the_model_makes_meanwhile_is_named() -> None:
    model = Late()
    model.compile("sgd", "mse")
    x, _ = data()
    with record(model) as recording:
        model.fit(x, np.zeros((len(x), 2)), verbose=0)

    assert list(recording) == ["first"]
    assert recording.skipped["second"].startswith("it was made after the recording began")


@pytest.mark.parametrize("everything", [True, False])
def test_an_export_takes_nothing_of_the_recording_along(
    tmp_path: Path, *, everything: bool
) -> None:
    x, _ = data()
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, keras.layers.LSTM(2, dropout=0.3)(inputs, training=True))
    with record_everything() if everything else record(model):
        model(x, training=True)
        model.export(tmp_path / "served", verbose=False)

    assert sum(each.stat().st_size for each in tmp_path.rglob("*")) < 2**20


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("everything", [True, False])
def test_a_compiled_model_is_loaded_and_cloned_with_its_loss(
    tmp_path: Path, *, everything: bool
) -> None:
    model = quick()
    fit(model)
    model.save(tmp_path / "a.keras")
    plain = keras.models.clone_model(model)
    with record_everything() if everything else record(model):
        loaded = keras.models.load_model(tmp_path / "a.keras")
        cloned = keras.models.clone_model(model)
        losses = [each.evaluate(*data(), verbose=0) for each in (model, loaded)]

    assert cloned.compiled == plain.compiled  # True from some Keras on
    assert losses[0] == losses[1]


@pytest.mark.full
def test_no_step_that_is_recorded_counts_as_missed() -> None:
    model = quick()
    with record(model) as recording:
        fit(model, epochs=2)
        model.train_on_batch(*data())
        model.predict(data()[0], verbose=0)

    assert (recording["rnn"].batches, recording.missed, recording.notes) == (7, 0, [])


@pytest.mark.few("graph")
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_looks_are_recorded_only_where_nothing_trains(mode: str) -> None:
    layer = rnn(unroll=True)
    x = tf.constant(data()[0])
    layer.build(x.shape)

    def look() -> None:
        layer(x[:3], training=True)

    def train() -> None:
        with tf.GradientTape():
            layer(x, training=True)

    def run(function: Callable[[], None]) -> None:
        wraps = {"graph": {}, "jit": {"jit_compile": True}}
        once = tf.function(function, autograph=False, **wraps[mode]) if mode in wraps else function
        once()

    with record(layer) as looked:
        run(look)
        run(look)
    with record(layer) as trained:
        run(look)
        run(train)
        run(look)

    assert looked["rnn"]["input"].batch_sizes == (3, 3)
    assert trained["rnn"]["input"].batch_sizes == (SAMPLES,)
    assert (looked["rnn"].batches, trained["rnn"].batches) == (2, 1)


@pytest.mark.full
def test_a_layer_that_is_gone_was_recorded_all_the_same() -> None:
    with record_everything() as recorder:
        model = quick()
        fit(model)
        gone = weakref.ref(model)
        del model
        gc.collect()
        seen = recorder.recording["rnn"]

    assert gone() is None
    assert recorder.layers() == {}
    assert (seen.batches, seen.units, seen.setting.dropout) == (len(SIZES), UNITS, 0.5)
    assert recorder.recording["rnn"].batches == len(SIZES)


# ---------------------------------------------------------------- after the block


@pytest.mark.full
@pytest.mark.few("the model")
@pytest.mark.parametrize("outer", [False, True], ids=["the model", "a model around it"])
def test_training_after_the_block_is_not_recorded(*, outer: bool) -> None:
    model = quick()
    trains = compiled(keras.Sequential([model, keras.layers.Dense(1)])) if outer else model
    with record(model) as recording:
        fit(trains)
    fit(trains)

    assert recording["rnn"].batches == len(SIZES)


@pytest.mark.full
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit"])
def test_a_function_traced_inside_the_block_changes_nothing_afterwards(*, jit: bool) -> None:
    model = quick()
    once = tf.function(lambda x: model(x, training=True), jit_compile=jit, autograph=False)
    x = tf.constant(data()[0])
    # A budget of one batch: a write after the block would be over the kept masks.
    one = SAMPLES * (FEATURES + UNITS) * 4
    with record(model, budget_mib=budget_of(one)) as recording:
        once(x)
        seen = recording["rnn"]["recurrent"].values.copy()
    assert seen.shape == (1, 1, 1, SAMPLES, UNITS)
    for _ in range(3):
        once(x)

    np.testing.assert_array_equal(recording["rnn"]["recurrent"].values, seen)
    assert recording["rnn"].batches == 1


@pytest.mark.full
def test_a_second_block_starts_anew() -> None:
    model = quick()
    with record(model) as first:
        fit(model)
    with record(model) as second:
        fit(model, epochs=2)

    assert (first["rnn"].batches, second["rnn"].batches) == (len(SIZES), 2 * len(SIZES))


@pytest.mark.full
def test_memory_is_given_back_after_the_block() -> None:
    model = quick()
    process = psutil.Process()
    sizes = []
    for _ in range(4):
        with record(model, budget_mib=128):
            fit(model)
        gc.collect()
        sizes.append(process.memory_info().rss / 2**20)

    # The first recording also warms TensorFlow up.
    assert sizes[-1] - sizes[0] < 128


# ---------------------------------------------------------------- looks inside the block


@pytest.mark.full
def test_a_recording_grows_as_it_is_watched() -> None:
    model = quick()
    seen: list[tuple[int, int]] = []

    with record(model) as recording:

        def watch(_batch: int, logs: object) -> None:
            del logs
            seen.append((recording["rnn"].batches, len(recording["rnn"]["input"].batches)))

        fit(model, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=watch)])

    assert seen == [(1, 1), (2, 2), (3, 3)]


# ---------------------------------------------------------------- everything


@pytest.mark.full
def test_everything_that_trains_is_recorded() -> None:
    old = quick("old")
    fit(old)

    with record_everything() as recorder:
        fit(old)
        fit(quick("new"))
        lstm(name="alone")(data()[0], training=True)

    assert {path: layer.batches for path, layer in recorder.recording.items()} == {
        "old": 3,
        "new": 3,
        "alone": 1,
    }


def test_recording_everything_leaves_keras_and_models_as_they_were() -> None:
    call, make = keras.layers.RNN.call, keras.Model.make_train_function
    model = quick()

    with record_everything():
        fit(model)

    assert keras.layers.RNN.call is call
    assert keras.Model.make_train_function is make
    assert "inner_loop" not in vars(model.layers[0])
    assert model.train_function is None


# ---------------------------------------------------------------- bad input


class Unmasked(keras.layers.Layer):  # type: ignore[misc]
    state_size = output_size = UNITS

    def call(self, x: Any, states: Any) -> Any:
        return x + states[0], [x + states[0]]


def _convolution() -> Model:
    return keras.Sequential(
        [keras.Input((STEPS, 4, 2)), keras.layers.ConvLSTM1D(2, 2, dropout=0.5, name="conv")]
    )


@pytest.mark.parametrize(
    ("make", "settings", "words"),
    [
        (lambda: keras.Sequential([keras.layers.Dense(1)]), {}, "has no recurrent layer"),
        (lambda: "lstm", {}, "Received: str"),
        (lambda: None, {}, "Received: NoneType"),
        (_convolution, {}, "ConvLSTM1D masks images"),
        (lambda: sequential(keras.layers.RNN(Unmasked(), name="own")), {}, "its cell Unmasked"),
        (lstm, {"keep": 0}, "keep must be a whole number from 1. Received: keep=0."),
        (lstm, {"keep": 1.5}, "keep must be a whole number from 1. Received: keep=1.5."),
        (lstm, {"keep": float("nan")}, "keep must be a whole number from 1. Received: keep=nan."),
        (lstm, {"every": 0}, "every must be a whole number from 1. Received: every=0."),
        (lstm, {"every": -2}, "every must be a whole number from 1. Received: every=-2."),
        (lstm, {"budget_mib": 0}, "budget_mib must be above 0. Received: 0"),
        (lstm, {"budget_mib": True}, "budget_mib must be above 0. Received: True"),
        (lstm, {"budget_mib": -1}, "budget_mib must be above 0. Received: -1"),
        (lstm, {"budget_mib": float("nan")}, "budget_mib must be above 0. Received: nan"),
        (lstm, {"budget_mib": "64"}, "budget_mib must be above 0. Received: '64'."),
        (lstm, {"budget_mib": float("inf")}, "must be at most 1,048,576. Received: inf"),
        (lstm, {"budget_mib": 2**20 + 1}, "must be at most 1,048,576. Received: 1048577"),
    ],
)
def test_what_cannot_be_recorded_is_one_clear_sentence(
    make: Callable[[], Any], settings: dict[str, Any], words: str
) -> None:
    make_train_function = keras.Model.make_train_function

    with pytest.raises(DropvizError) as caught, record(make(), **settings):
        pass

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert keras.Model.make_train_function is make_train_function


def test_layers_that_cannot_be_recorded_are_named_beside_those_that_can() -> None:
    model = sequential(
        keras.layers.RNN(Unmasked(), name="own", return_sequences=True), lstm(recurrent_dropout=0)
    )

    with record(model) as recording:
        pass

    assert list(recording) == ["lstm"]
    assert "own: its cell Unmasked keeps no dropout masks" in str(recording)


@pytest.mark.full
def test_a_layer_is_recorded_once_at_a_time() -> None:
    model = quick()

    with record(model) as first:
        with pytest.raises(DropvizError, match="'rnn' is being recorded already"), record(model):
            pass
        fit(model)

    assert first["rnn"].batches == len(SIZES)


def test_a_refused_second_recording_lets_go_of_the_layers_it_had() -> None:
    model = KINDS["stacked layers"].build()
    lower, upper, _ = model.layers

    with (
        record(upper),
        pytest.raises(DropvizError, match=r"recorded already\..*%%lstm_dropout off"),
        record(model),
    ):
        pass

    assert "inner_loop" not in vars(lower)


@pytest.mark.full
def test_two_models_can_be_recorded_at_once() -> None:
    one, two = quick("one"), quick("two")

    with record(one) as first:
        with record(two) as second:
            fit(one)
            fit(two)
        fit(one)

    assert (first["one"].batches, second["two"].batches) == (6, 3)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (lambda recording: recording["lst"], "no recorded layer 'lst'. Did you mean 'lstm'"),
        (lambda recording: recording["lstm"]["inputs"], "Did you mean 'input'"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(
    look: Callable[[Any], Any], words: str
) -> None:
    layer = lstm()
    with record(layer) as recording:
        layer(data()[0], training=True)

    with pytest.raises(DropvizError, match=words):
        look(recording)


class Plain:
    """A cell that is no Keras layer: an RNN takes any object with a state size and a call."""

    state_size = output_size = 3

    def call(self, inputs: Any, states: Any) -> Any:
        del inputs
        return states[0], states


def test_a_cell_that_is_no_layer_is_said_to_keep_no_masks() -> None:
    with (
        pytest.raises(DropvizError, match="its cell Plain keeps no dropout masks"),
        record(keras.layers.RNN(Plain())),
    ):
        pass
