from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.studies.progress import Progress
from dropviz.studies.watch import Watched, watch_everything

Model = Any  # Keras has no type stubs

X = np.random.default_rng(1).normal(size=(6, 2, 2)).astype("float32")
Y = X.sum(axis=(1, 2))
BATCH = 4
BATCHES = 2  # of 6 samples
RATES = {"dropout": 0.3, "recurrent_dropout": 0.4}


def model_of(*layers: Any) -> Model:
    model = keras.Sequential([keras.Input((2, 2)), *layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def quick(name: str = "rnn") -> Model:
    """Makes a model that is traced quickly, for where the layer does not matter."""
    return model_of(keras.layers.SimpleRNN(2, **RATES, unroll=True, name=name))


def fit(model: Model, **kwargs: Any) -> Any:
    return model.fit(X, Y, **({"batch_size": BATCH, "verbose": 0} | kwargs))


class Epochs(keras.callbacks.Callback):  # type: ignore[misc]
    """A user's callback: counts the epochs that it hears of."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        del epoch, logs
        self.ended += 1


# ---------------------------------------------------------------- fit, as it may be called


def classifying(metric: Any) -> Any:
    """Fits a model of two classes, and gives back its weights and its history."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2, 2)), keras.layers.LSTM(2), keras.layers.Softmax()])
    model.compile("sgd", "categorical_crossentropy", metrics=[metric])
    return model.get_weights, fit_classes(model)


def fit_classes(model: Model) -> Any:
    classes = keras.utils.to_categorical(Y > 0, 2)
    return model.fit(
        X, classes, batch_size=BATCH, epochs=2, verbose=0, validation_data=(X, classes)
    ).history


class Confusion(keras.metrics.Metric):  # type: ignore[misc]
    """A user's metric, whose result is a table."""

    def update_state(self, *_: Any, **__: Any) -> None:
        pass

    def result(self) -> Any:
        return keras.ops.ones((2, 2))


@pytest.mark.few("a number for each class")
@pytest.mark.parametrize(
    "metric",
    [
        keras.metrics.F1Score,
        lambda: keras.metrics.F1Score(average="macro"),
        lambda: Confusion(name="table"),
    ],
    ids=["a number for each class", "one number", "a table"],
)
def test_a_fit_with_a_metric_that_is_no_single_number_ends_as_plain(metric: Any) -> None:
    weights, plain = classifying(metric())
    expected = weights()
    told: list[Progress] = []

    with watch_everything(listener=told.append) as watched:
        weights, history = classifying(metric())

    for mine, its in zip(weights(), expected, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert history.keys() == plain.keys()
    single = {name for name, values in plain.items() if np.ndim(values[0]) == 0}
    assert set(watched.curves) == single >= {"loss", "val_loss"}
    assert {name for told_now in told for each in told_now.unfinished for name in each} <= single


def test_a_fit_is_recorded_and_its_curves_are_kept() -> None:
    with watch_everything() as watched:
        model = quick()
        history = fit(model, epochs=3).history

    assert watched.curves["loss"] == tuple(history["loss"])
    assert watched.recording["rnn"].batches == 3 * BATCHES
    assert [each.trained.model() is model for each in watched.fitted] == [True]
    assert watched.fitted[0].trained.name == model.name
    assert watched.model is model


@pytest.mark.full
@pytest.mark.parametrize(
    ("given", "callbacks"),
    [
        (lambda own: [own], 1),
        (lambda own: (own,), 1),
        (lambda own: own, 1),
        (lambda own: [own, keras.callbacks.TerminateOnNaN()], 2),
    ],
    ids=["a list", "a tuple", "a single one", "two"],
)
def test_callbacks_of_ones_own_are_called_too(given: Callable[[Any], Any], callbacks: int) -> None:
    own = Epochs()
    passed = given(own)

    with watch_everything(listener=lambda _: None) as watched:
        fit(quick(), epochs=2, callbacks=passed)

    assert own.ended == 2
    assert watched.curves.epochs == 2
    # What the user passed stays the user's.
    assert len(keras.tree.flatten(passed)) == callbacks


@pytest.mark.full
def test_every_argument_may_be_given_by_position() -> None:
    own = Epochs()
    model = quick()

    with watch_everything() as watched:
        model.fit(X, Y, BATCH, 2, 0, [own], 0.0, (X, Y))

    assert own.ended == 2
    assert watched.curves.epochs == 2
    assert set(watched.curves) == {"loss", "val_loss"}


@pytest.mark.full
def test_the_data_may_come_as_a_dataset() -> None:
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)

    with watch_everything() as watched:
        quick().fit(data, epochs=2, verbose=0, shuffle=False)

    assert watched.curves.epochs == 2


def callback_list(model: Model, *callbacks: Any) -> Any:
    return keras.callbacks.CallbackList(
        callbacks, add_history=True, model=model, epochs=2, steps=BATCHES, verbose=0
    )


@pytest.mark.full
def test_a_callback_list_of_ones_own_is_used_as_it_is() -> None:
    own, told = Epochs(), list[Progress]()
    model = quick()

    with watch_everything(listener=told.append) as watched:
        fit(model, epochs=2, callbacks=callback_list(model, own))

    assert own.ended == 2
    assert watched.curves.epochs == 2
    assert (told[-1].epoch, told[-1].epochs, told[-1].batches) == (2, 2, BATCHES)


def test_a_callback_list_holds_nothing_of_dropviz_afterwards() -> None:
    model = quick()
    callbacks = callback_list(model)
    before = list(callbacks.callbacks)

    with watch_everything():
        fit(model, epochs=1, callbacks=callbacks)

    assert callbacks.callbacks == before


@pytest.mark.full
def test_a_callback_list_may_serve_twice() -> None:
    model = quick()
    callbacks = callback_list(model)

    with watch_everything() as watched:
        for _ in range(2):
            fit(model, epochs=1, callbacks=callbacks)

    assert watched.curves.epochs == 2


@pytest.mark.full
def test_a_fit_of_a_class_of_ones_own_is_watched() -> None:
    class Own(keras.Sequential):  # type: ignore[misc]
        def fit(self, both: Any, **kwargs: Any) -> Any:
            return super().fit(*both, **kwargs)

    with watch_everything() as watched:
        model = Own([keras.layers.SimpleRNN(2, **RATES, unroll=True), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit((X, Y), epochs=2, verbose=0)

    assert watched.curves.epochs == 2


def test_a_wrong_call_of_fit_fails_in_keras_s_own_words() -> None:
    model = quick()
    with pytest.raises(TypeError) as own:
        fit(model, epoch=3)

    with watch_everything(), pytest.raises(TypeError) as caught:
        fit(model, epoch=3)

    assert str(caught.value) == str(own.value)
    assert "epoch" in str(own.value)


# ---------------------------------------------------------------- several trainings


@pytest.mark.full
def test_a_model_fitted_twice_has_one_line_of_curves() -> None:
    told: list[Progress] = []

    with watch_everything(listener=told.append) as watched:
        model = quick()
        first = fit(model, epochs=2).history["loss"]
        told.clear()
        second = fit(model, epochs=1).history["loss"]

    assert watched.curves["loss"] == (*first, *second)
    assert len(watched.fitted) == 1
    assert (told[0].epoch, told[-1].epoch, told[-1].epochs) == (0, 1, 1)


@pytest.mark.full
def test_several_models_are_listed_and_the_last_one_s_curves_are_shown() -> None:
    with watch_everything() as watched:
        one, other = quick("one"), quick("other")
        fit(one, epochs=1)
        fit(other, epochs=3)

    assert [each.trained.name for each in watched.fitted] == [one.name, other.name]
    assert [
        each.trained.model() is model
        for each, model in zip(watched.fitted, (one, other), strict=True)
    ]
    assert watched.model is other
    assert watched.curves.epochs == 3
    assert {name: layer.batches for name, layer in watched.recording.items()} == {
        "one": BATCHES,
        "other": 3 * BATCHES,
    }


@pytest.mark.full
def test_a_model_that_comes_back_is_the_last_one_again() -> None:
    with watch_everything() as watched:
        one, other = quick("one"), quick("other")
        fit(one, epochs=1)
        fit(other, epochs=1)
        fit(one, epochs=2)

    assert watched.model is one
    assert [each.trained.model() for each in watched.fitted] == [other, one]
    assert watched.curves.epochs == 3


@pytest.mark.full
def test_only_the_last_of_many_models_is_kept() -> None:
    with watch_everything() as watched:
        for _ in range(3):
            fit(quick(), epochs=1)
        gc.collect()
        there = [each.trained.model() for each in watched.fitted]

    assert there == [None, None, watched.model]
    assert len(watched.recording) == 3
    assert watched.curves.epochs == 1


@pytest.mark.full
def test_layers_of_one_name_are_told_apart() -> None:
    with watch_everything() as watched:
        fit(quick("rnn"), epochs=1)
        fit(quick("rnn"), epochs=2)

    assert [layer.batches for layer in watched.recording.values()] == [BATCHES, 2 * BATCHES]


def test_a_hand_written_loop_is_recorded_and_has_no_curves() -> None:
    with watch_everything() as watched:
        model = quick()
        for _ in range(3):
            with tf.GradientTape():
                model(X, training=True)

    assert watched.recording["rnn"].batches == 3
    assert watched.curves.epochs == 0
    assert (watched.fitted, watched.model) == ([], None)


def test_nothing_trained_is_nothing_watched() -> None:
    with watch_everything() as watched:
        quick().predict(X, verbose=0)

    assert len(watched.recording) == 0
    assert len(watched.curves) == 0


@pytest.mark.full
def test_a_model_that_only_predicts_does_not_hide_one_that_trains() -> None:
    with watch_everything() as watched:
        quick("looked_at").predict(X, verbose=0)
        fit(quick("trained"), epochs=1)

    assert watched.recording.first.layer == "trained"


# ---------------------------------------------------------------- whose layers and curves


def whose(watched: Watched) -> list[tuple[str, tuple[str, ...], int]]:
    """Each model: its name, its layers and its epochs."""
    return [(each.name, each.layers, each.curves.epochs) for each in watched.models]


def eager(model: Model) -> Model:
    """A model that needs no compiling."""
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    return model


@pytest.mark.parametrize("fitted", [True, False])
def test_a_teacher_that_drops_and_never_trains_is_no_model_that_trained(*, fitted: bool) -> None:
    student, teacher = quick("student"), quick("teacher")
    optimizer = keras.optimizers.SGD(0.1)
    with watch_everything() as watched:
        for _ in range(2):
            goal = teacher(X, training=True)
            if fitted:
                student.fit(X, goal, batch_size=6, verbose=0)
            else:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((student(X, training=True) - goal) ** 2)
                gradients = tape.gradient(loss, student.trainable_variables)
                optimizer.apply(gradients, student.trainable_variables)
            for slow, fast in zip(teacher.weights, student.weights, strict=True):
                slow.assign(0.9 * slow + 0.1 * fast)

    assert [each.layers for each in watched.models] == [("student",)]
    # What it dropped is there, and said to be of no training.
    assert watched.recording["student"].batches == 2
    assert "no gradient was seen to be taken" in watched.recording["teacher"].note


def test_where_nothing_trains_the_models_that_drop_are_listed() -> None:
    models = [quick("one"), quick("other")]
    with watch_everything() as watched:
        for model in models:
            model(X, training=True)

    assert [each.layers for each in watched.models] == [("one",), ("other",)]


@pytest.mark.full
def test_folds_of_one_name_have_layers_and_curves_of_their_own() -> None:
    with watch_everything() as watched:
        for fold in range(3):
            keras.utils.clear_session()
            fit(eager(quick("rnn")), epochs=fold + 1)

    assert whose(watched) == [
        ("sequential", ("rnn",), 1),
        ("sequential#2", ("sequential#2/rnn",), 2),
        ("sequential#3", ("sequential#3/rnn",), 3),
    ]
    assert watched.curves.epochs == 3
    assert watched.recording["sequential#2/rnn"].batches == 2 * BATCHES


@pytest.mark.full
def test_a_model_fitted_twice_is_one_model() -> None:
    with watch_everything() as watched:
        model = eager(quick("rnn"))
        fit(model, epochs=1)
        fit(model, epochs=2)

    assert whose(watched) == [(model.name, ("rnn",), 3)]


@pytest.mark.full
def test_models_that_train_in_turns_are_in_the_order_of_their_last_turn() -> None:
    with watch_everything() as watched:
        one, other = eager(quick("a")), eager(quick("b"))
        for model in (one, other, one):
            fit(model)

    assert whose(watched) == [(other.name, ("b",), 1), (one.name, ("a",), 2)]
    assert watched.model is one
    assert watched.curves.epochs == 2


def test_a_layer_of_two_models_that_train_batch_by_batch_is_in_both() -> None:
    with watch_everything() as watched:
        critic = eager(quick("judge"))
        maker = keras.layers.SimpleRNN(2, dropout=0.5, return_sequences=True, name="maker")
        both = eager(keras.Sequential([keras.Input((2, 2)), maker, critic], name="gan"))
        for _ in range(2):
            critic.train_on_batch(X, Y)
            both.train_on_batch(X, Y)

    assert whose(watched) == [(critic.name, ("judge",), 0), ("gan", ("maker", "judge"), 0)]
    assert watched.model is both
    assert watched.recording["judge"].batches == 4


@pytest.mark.full
@pytest.mark.parametrize("compiled", [False, True])
def test_a_loop_by_hand_over_two_models_tells_them_apart(*, compiled: bool) -> None:
    def play(*models: Model) -> None:
        for model in models:
            with tf.GradientTape():
                model(X, training=True)

    one, other = quick("rnn"), quick("rnn")
    run = tf.function(play, autograph=False) if compiled else play
    with watch_everything() as watched:
        run(one, other)

    assert whose(watched) == [
        (one.name, ("rnn",), 0),
        (other.name, (f"{other.name}/rnn",), 0),
    ]
    assert watched.model is None


def test_a_layer_that_keras_does_not_know_of_is_its_model_s() -> None:
    hidden = [keras.layers.SimpleRNN(2, dropout=0.5, name=name) for name in ("one", "two")]

    class Hides(keras.Model):  # type: ignore[misc]
        def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
            return hidden[0](x, training=training) + hidden[1](x, training=training)

    with watch_everything() as watched, tf.GradientTape():
        Hides(name="hides")(X, training=True)

    assert whose(watched) == [("hides", ("one", "two"), 0)]


def test_a_dropout_layer_is_in_the_model_that_it_drops_in() -> None:
    def dropping() -> Model:
        lstm = keras.layers.SimpleRNN(2, return_sequences=True, name="rnn")
        return model_of(lstm, keras.layers.Dropout(0.5, name="drops"), keras.layers.Flatten())

    with watch_everything() as watched:
        for name in ("one", "two"):
            model = keras.Sequential([keras.Input((2, 2)), *dropping().layers], name=name)
            eager(model).train_on_batch(X, Y)

    assert whose(watched) == [
        ("one", ("rnn", "drops"), 0),
        ("two", ("two/rnn", "two/drops"), 0),
    ]


@pytest.mark.full
def test_a_model_without_recurrent_layers_hides_none_that_has_one() -> None:
    with watch_everything() as watched:
        rnn = eager(quick("rnn"))
        fit(rnn, epochs=2)
        dense = keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten()], name="dense")
        dense.add(keras.layers.Dense(1))
        fit(eager(dense), epochs=1)

    assert whose(watched) == [(rnn.name, ("rnn",), 2), ("dense", (), 1)]
    assert watched.model is rnn
    assert watched.curves.epochs == 2


@pytest.mark.full
def test_layers_that_are_called_by_themselves_stand_beside_the_models() -> None:
    alone = keras.layers.SimpleRNN(2, dropout=0.5, name="alone")
    with watch_everything() as watched:
        with tf.GradientTape():
            alone(X, training=True)
        model = eager(quick("rnn"))
        fit(model)

    assert whose(watched) == [("(in no model)", ("alone",), 0), (model.name, ("rnn",), 1)]


def test_layers_without_any_model_are_no_model() -> None:
    alone = keras.layers.SimpleRNN(2, dropout=0.5, name="alone")
    with watch_everything() as watched, tf.GradientTape():
        alone(X, training=True)

    assert watched.models == ()
    assert list(watched.recording) == ["alone"]


# ---------------------------------------------------------------- without disturbing


def trained(*, watching: bool) -> tuple[list[Any], list[float], Any]:
    """Trains from a seed: the weights, the losses, and the next random numbers."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    if watching:
        with watch_everything(listener=lambda _: None):
            model = model_of(keras.layers.LSTM(2, **RATES))
            losses = fit(model, epochs=2).history["loss"]
    else:
        model = model_of(keras.layers.LSTM(2, **RATES))
        losses = fit(model, epochs=2).history["loss"]
    return model.get_weights(), losses, np.asarray(keras.random.normal([4]))


def test_watching_changes_no_bit_of_the_training() -> None:
    weights, losses, after = trained(watching=True)
    its_weights, its_losses, its_after = trained(watching=False)

    for mine, its in zip(weights, its_weights, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert losses == its_losses
    np.testing.assert_array_equal(after, its_after)


@pytest.mark.full
def test_a_model_fitted_before_the_block_is_recorded_in_it() -> None:
    model = quick()
    fit(model, epochs=2)

    with watch_everything() as watched:
        fit(model, epochs=1)

    assert watched.recording["rnn"].batches == BATCHES
    assert watched.curves.epochs == 1


@pytest.mark.full
def test_a_fit_after_the_block_adds_nothing() -> None:
    told: list[Progress] = []
    with watch_everything(listener=told.append) as watched:
        model = quick()
        fit(model, epochs=1)
    heard = len(told)

    fit(model, epochs=2)

    assert watched.recording["rnn"].batches == BATCHES
    assert watched.curves.epochs == 1
    assert len(told) == heard


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_keras_is_as_before_after_the_block(error: type[BaseException] | None) -> None:
    before = keras.Model.fit, keras.layers.RNN.call, keras.layers.LSTMCell.__init__
    inherited = "fit" in vars(keras.Model)

    try:
        with watch_everything(dropout=0.3):
            assert keras.Model.fit is not before[0]
            if error:
                raise error
    except (ZeroDivisionError, KeyboardInterrupt):
        pass

    assert (keras.Model.fit, keras.layers.RNN.call, keras.layers.LSTMCell.__init__) == before
    assert ("fit" in vars(keras.Model)) == inherited


@pytest.mark.full
def test_an_interrupt_goes_through_and_what_was_seen_is_kept() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), watch_everything(listener=interrupt) as watched:
        fit(quick(), epochs=3)

    assert watched.curves.epochs == 1
    assert watched.recording["rnn"].batches == BATCHES


# ---------------------------------------------------------------- rates


def recorded_rates(layers: Any) -> list[tuple[float, float]]:
    return [(each["input"].rate, each["recurrent"].rate) for each in layers.values()]


@pytest.mark.full
@pytest.mark.few("lstm")
@pytest.mark.parametrize(
    "build",
    [
        lambda: keras.layers.LSTM(2),
        lambda: keras.layers.Bidirectional(keras.layers.LSTM(2, dropout=0.9)),
        lambda: keras.layers.RNN(keras.layers.LSTMCell(2)),
    ],
    ids=["lstm", "bidirectional", "cell"],
)
def test_the_rates_given_are_those_that_train(build: Callable[[], Any]) -> None:
    with watch_everything(dropout=0.25, recurrent_dropout=0.5) as watched:
        fit(model_of(build()), epochs=1)

    assert set(recorded_rates(watched.recording)) == {(0.25, 0.5)}
    assert all(
        masks.dropped > 0 for layer in watched.recording.values() for masks in layer.values()
    )


@pytest.mark.full
def test_a_layer_built_before_keeps_its_rates() -> None:
    model = model_of(keras.layers.LSTM(2, **RATES))

    with watch_everything(dropout=0.25, recurrent_dropout=0.5) as watched:
        fit(model, epochs=1)

    assert recorded_rates(watched.recording) == [(0.3, 0.4)]
