"""An interrupt of a recorded training waits until a batch, or a call, has come to its end."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.callbacks import CallbackList

import dropviz
from dropviz.keras_inside import hooks
from dropviz.keras_inside.cell_masks import kept_masks
from dropviz.recording.recorder import Recorder
from dropviz.recording.whole_batches import _SafePoints, add_callback

X = np.random.default_rng(0).normal(size=(12, 5, 3)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]
ENDS = ("train", "test", "predict")


def send() -> None:
    signal.raise_signal(signal.SIGINT)


class Sends(keras.layers.LSTMCell):  # type: ignore[misc]
    """A cell in the middle of whose call an interrupt comes, once."""

    armed = False

    def call(self, *args: Any, **kwargs: Any) -> Any:
        if self.armed:
            self.armed = False
            send()
        return super().call(*args, **kwargs)


def made(*, eagerly: bool = True) -> Any:
    cell = Sends(4, dropout=0.3, recurrent_dropout=0.2)
    model = keras.Sequential(
        [keras.Input((5, 3)), keras.layers.RNN(cell, name="rnn"), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse", run_eagerly=eagerly)
    return model


def arm(model: Any) -> Any:
    cell = model.get_layer("rnn").cell
    cell.armed = True
    return cell


def check_whole(model: Any) -> None:
    cell = model.get_layer("rnn").cell
    assert [kept_masks(cell, name) for name in ("dropout", "recurrent_dropout")] == [None, None]
    # Of another size: masks that were left would not fit it.
    assert np.isfinite(model.fit(X[:7], Y[:7], batch_size=7, verbose=0).history["loss"]).all()
    assert np.isfinite(model.predict(X, verbose=0)).all()


def loop(model: Any) -> None:
    """A loop of one's own: one step, and a second that an interrupt keeps from beginning."""
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(X, training=True) - Y) ** 2)
        grads = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply_gradients(zip(grads, model.trainable_weights, strict=True))


def stopped(model: Any, work: Callable[[Any], Any]) -> Any:
    """What was recorded of work in which an interrupt comes, and acts."""
    kept: list[Any] = []

    def recorded() -> None:
        with dropviz.record(model) as recording:
            kept.append(recording)
            work(model)

    with pytest.raises(KeyboardInterrupt):
        recorded()
    return kept[0] if kept else None


# How a model is run; how many steps are made, and how many batches recorded.
WAYS: dict[str, tuple[Callable[[Any], Any], int, int]] = {
    "fit": (lambda model: model.fit(X, Y, batch_size=4, verbose=0), 1, 1),
    "train_on_batch": (lambda model: model.train_on_batch(X, Y), 1, 1),
    "evaluate": (lambda model: model.evaluate(X, Y, batch_size=4, verbose=0), 0, 0),
    "predict": (lambda model: model.predict(X, batch_size=4, verbose=0), 0, 0),
    # It acts once the layer's call has ended, before the step is made; a call counts then.
    "a loop of one's own": (loop, 0, 1),
}


@pytest.mark.few(2)
@pytest.mark.parametrize(("run", "steps", "batches"), WAYS.values(), ids=WAYS)
def test_an_interrupt_in_a_call_acts_once_the_batch_has_ended(
    run: Callable[[Any], Any], steps: int, batches: int
) -> None:
    model = made()
    before = signal.getsignal(signal.SIGINT)
    arm(model)

    recording = stopped(model, run)

    assert signal.getsignal(signal.SIGINT) == before
    assert int(model.optimizer.iterations.numpy()) == steps
    check_whole(model)
    assert recording["rnn"].batches == batches


@pytest.mark.full
def test_an_interrupt_while_a_step_is_traced_acts_once_it_has_been_made() -> None:
    model = made(eagerly=False)
    arm(model)

    stopped(model, lambda each: each.fit(X, Y, batch_size=4, verbose=0))

    assert int(model.optimizer.iterations.numpy()) == 1
    check_whole(model)


def test_an_interrupt_between_two_calls_acts_at_once() -> None:
    model, went_on = made(), []

    def work(_: Any) -> None:
        send()
        went_on.append(True)

    stopped(model, work)

    assert went_on == []
    check_whole(model)


def test_an_interrupt_while_a_recording_begins_keeps_its_block_from_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = made()
    attach = Recorder.attach

    def interrupted(self: Recorder, *args: Any) -> None:
        send()
        attach(self, *args)

    monkeypatch.setattr(Recorder, "attach", interrupted)

    assert stopped(model, lambda _: None) is None  # the block did not run
    assert "inner_loop" not in vars(model.get_layer("rnn"))
    assert hooks._installed == {}
    check_whole(model)


@pytest.mark.full
def test_an_interrupt_while_a_recording_ends_leaves_a_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = made()
    detach = Recorder._detach

    def interrupted(self: Recorder) -> None:
        send()
        detach(self)

    monkeypatch.setattr(Recorder, "_detach", interrupted)

    recording = stopped(model, lambda each: each.fit(X, Y, batch_size=4, verbose=0))

    assert recording["rnn"].batches == 3
    assert "inner_loop" not in vars(model.get_layer("rnn"))
    check_whole(model)


class Counts(keras.callbacks.Callback):  # type: ignore[misc]
    heard = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        del batch, logs
        self.heard += 1


@pytest.mark.full
@pytest.mark.parametrize("listed", [list, tuple])
def test_callbacks_of_ones_own_are_called_and_their_list_is_as_it_was(listed: type) -> None:
    model, counts = made(), Counts()
    mine = listed([counts])

    with dropviz.record(model):
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=mine)
        model.evaluate(X, Y, verbose=0, callbacks=mine)

    assert mine == listed([counts])
    assert counts.heard == 3


@pytest.mark.parametrize("method", ["on_batch_end", *(f"on_{e}_batch_end" for e in ENDS)])
def test_nothing_is_asked_at_the_end_of_a_batch(method: str) -> None:
    """Else Keras would not compute the next one meanwhile."""
    assert getattr(_SafePoints, method) is getattr(keras.callbacks.Callback, method)


# ---------------------------------------------------------------- callbacks of a call


def given(callbacks: Any) -> inspect.BoundArguments:
    return inspect.signature(keras.Model.fit).bind(None, callbacks=callbacks)


@pytest.mark.parametrize(
    "wrap",
    [lambda one: one, lambda one: [one], lambda one: (one,), lambda one: [[one]]],
    ids=["one", "a list", "a tuple", "a list in a list"],
)
def test_a_callback_comes_after_those_that_are_there(wrap: Callable[[Any], Any]) -> None:
    mine, added = Counts(), _SafePoints()
    callbacks = wrap(mine)
    bound = given(callbacks)

    add_callback(bound, None, added)

    assert bound.arguments["callbacks"] == [mine, added]
    assert callbacks == wrap(mine)


@pytest.mark.parametrize("callbacks", [None, []], ids=str)
def test_a_callback_comes_alone_where_there_is_none(callbacks: Any) -> None:
    bound, added = given(callbacks), _SafePoints()

    add_callback(bound, None, added)

    assert bound.arguments["callbacks"] == [added]
    assert not callbacks


@pytest.mark.parametrize("params", [None, {"epochs": 3}], ids=str)
def test_a_list_of_keras_s_goes_into_one_with_the_same_facts(params: Any) -> None:
    model, mine, added = made(), Counts(), _SafePoints()
    before = CallbackList([mine], model=model, **(params or {}))
    bound = given(before)

    add_callback(bound, model, added)

    after = bound.arguments["callbacks"]
    assert isinstance(after, CallbackList)
    assert after.callbacks == [before, added]
    assert (after.params or {}) == (params or {})
    assert added.model is model
    assert before.callbacks == [mine]
