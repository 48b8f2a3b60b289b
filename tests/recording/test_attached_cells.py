"""What of the calls of a layer reaches each of its cells, and what is told of those without."""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.keras_inside.inner_loop import looking
from dropviz.recording import numbered_store
from dropviz.recording.record import record, record_everything
from tests.keras_models import FEATURES, RATES, UNITS, Layer, lstm

CELLS: dict[str, Any] = {
    "LSTM": keras.layers.LSTMCell,
    "GRU": keras.layers.GRUCell,
    "SimpleRNN": keras.layers.SimpleRNNCell,
}


def stack(*kinds: str) -> Layer:
    cells = [CELLS[kind](UNITS, **RATES, name=f"c{place}") for place, kind in enumerate(kinds)]
    return keras.layers.RNN(cells, name="rnn")


def beginning(layer: Layer, *filled: int) -> Any:
    """Initial states of a layer of stacked cells, which are zero but for the h of some."""
    states = [list(each) for each in layer.get_initial_state(2)]
    for place in filled:
        states[place][0] = keras.ops.ones_like(states[place][0])
    return states


def ones(steps: int = 1) -> Any:
    return np.ones((2, steps, FEATURES), "float32")


@pytest.mark.parametrize("filled", [(0,), (1,)], ids=str)
def test_of_stacked_cells_each_is_told_of_its_own_initial_state(filled: tuple[int, ...]) -> None:
    layer = stack("SimpleRNN", "SimpleRNN")
    with record(layer) as recording:
        layer(ones(), initial_state=beginning(layer, *filled), training=True)

    # With one step, masks multiply the initial h alone.
    drops = {place for place in (0, 1) if not recording[f"rnn/c{place}"]["recurrent"].reason}
    assert drops == set(filled)


@pytest.mark.parametrize("which", [0, 1], ids=["h", "c"])
def test_of_an_lstm_it_is_the_h_that_is_dropped_from(which: int) -> None:
    layer = lstm()
    states = [np.zeros((2, UNITS), "float32") for _ in range(2)]
    states[which][1, 2] = 0.5
    with record(layer) as recording:
        layer(ones(), initial_state=states, training=True)

    assert ("the initial h alone" in recording["lstm"]["recurrent"].reason) is (which == 1)


def test_a_cell_that_draws_from_no_stream_is_recorded_all_the_same() -> None:
    layer = lstm(dropout=0, recurrent_dropout=0)
    layer.cell.seed_generator = None
    with record(layer) as recording:
        layer(ones(2), training=True)

    assert (recording["lstm"].batches, recording["lstm"].draw_log) == (1, None)


def test_a_look_is_no_call_and_gives_what_the_layer_gives() -> None:
    layer = lstm(dropout=0, recurrent_dropout=0)
    plain = np.asarray(layer(ones(2), training=True))
    with record(layer) as recording:
        with looking():
            seen = layer(ones(2), training=True)
        heard = layer(ones(2), training=True)

    np.testing.assert_array_equal(seen, plain)
    np.testing.assert_array_equal(heard, plain)
    assert recording["lstm"].calls == 1


def test_a_loop_that_is_not_told_to_train_is_not_recorded() -> None:
    layer = lstm()
    layer.build((2, 3, FEATURES))
    states = [keras.ops.zeros((2, UNITS)) for _ in range(2)]
    with record(layer) as recording:
        layer.inner_loop(keras.ops.convert_to_tensor(ones(2)), states, None)

    assert recording["lstm"].calls == 0


def test_layers_for_which_there_is_no_room_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered_store, "LAYERS", 1)
    layer = stack("GRU", "SimpleRNN")

    with record(layer) as recording:
        layer(ones(), training=True)

    assert list(recording) == ["rnn/c0"]
    assert "room for 1 layers" in recording.skipped["rnn/c1"]


def test_of_a_layer_that_is_gone_what_was_known_last_is_told() -> None:
    with record_everything() as recorder:
        layer = lstm(dropout=0.5, recurrent_dropout=0)
        layer(ones(2), training=True)
        layer.cell.dropout = 0.25
        layer(ones(2), training=True)
        gone = weakref.ref(layer)
        del layer
        gc.collect()

        assert gone() is None
        assert recorder.layers() == {}
        found = recorder.recording["lstm"]

    assert (found.kind, found.units, found.setting.dropout) == ("LSTM", UNITS, 0.25)
    assert found["input"].rate == 0.25
    assert found.draw_log is not None


def test_of_a_layer_that_is_gone_before_its_first_call_it_is_told_what_it_was() -> None:
    with record_everything() as recorder:
        recorder.attach(keras.layers.GRU(UNITS, **RATES), "mine")
        gc.collect()

        assert recorder.layers() == {}
        found = recorder.recording["mine"]

    assert (found.layer, found.kind, found.units) == ("mine", "GRU", UNITS)
    assert found.setting.dropout == RATES["dropout"]


@pytest.mark.parametrize("tape", [True, False], ids=["a gradient is taken", "a prediction"])
def test_a_layer_that_trains_without_being_told_so_drops_nothing_and_that_is_said(
    *, tape: bool
) -> None:
    layer = lstm()
    with record(layer) as recording, tf.GradientTape() if tape else contextlib.nullcontext():
        layer(ones(2))

    assert recording["lstm"].calls == 0
    assert ("called without training=True" in recording["lstm"].note) is tape


def test_masks_that_a_getter_of_ones_own_draws_are_told_apart() -> None:
    layer, plain = lstm(), lstm(name="plain")
    original = layer.cell.get_dropout_mask

    def own(x: Any) -> Any:
        return original(x)

    layer.cell.get_dropout_mask = own
    with record_everything() as recorder:
        layer(ones(2), training=True)
        plain(ones(2), training=True)

    assert {name: each.drawn_only for name, each in recorder.recording.items()} == {
        "lstm": True,
        "plain": False,
    }


class OneForAll(keras.layers.SimpleRNNCell):  # type: ignore[misc]
    """A cell that draws one mask for all samples."""

    def get_dropout_mask(self, step_input: Any) -> Any:
        return super().get_dropout_mask(step_input[:1])


def test_a_mask_that_all_samples_share_is_kept_once() -> None:
    layer = keras.layers.RNN(OneForAll(UNITS, dropout=0.5), name="rnn")
    with record(layer) as recording:
        layer(ones(), training=True)

    assert recording["rnn"]["input"].shape == (1, 1, 1, 1, FEATURES)


class Unmasked(keras.layers.Layer):  # type: ignore[misc]
    """A cell that keeps no masks."""

    state_size = output_size = FEATURES

    def call(self, x: Any, states: Any) -> Any:
        return x, states


def test_a_layer_that_cannot_be_recorded_is_named_once_however_often_it_is_called() -> None:
    layer = keras.layers.RNN(Unmasked(), name="own")
    with record_everything() as recorder:
        for _ in range(3):
            layer(ones(), training=True)

    assert list(recorder.recording) == []
    assert list(recorder.recording.skipped) == ["own"]


def test_what_another_recording_has_is_named_and_what_this_one_has_is_not() -> None:
    theirs, mine = lstm(name="theirs"), lstm(name="mine")
    with record(theirs) as other, record_everything() as recorder:
        for layer in (theirs, mine, mine):
            layer(ones(), training=True)

    assert (other["theirs"].calls, recorder.recording["mine"].calls) == (1, 2)
    assert list(recorder.recording) == ["mine"]
    assert {*recorder.recording.skipped} == {"theirs"}
    assert recorder.recording.skipped["theirs"].startswith("it trained inside another recording")


@pytest.mark.parametrize("steps", [0, 1])
def test_calls_between_two_steps_of_an_optimizer_are_one_batch(steps: int) -> None:
    layer, optimizer = lstm(), keras.optimizers.SGD(0.1)
    layer.build((2, 1, FEATURES))
    slopes = [np.zeros(each.shape, "float32") for each in layer.trainable_variables]
    with record(layer) as recording:
        with tf.GradientTape():
            for _ in range(3):
                layer(ones(), training=True)
        for _ in range(steps):
            optimizer.apply(slopes, layer.trainable_variables)

    assert (recording["lstm"].calls, recording["lstm"].batches) == (3, 1 if steps else 3)
    assert ("no optimizer of Keras was seen" in recording["lstm"].note) is not bool(steps)
