"""What a recorder hears of Keras, without a training: which calls, steps, models and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.step_functions import MAKERS, TRAIN
from dropviz.recording import numbered_store
from dropviz.recording import recorder as module
from dropviz.recording.record import record, record_everything
from dropviz.recording.tensorflow_store import Store

Layer = Any
Model = Any

FEATURES = 2
X = np.ones((2, 1, FEATURES), "float32")


def rnn(name: str = "rnn") -> Layer:
    return keras.layers.SimpleRNN(2, dropout=0.5, return_sequences=True, unroll=True, name=name)


def made(*layers: Any, name: str = "model") -> Model:
    model = keras.Sequential([keras.Input((1, FEATURES)), *(layers or [rnn()])], name=name)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def elsewhere(work: Callable[[], Any]) -> None:
    """Does something in another thread."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def here(work: Callable[[], Any]) -> None:
    work()


THREADS = pytest.mark.parametrize("run", [here, elsewhere], ids=["here", "elsewhere"])

# ---------------------------------------------------------------- compiled steps


@THREADS
@pytest.mark.parametrize("make", MAKERS)
def test_a_compiled_step_rests_while_its_model_is_recorded(
    make: str, run: Callable[[Callable[[], Any]], None]
) -> None:
    model, name = made(), MAKERS[make]
    getattr(model, make)()
    before = getattr(model, name)

    with record(model):
        run(getattr(model, make))
        inside = getattr(model, name)
        run(getattr(model, make))
        again = getattr(model, name)

    assert inside is not before
    assert again is inside  # made anew once, and not for each batch
    assert getattr(model, name) is before


@THREADS
def test_a_model_that_is_compiled_meanwhile_gets_no_old_step_back(
    run: Callable[[Callable[[], Any]], None],
) -> None:
    model = made()
    model.make_train_function()

    with record(model):
        model.make_train_function()
        run(lambda: model.compile("sgd", "mse"))

    assert model.train_function is None


def test_a_step_that_only_looks_is_left_as_it_is() -> None:
    model = made()
    model.make_train_function()
    before = model.train_function

    with record(model), looking():
        model.make_train_function()
        assert model.train_function is before


def test_steps_of_models_without_a_recorded_layer_are_left_as_they_are() -> None:
    model, other = made(), made(rnn("other"), name="other")
    other.make_train_function()
    before = other.train_function

    with record(model):
        other.make_train_function()
        assert other.train_function is before


@THREADS
def test_where_everything_is_recorded_models_of_other_threads_are_not(
    run: Callable[[Callable[[], Any]], None],
) -> None:
    model = made()
    with record_everything() as recorder:
        run(model.make_train_function)
        names = [(each.name, each.layers) for each in recorder.models]
        run(lambda: model(X, training=True))

    assert names == ([("model", ("rnn",))] if run is here else [])
    assert list(recorder.recording) == (["rnn"] if run is here else [])


def test_models_are_told_in_the_order_in_which_their_training_began_last() -> None:
    one, two = made(name="one"), made(name="two")
    with record_everything() as recorder:
        for model in (one, two, one):
            model.make_train_function()
        names = [(each.name, each.layers) for each in recorder.models]

    assert names == [("two", ("two/rnn",)), ("one", ("rnn",))]


def eager_loop(model: Model) -> Callable[[], Any]:
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(X, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables))

    return step


def compiled_loop(model: Model) -> Callable[[], Any]:
    compiled: Callable[[], Any] = tf.function(eager_loop(model))
    return compiled


@pytest.mark.parametrize("making", [eager_loop, compiled_loop])
def test_loops_of_one_s_own_are_told_in_the_order_in_which_each_went_on_last(
    making: Callable[[Model], Callable[[], Any]],
) -> None:
    one, two = made(name="one"), made(name="two")
    with record_everything() as recorder:
        first, second = making(one), making(two)
        for step in (first, second, first):
            step()
        two(X, training=True)  # a look

    assert [each.name for each in recorder.models] == ["two", "one"]


def test_layers_without_room_are_named_while_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered_store, "LAYERS", 1)
    model = made(rnn(), keras.layers.Dropout(0.5, name="drop"))

    with record_everything() as recorder:
        model.make_train_function()
        skipped = list(recorder.recording.skipped)

    assert skipped == ["drop"]


@pytest.mark.parametrize("name", ["test_function", "predict_function"])
def test_a_model_that_is_only_looked_at_does_not_train(name: str) -> None:
    model = made()
    with record_everything() as recorder:
        getattr(model, f"make_{name}")()

    assert list(recorder.models) == []
    assert list(recorder.recording) == []


# ---------------------------------------------------------------- threads


@THREADS
def test_steps_of_a_model_that_is_recorded_are_heard_in_any_thread(
    run: Callable[[Callable[[], Any]], None],
) -> None:
    model = made()

    def step() -> None:
        with tf.GradientTape():
            for _ in range(2):
                model(X, training=True)
        model.optimizer.apply([np.zeros(each.shape) for each in model.trainable_variables])

    with record(model) as recording:
        for _ in range(2):
            run(step)

    assert (recording["rnn"].batches, recording["rnn"].calls) == (2, 4)
    assert recording.missed == 0


@THREADS
def test_both_directions_are_heard_in_any_thread(run: Callable[[Callable[[], Any]], None]) -> None:
    both = keras.layers.Bidirectional(rnn(), merge_mode="sum", name="both")
    model = made(both, keras.layers.Dropout(0.5, name="drop"))

    with record(model) as recording:
        run(lambda: model(X, training=True))

    assert recording["drop"].follows == "both"
    assert [name for name in recording if name != "drop"] == [
        "both/forward_rnn",
        "both/backward_rnn",
    ]


def test_what_jax_holds_in_a_step_comes_home_before_layers_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = made()
    attached: list[bool] = []

    def home(layers: Iterable[Any]) -> None:
        assert model.get_layer("rnn") in layers
        attached.append("inner_loop" in vars(model.get_layer("rnn")))

    monkeypatch.setattr(module, "bring_home_with", home)

    with record(model):
        pass

    assert attached == [False, True]


# ---------------------------------------------------------------- steps that nobody heard


def step_unheard(optimizer: Any) -> None:
    """Makes a step as a function does that was compiled before."""
    with looking():
        optimizer.apply([np.zeros(each.shape) for each in optimizer._trainable_variables])


@pytest.mark.parametrize("make", MAKERS)
def test_steps_pass_by_unless_the_training_was_compiled_inside(make: str) -> None:
    model = made()
    with record(model) as recording:
        getattr(model, make)()
        step_unheard(model.optimizer)

    assert recording.missed == (MAKERS[make] != TRAIN)


def test_a_model_that_is_compiled_anew_misses_no_step_either() -> None:
    model, other = made(), keras.optimizers.SGD(0.2)
    other.build(model.trainable_variables)
    with record(model) as recording:
        model.make_train_function()
        model.compile(other, "mse")
        model.make_train_function()
        step_unheard(other)

    assert recording.missed == 0


def test_steps_of_what_is_not_recorded_are_not_missed() -> None:
    model, other = made(), made(rnn("other"), name="other")
    with record(model) as recording:
        step_unheard(other.optimizer)
    with record_everything() as recorder:
        step_unheard(other.optimizer)

    assert recording.missed == 0
    assert recorder.recording.missed == 1


# ---------------------------------------------------------------- what the store is told


class Told(Store):
    """A store that notes what it is told."""

    takes_of: list[tuple[str, list[str]]]
    released = 0

    def takes(self, model: Any, layers: Any) -> None:
        self.takes_of.append((model.name, [layer.name for layer in layers]))

    def release(self) -> None:
        self.released += 1
        super().release()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The store of the recording that begins."""
    store = Told(1000, 9, "float32", 1)
    store.takes_of = []
    monkeypatch.setattr(module, "make_store", lambda *_: store)
    return store


def test_a_store_is_told_of_every_model_whose_steps_write(told: Told) -> None:
    inner = made(rnn(), keras.layers.Dropout(0.5, name="drop"), name="inner")
    outer = made(inner, name="outer")

    with record(inner):
        outer.make_train_function()
        outer.make_train_function()

    assert told.takes_of == [("inner", ["rnn", "drop"]), ("outer", ["rnn", "drop"])]
    assert told.released == 1


def test_a_store_is_told_of_models_that_train_where_everything_is_recorded(told: Told) -> None:
    with record_everything():
        made().make_train_function()
        made(keras.layers.Dense(1), name="dense").make_train_function()

    assert told.takes_of == [("model", ["rnn"])]
    assert told.released == 1


def test_an_error_in_the_block_lets_go_all_the_same(told: Told) -> None:
    model = made()
    with pytest.raises(ZeroDivisionError), record(model):
        raise ZeroDivisionError

    assert told.released == 1
    assert "inner_loop" not in vars(model.get_layer("rnn"))


# ---------------------------------------------------------------- calls by hand


class Hidden(keras.Model):  # type: ignore[misc]
    """Keeps a layer where Keras does not look for one."""

    def __init__(self) -> None:
        super().__init__(name="hidden")
        unseen = rnn("unseen")
        self.kept: Callable[[], Layer] = lambda: unseen

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.kept()(x, training=training)


def trained(*models: Any) -> tuple[dict[str, tuple[str, ...]], Any]:
    """Calls models with training=True, and gives the layers of each, and the recording."""
    with record_everything() as recorder:
        for model in models:
            for _ in range(2):
                model(X, training=True)
    return {each.name: each.layers for each in recorder.models}, recorder.recording


def test_every_layer_of_a_model_that_is_called_by_hand_is_recorded_under_its_path() -> None:
    inner = made(rnn(), keras.layers.Dropout(0.5, name="drop"), name="inner")
    layers, recording = trained(made(rnn("first"), inner, name="outer"))

    assert layers == {"outer": ("first", "inner/rnn", "inner/drop")}
    assert {name: each.calls for name, each in recording.items()} == {
        "first": 2,
        "inner/rnn": 2,
        "inner/drop": 2,
    }


def test_a_model_that_is_called_by_hand_is_looked_through_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Model] = []

    def none_in(model: Model) -> list[Any]:
        looked.append(model)
        return []

    monkeypatch.setattr(module, "recurrent_layers", none_in)
    # Without a recurrent layer nothing else tells that it was here before.
    plain, other = (made(keras.layers.Dense(2), name=name) for name in ("plain", "other"))

    with record_everything():
        for model in (plain, other, plain, plain):
            model(X, training=True)

    assert looked == [plain, other]


def test_layers_of_one_name_are_told_apart_by_their_models() -> None:
    layers, recording = trained(made(name="one"), made(name="two"))

    assert layers == {"one": ("rnn",), "two": ("two/rnn",)}
    assert list(recording) == ["rnn", "two/rnn"]


def test_a_layer_that_keras_does_not_know_of_is_recorded_where_it_is_called() -> None:
    layers, recording = trained(Hidden())

    assert layers == {"hidden": ("unseen",)}
    assert recording["unseen"].calls == 2


def test_a_layer_without_a_model_is_recorded_by_itself() -> None:
    layers, recording = trained(rnn())

    assert layers == {}
    assert recording["rnn"].calls == 2


def test_what_cannot_be_recorded_of_a_model_is_named() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="own")
            self.cell = keras.layers.GRUCell(2, name="cell")
            self.cell.build((None, FEATURES))
            self.rnn = rnn()
            self.noise = keras.layers.GaussianNoise(0.5, name="noise")

        def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
            return self.noise(self.rnn(x, training=training), training=training)

    _, recording = trained(Own())

    assert list(recording) == ["rnn"]
    assert {name: why.split()[0] for name, why in recording.skipped.items()} == {
        "cell": "GRUCell",
        "noise": "GaussianNoise",
    }


def test_noise_of_models_without_a_recurrent_layer_is_none_of_ours() -> None:
    layers, recording = trained(made(keras.layers.GaussianNoise(0.5), keras.layers.Dropout(0.5)))

    assert layers == {}
    assert (list(recording), recording.skipped) == ([], {})


def test_calls_that_do_not_train_and_looks_are_not_heard() -> None:
    model = made()
    with record_everything() as recorder:
        model(X)
        model(X, training=False)
        with looking():
            model(X, training=True)
        heard = list(recorder.cells.paths)
        model(X, training=True)

    assert heard == []
    assert recorder.recording["rnn"].calls == 1


def data_set(function: Callable[[Any], Any], **how: Any) -> Any:
    return tf.data.Dataset.from_tensors(X).repeat(20).map(function, **how)


AUGMENTED = pytest.mark.parametrize("how", [{}, {"num_parallel_calls": 2}], ids=["one", "two"])


@AUGMENTED
def test_what_a_data_set_does_is_named_and_none_of_the_training(how: dict[str, Any]) -> None:
    noise, drop = rnn("noise"), keras.layers.Dropout(0.5, name="drop")
    model = made(noise, drop, rnn("rnn"))
    with record(model) as recording:
        model(X, training=True)
        list(data_set(lambda x: drop(noise(x, training=True), training=True), **how))

    assert {name: layer.calls for name, layer in recording.items()} == {
        "noise": 1,
        "rnn": 1,
        "drop": 1,
    }
    assert {*recording.skipped} == {"noise", "drop"}
    assert all("data set" in reason for reason in recording.skipped.values())


@AUGMENTED
def test_a_model_that_a_data_set_calls_does_not_train(how: dict[str, Any]) -> None:
    model = made()
    with record_everything() as recorder:
        list(data_set(lambda x: model(x, training=True), **how))
        list(data_set(lambda x: model.layers[0](x, training=True), **how))

    assert list(recorder.models) == []
    assert dict(recorder.recording) == {}


def test_what_could_not_be_dropped_by_a_mask_is_named_after_the_block() -> None:
    drop = keras.layers.Dropout(0.5, name="drop")
    with record(made(rnn(), drop)) as recording:
        drop(np.ones((1, 2, 3, 4), "float32"), training=True)

    assert recording.skipped == {
        "drop": "it drops what is neither a sequence nor a vector of numbers."
    }


# ---------------------------------------------------------------- while it goes on


def test_the_newest_calls_can_be_asked_for_as_long_as_it_goes_on() -> None:
    layer = rnn()
    with record_everything() as recorder:
        assert recorder.newest("rnn", 2) is None
        for _ in range(3):
            layer(X, training=True)
        newest, taken = recorder.newest("rnn", 2), recorder.taken()
        with recorder.resting():
            layer(X, training=True)
        rested = recorder.taken()
        recorder.restart()
        anew = recorder.newest("rnn", 2)
        layer(X, training=True)

        assert recorder.newest("lstm", 2) is None

    assert newest is not None
    assert newest["input"].batches == (1, 2)
    assert (taken["rnn"].calls, rested["rnn"].calls) == (3, 3)
    assert anew is None
    assert recorder.recording["rnn"].calls == 1
