from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.recording import Recording
from dropviz.core.sentences import answers
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError
from dropviz.keras_inside.inner_loop import looking
from dropviz.recording import numbered_store
from dropviz.recording.attached_dropout import AttachedDropout
from dropviz.recording.attached_dropouts import AttachedDropouts
from dropviz.recording.neighbours import Neighbours
from dropviz.recording.readback import layer_recording
from dropviz.recording.record import record, record_everything
from dropviz.recording.redraw import redraw
from dropviz.recording.store import Store, make_store
from tests.keras_models import MODES, Array, Model

SAMPLES, BATCH, STEPS, FEATURES = 20, 8, 3, 5
X = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
Y = X[:, 0, :1]


class Note(keras.layers.Layer):  # type: ignore[misc]
    """Notes what passes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Array] = []

    def call(self, x: Any) -> Any:
        self.seen.append(np.asarray(x))
        return x


def lstm(units: int, **given: Any) -> Any:
    return keras.layers.LSTM(units, dropout=0.2, recurrent_dropout=0.2, **given)


def stacked(*between: Any, run_eagerly: bool = True, **settings: Any) -> Model:
    """Two LSTMs with layers between them, one before and one after."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    made = [layer() for layer in between]
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES)),
            keras.layers.SpatialDropout1D(0.3),
            lstm(8, return_sequences=True),
            *made,
            lstm(4),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse", run_eagerly=run_eagerly, **settings)
    return model


def half() -> Any:
    return keras.layers.Dropout(0.5)


def fitted(model: Model, **settings: Any) -> Recording:
    with record(model, **settings) as recording:
        model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
    return recording


@functools.cache
def recorded_between() -> Recording:
    """Two LSTMs with a Dropout layer between them, once for all who look at it."""
    return fitted(stacked(half))


@pytest.mark.few("eager")
@pytest.mark.parametrize("mode", MODES)
def test_the_training_is_to_the_bit_as_without(mode: str) -> None:
    how = {"run_eagerly": False, **MODES[mode]}
    plain = stacked(half, **how)
    plain.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
    watched = stacked(half, **how)
    recording = fitted(watched)

    assert recording["dropout"]["between"].entries
    for mine, its in zip(watched.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))
    assert not [layer.name for layer in watched.layers if "call" in vars(layer)]


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("made", "steps", "same"),
    [
        (half, STEPS, False),
        (lambda: keras.layers.SpatialDropout1D(0.5), 1, True),
        (lambda: keras.layers.Dropout(0.5, noise_shape=(None, 1, None)), STEPS, True),
    ],
    ids=["Dropout", "SpatialDropout1D", "a noise shape"],
)
def test_the_masks_are_those_that_the_numbers_were_multiplied_with(
    made: Any, steps: int, *, same: bool
) -> None:
    model = stacked(Note, made, Note)
    before, after = (each for each in model.layers if isinstance(each, Note))
    name = model.layers[model.layers.index(before) + 1].name
    before.seen.clear()
    after.seen.clear()
    masks = fitted(model)[name]["between"]

    assert masks.shape == (3, steps, 1, BATCH, 8)
    assert len(masks.batches) == len(before.seen) == 3
    assert masks.same_over_steps is same
    for number, (x, dropped) in enumerate(zip(before.seen, after.seen, strict=True)):
        mask = masks.of_batch(number)[:, 0].transpose(1, 0, 2)
        np.testing.assert_array_equal(x * mask, dropped)


def test_it_is_told_between_which_layers_it_stands() -> None:
    recording = recorded_between()

    stand = {name: (each.follows, each.feeds) for name, each in recording.items()}
    assert stand == {
        "lstm": ("", ""),
        "lstm_1": ("", ""),
        "spatial_dropout1d": ("", "lstm"),
        "dropout": ("lstm", "lstm_1"),
        "dropout_1": ("lstm_1", ""),
    }
    assert [name for name, each in recording.items() if each.is_recurrent] == ["lstm", "lstm_1"]
    assert recording.first.layer == "lstm"
    assert set(recording.with_dropout("lstm")) == {"input", "recurrent", "between"}
    assert recording["dropout_1"]["between"].time_steps == 1


@pytest.mark.full
def test_in_a_functional_model_the_tensors_tell_too() -> None:
    keras.utils.clear_session()
    x = keras.Input((STEPS, FEATURES))
    first = lstm(4, return_sequences=True)(x)
    other = lstm(3, return_sequences=True, name="other")(x)
    one = keras.layers.Dropout(0.5, name="one")(first)
    two = keras.layers.Dropout(0.5, name="two")(other)
    last = lstm(2, name="last")(keras.layers.Concatenate()([one, two]))
    model = keras.Model(x, keras.layers.Dense(1)(last))
    model.compile("sgd", "mse", run_eagerly=True)

    recording = fitted(model)

    assert (recording["one"].follows, recording["one"].feeds) == ("lstm", "")
    assert (recording["two"].follows, recording["two"].feeds) == ("other", "")


NOISE: dict[str, Callable[[], Any]] = {
    "gaussian_dropout": lambda: keras.layers.GaussianDropout(0.5),
    "alpha_dropout": lambda: keras.layers.AlphaDropout(0.5),
    "gaussian_noise": lambda: keras.layers.GaussianNoise(0.5),
    "own": lambda: OwnDropout(0.5, name="own"),
}


class OwnDropout(keras.layers.Dropout):  # type: ignore[misc]
    def call(self, inputs: Any, training: Any = None) -> Any:
        del training
        return inputs * 0.5


@pytest.mark.few(2)
@pytest.mark.parametrize(("name", "made"), NOISE.items(), ids=NOISE)
def test_what_does_not_multiply_by_a_mask_is_not_recorded_and_that_is_said(
    name: str, made: Callable[[], Any]
) -> None:
    recording = fitted(stacked(made))

    assert list(recording) == ["lstm", "lstm_1", "spatial_dropout1d", "dropout"]
    assert recording["dropout"].follows == "lstm_1"
    (line,) = recording.notes
    assert line.startswith(f"{name}: {type(made()).__name__} is not recorded")


@pytest.mark.full
@pytest.mark.parametrize(
    "made", [lambda: keras.layers.GaussianDropout(0.0), lambda: keras.layers.Dense(8)]
)
def test_of_what_makes_no_noise_nothing_is_said(made: Callable[[], Any]) -> None:
    assert fitted(stacked(made)).notes == []


def bidirectional(*, backward_too: bool) -> Any:
    """Dropout between layers of two directions; read by both, or by two that go one way."""
    keras.utils.clear_session()
    x = keras.Input((STEPS, FEATURES))
    below = keras.layers.Bidirectional(lstm(4, return_sequences=True), name="below")(x)
    dropped = keras.layers.Dropout(0.5, name="dropout")(below)
    if backward_too:
        read = keras.layers.Bidirectional(lstm(3), name="above")(dropped)
    else:
        one, other = lstm(3, name="one")(dropped), lstm(3, name="other")(dropped)
        read = keras.layers.Concatenate()([one, other])
    model = keras.Model(x, keras.layers.Dense(1)(read))
    model.compile("sgd", "mse")
    return model


@pytest.mark.full
def test_a_bidirectional_layer_is_one_on_either_side_of_it() -> None:
    recording = fitted(bidirectional(backward_too=True))

    assert (recording["dropout"].follows, recording["dropout"].feeds) == ("below", "above")
    (line,) = (each for each in answers(recording) if each.startswith("dropout: "))
    assert "multiplied what below passes to above, " in line


@pytest.mark.full
def test_where_several_layers_read_from_it_none_is_named_as_the_one() -> None:
    recording = fitted(bidirectional(backward_too=False))

    assert (recording["dropout"].follows, recording["dropout"].feeds) == ("below", "")


def test_one_that_sums_both_directions_is_told_in_a_loop_by_hand_too() -> None:
    keras.utils.clear_session()
    both = keras.layers.Bidirectional(lstm(4, return_sequences=True), merge_mode="sum")
    model = keras.Sequential([both, keras.layers.Dropout(0.5), lstm(3), keras.layers.Dense(1)])
    model(X)
    with record(model) as recording, tf.GradientTape():
        model(X, training=True)

    assert (recording["dropout"].follows, recording["dropout"].feeds) == (
        "bidirectional",
        "lstm_1",
    )


@pytest.mark.full
@pytest.mark.parametrize("made", [lstm, lambda n, **more: keras.layers.GRU(n, dropout=0.2, **more)])
def test_a_layer_that_goes_backwards_says_so(made: Callable[..., Any]) -> None:
    keras.utils.clear_session()
    inside = [made(4, go_backwards=True, name="back"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), *inside])
    model.compile("sgd", "mse")

    lines = answers(fitted(model))

    assert (
        "back: it goes from the last step to the first: its step 1 is the last of its inputs."
    ) in lines


@pytest.mark.full
def test_a_rate_of_nought_and_predictions_leave_nothing() -> None:
    model = stacked(lambda: keras.layers.Dropout(0.0))
    with record(model) as recording:
        model.predict(X, verbose=0)

    assert all(not layer.batches for layer in recording.values())
    assert "dropout" not in fitted(model)
    assert "dropout_1" in fitted(model)


def test_dropout_without_a_recurrent_layer_is_not_recorded() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with record_everything() as recorder:
        model.fit(X[:, 0, :3], Y, verbose=0)

    assert not recorder.recording
    with pytest.raises(DropvizError, match="no recurrent layer"), record(model):
        pass


@pytest.mark.full
def test_every_model_s_dropout_is_recorded_where_everything_is() -> None:
    with record_everything() as recorder:
        for _ in range(2):
            stacked(half).fit(X, Y, batch_size=BATCH, verbose=0)

    recording = recorder.recording
    assert [name for name in recording if name.endswith("/dropout")] == ["sequential#2/dropout"]
    assert recording["dropout"].follows == "lstm"


def test_it_is_kept_and_not_drawn_again() -> None:
    recording = recorded_between()

    with pytest.raises(DropvizError, match="its masks are kept and cannot be drawn again"):
        redraw(recording["dropout"], 0)


# ---------------------------------------------------------------- one layer, used several times


class Shared(keras.Model):  # type: ignore[misc]
    """Two LSTMs whose outputs, or other tensors, go through one and the same Dropout layer."""

    def __init__(self, *, also: str) -> None:
        super().__init__()
        self.one = lstm(6, return_sequences=True, name="one")
        self.two = lstm(6, return_sequences=True, name="two") if also == "the other" else None
        self.drop = keras.layers.Dropout(0.5, name="drop")
        self.head = keras.layers.Dense(1)
        self.also = also

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        drop = functools.partial(self.drop, training=training)
        if self.also == "the inputs":
            x = drop(x)
        h = drop(self.one(x, training=training))
        if self.two is not None:
            h = drop(self.two(h, training=training))
        elif self.also == "a Dense layer":
            drop(self.head(h))
        return self.head(h[:, -1])


@pytest.mark.parametrize("also", ["the inputs", "the other", "a Dense layer"])
def test_a_layer_that_drops_several_tensors_follows_none(also: str) -> None:
    model = Shared(also=also)
    model.compile("sgd", "mse", run_eagerly=True)
    model(X[:1])

    drop = fitted(model)["drop"]

    assert drop.follows == ""
    assert drop["between"].entries


def test_a_layer_that_drops_the_same_tensor_twice_follows_it() -> None:
    model = Shared(also="")
    model.compile("sgd", "mse", run_eagerly=True)
    model(X[:1])

    assert fitted(model)["drop"].follows == "one"


def test_masks_of_several_shapes_are_no_change_of_rates() -> None:
    model = Shared(also="a Dense layer")
    model.compile("sgd", "mse", run_eagerly=True)
    model(X[:1])

    drop = fitted(model)["drop"]

    assert "several shapes" in drop.note
    assert "rates changed" not in drop.note
    # One call of the last shape in each of three batches.
    assert drop["between"].batches == (0, 1, 2)


def test_masks_of_fewer_batches_are_not_set_beside_those_of_all() -> None:
    model = stacked(half)
    drop = next(each for each in model.layers if each.name == "dropout")
    with record(model) as recording:
        drop.rate = 0.0
        model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
        drop.rate = 0.5
        model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
    layer = next(name for name in recording if recording[name].kind == "LSTM")

    assert recording["dropout"].batches < recording[layer].batches
    assert recording.dropout_after(layer) is None
    assert "between" not in recording.with_dropout(layer)


# ---------------------------------------------------------------- one call of one layer


def alone(layer: Any) -> tuple[AttachedDropout, Store]:
    """A Dropout layer that is being recorded, without a model round it."""
    store = make_store(1, "float32", 1)
    attached = AttachedDropout(store, layer, "drop", Neighbours(), layer)
    attached.attach(layer)
    return attached, store


def kept(attached: AttachedDropout, store: Store) -> LayerRecording:
    facts = attached.facts()
    return layer_recording(facts, store.frozen().read(facts.number), None)


def ones(*shape: int) -> Any:
    return tf.ones(shape)


SHAPES: dict[str, tuple[Callable[[], Any], tuple[int, ...], tuple[int, ...]]] = {
    "vectors": (half, (4, 6), (1, 1, 1, 4, 6)),
    "sequences": (half, (4, 3, 6), (1, 3, 1, 4, 6)),
    "one step": (half, (4, 1, 6), (1, 1, 1, 4, 6)),
    "one mask for all steps": (
        lambda: keras.layers.SpatialDropout1D(0.5),
        (4, 3, 6),
        (1, 1, 1, 4, 6),
    ),
}


@pytest.mark.parametrize(("made", "given", "shape"), SHAPES.values(), ids=SHAPES)
def test_of_each_call_the_mask_is_kept_that_the_ones_were_multiplied_with(
    made: Callable[[], Any], given: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    layer = made()
    attached, store = alone(layer)

    outputs = [np.asarray(layer(ones(*given), training=True)) for _ in range(2)]

    masks = kept(attached, store)["between"]
    assert masks.shape == (2, *shape[1:])
    assert masks.time_steps == (given[1] if len(given) == 3 else 1)
    for number, mine in enumerate(outputs):
        # As the layer was given it: samples first, then steps where there are some.
        mask = masks.of_batch(number)[:, 0].swapaxes(0, 1)
        its = np.broadcast_to(mask, (4, masks.time_steps, 6)).reshape(given)
        np.testing.assert_array_equal(its, mine)


def test_what_is_known_of_a_dropout_layer_is_no_method_s() -> None:
    layer = half()
    attached, store = alone(layer)
    layer(ones(4, 3, 6), training=True)

    recording = kept(attached, store)

    assert (recording.layer, recording.kind, recording.units) == ("drop", "Dropout", 6)
    assert (recording.batches, recording.calls, recording.note) == (1, 1, "")
    # It draws from a stream of its own, of which nothing is promised.
    assert (recording.draw_log, recording.setting) == (None, Setting())
    assert not recording.drawn_only
    assert recording["between"].rate == 0.5


SILENT: dict[str, Callable[[Any], Any]] = {
    "not told to train": lambda layer: layer.call(ones(4, 3, 6)),
    "told not to train": lambda layer: layer(ones(4, 3, 6), training=False),
    "a rate of 0": lambda layer: _without_rate(layer)(ones(4, 3, 6), training=True),
}


def _without_rate(layer: Any) -> Any:
    layer.rate = 0.0
    return layer


@pytest.mark.parametrize("call", SILENT.values(), ids=SILENT)
def test_a_call_that_drops_nothing_is_not_kept(call: Callable[[Any], Any]) -> None:
    layer = half()
    attached, _ = alone(layer)

    np.testing.assert_array_equal(call(layer), ones(4, 3, 6))

    assert not attached.has_dropped
    assert attached.unable == ""


def test_a_look_drops_as_ever_and_is_not_kept() -> None:
    layer = half()
    attached, _ = alone(layer)

    with looking():
        outputs = np.asarray(layer(ones(4, 3, 6), training=True))

    assert set(outputs.ravel().tolist()) == {0, 2}
    assert not attached.has_dropped


def _of_no_known(shape: list[int | None] | None) -> Callable[[Any], Any]:
    """Calls a layer in a graph that does not know all of the shape of its inputs."""

    def called(layer: Any) -> Any:
        signature = [tf.TensorSpec(shape, tf.float32)]
        # Past Keras's own look at what is known of the shape.
        once = tf.function(lambda x: layer.call(x, training=True), signature, autograph=False)
        return once(ones(4, 3, 6))

    return called


def _seeded_by(layer: Any, seed: int) -> Any:
    layer.seed_generator = seed
    return layer(ones(4, 3, 6), training=True)


UNABLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "pictures": (lambda layer: layer(ones(4, 3, 6, 2), training=True), "neither a sequence nor"),
    "numbers": (lambda layer: layer(ones(40), training=True), "neither a sequence nor"),
    "of no known rank": (_of_no_known(None), "neither a sequence nor"),
    "of no known units": (_of_no_known([4, 3, None]), "no fixed length"),
    "no stream": (lambda layer: _seeded_by(layer, 7), "no keras.random.SeedGenerator any more"),
}


@pytest.mark.parametrize(("call", "why"), UNABLE.values(), ids=UNABLE)
def test_a_call_that_cannot_be_recorded_drops_as_ever_and_that_is_said(
    call: Callable[[Any], Any], why: str
) -> None:
    layer = half()
    attached, _ = alone(layer)

    outputs = np.asarray(call(layer))

    assert set(outputs.ravel().tolist()) == {0, 2}
    assert not attached.has_dropped
    assert why in attached.unable


def test_a_graph_that_does_not_know_how_many_steps_there_are_is_recorded() -> None:
    layer = half()
    attached, store = alone(layer)

    outputs = np.asarray(_of_no_known([None, None, 6])(layer))

    mask = kept(attached, store)["between"].of_batch()[:, 0].swapaxes(0, 1)
    np.testing.assert_array_equal(mask, outputs)
    assert attached.unable == ""


def test_layers_of_a_model_are_attached_once_and_let_go_of() -> None:
    model, store = stacked(half), make_store(1, "float32", 1)
    mine = [each for each in model.layers if isinstance(each, keras.layers.Dropout)]
    dropouts = AttachedDropouts(store)

    names = dropouts.attach(model, lambda path, _: f"my {path}")

    assert sorted(names) == ["my dropout", "my dropout_1", "my spatial_dropout1d"]
    assert dropouts.attach(model, lambda path, _: path) == []
    assert dropouts.paths == names
    assert dropouts.layers() == mine
    mine[1](ones(4, 3, 6), training=True)
    assert dropouts.silent == {"my dropout_1", "my spatial_dropout1d"}
    assert [each.path for each in dropouts.facts()] == ["my dropout"]
    dropouts.detach()
    assert not any("call" in vars(each) for each in mine)
    del model, mine
    gc.collect()
    assert dropouts.layers() == []


def test_layers_for_which_there_is_no_room_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered_store, "LAYERS", 3)

    with record(stacked(half)) as recording:
        pass

    assert [name for name, why in recording.skipped.items() if "room for 3 layers" in why] == [
        "dropout",
        "dropout_1",
    ]


# ---------------------------------------------------------------- calls of somebody's own


def scaled(layer: Any) -> None:
    own = layer.call
    layer.call = lambda inputs, training=False: 2 * own(inputs, training=training)


def always_on(layer: Any) -> None:
    own = layer.call
    layer.call = lambda inputs, training=False: own(inputs, training=training or True)


@pytest.mark.parametrize("replace", [scaled, always_on])
def test_a_layer_whose_call_somebody_replaced_is_said_to_be_left_out(replace: Any) -> None:
    model = stacked(half)
    replace(model.get_layer("dropout"))
    theirs = vars(model.get_layer("dropout"))["call"]

    with record(model) as recording:
        for _ in range(2):
            model.fit(X, Y, batch_size=BATCH, verbose=0)

    assert "dropout" not in recording
    said = {name: why for name, why in recording.skipped.items() if "its call" in why}
    assert said == {"dropout": "its call was replaced by other code."}
    assert vars(model.get_layer("dropout"))["call"] is theirs


def test_a_call_that_is_put_in_while_it_is_recorded_stays() -> None:
    model = stacked(half)

    with record(model):
        always_on(model.get_layer("dropout"))
        theirs = vars(model.get_layer("dropout"))["call"]

    assert vars(model.get_layer("dropout"))["call"] is theirs
