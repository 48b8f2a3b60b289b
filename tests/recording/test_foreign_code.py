"""Layers whose code is not Keras's own: what they drew is known, and not that it multiplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

import dropviz
from dropviz.core.recording import Recording
from dropviz.core.sentences import answers
from dropviz.studies.watch import watch_everything
from tests.keras_models import FEATURES, STEPS, UNITS, Layer, data

RATES = {"dropout": 0.4, "recurrent_dropout": 0.3}


class Forgetful(keras.layers.LSTMCell):  # type: ignore[misc]
    """Draws its masks, and multiplies nothing by them."""

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        del training
        self.get_dropout_mask(inputs)
        self.get_recurrent_dropout_mask(states[0])
        return super().call(inputs, states, training=False)


class OwnGRU(keras.layers.GRU):  # type: ignore[misc]
    """A layer of one's own, which happens to compute what Keras's does."""


class NoSteps(keras.layers.RNN):  # type: ignore[misc]
    """A layer of one's own round a cell of Keras's."""


class Deaf(keras.layers.StackedRNNCells):  # type: ignore[misc]
    """Stacked cells of Keras's own that are never told that they train."""

    def call(self, inputs: Any, states: Any, training: bool = False, **how: Any) -> Any:  # noqa: FBT001, FBT002
        del training
        return super().call(inputs, states, training=False, **how)


def patched() -> Layer:
    """One layer of Keras's, whose cell was given another way to compute."""
    layer = keras.layers.SimpleRNN(UNITS, **RATES, name="rnn")
    original = layer.cell.call

    def call(inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        del training
        layer.cell.get_dropout_mask(inputs)
        layer.cell.get_recurrent_dropout_mask(states[0])
        return original(inputs, states, training=False)

    layer.cell.call = call
    return layer


FOREIGN: dict[str, Callable[[], Layer]] = {
    "what stacks cells": lambda: keras.layers.RNN(
        Deaf([keras.layers.LSTMCell(UNITS, **RATES, name="cell")]), name="rnn"
    ),
    "cell": lambda: keras.layers.RNN(Forgetful(UNITS, **RATES), name="rnn"),
    "layer": lambda: OwnGRU(UNITS, **RATES, name="rnn"),
    "layer round a cell": lambda: NoSteps(keras.layers.LSTMCell(UNITS, **RATES), name="rnn"),
    "patched": patched,
    "in a stack": lambda: keras.layers.RNN([Forgetful(UNITS, **RATES, name="cell")], name="rnn"),
}
OWN: dict[str, Callable[[], Layer]] = {
    "lstm": lambda: keras.layers.LSTM(UNITS, **RATES, name="rnn"),
    "simple": lambda: keras.layers.SimpleRNN(UNITS, **RATES, name="rnn"),
    "stack": lambda: keras.layers.RNN([keras.layers.GRUCell(UNITS, **RATES)], name="rnn"),
    "both ways": lambda: keras.layers.Bidirectional(keras.layers.LSTM(UNITS, **RATES)),
    "method": lambda: dropviz.LSTM(UNITS, method="semeniuta", recurrent_dropout=0.3, name="rnn"),
}


def model(layer: Layer) -> Any:
    made = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
    made.compile("sgd", "mse", run_eagerly=True)
    return made


def trained(layer: Layer) -> Any:
    made = model(layer)
    with dropviz.record(made) as recording:
        made.fit(*data(8, STEPS, FEATURES), batch_size=4, verbose=0)
    return recording


@pytest.mark.few(2)
@pytest.mark.parametrize("name", FOREIGN)
def test_a_recording_alone_says_that_masks_were_drawn(name: str) -> None:
    recording = trained(FOREIGN[name]())

    (layer,) = recording.values()
    assert layer.drawn_only
    said = answers(recording)
    assert [" was drawn for " in line for line in said] == [True, True]
    assert "is not known" in "\n".join(recording.sentences)


class EachStep(keras.layers.LSTMCell):  # type: ignore[misc]
    """Draws a mask at each step, inside the loop."""

    def get_dropout_mask(self, step_input: Any) -> Any:
        kept = keras.ops.ones_like(step_input)
        return keras.random.dropout(kept, self.dropout, seed=self.seed_generator)


def without_rates() -> Layer:
    return OwnGRU(UNITS, name="rnn")


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.RNN(EachStep(UNITS, dropout=0.4), name="rnn"),
        lambda: keras.layers.RNN([EachStep(UNITS, dropout=0.4)], name="rnn"),
        without_rates,
    ],
    ids=["inside the loop", "in a stack", "rates of 0"],
)
def test_of_masks_that_are_not_there_nothing_is_said(make: Callable[[], Layer]) -> None:
    recording = trained(make())

    said = "\n".join(recording.sentences)
    assert "masks were drawn" not in said
    assert all(masks.reason for masks in recording.first.values())
    assert all(masks.reason in said for masks in recording.first.values())


@pytest.mark.few(2)
@pytest.mark.parametrize("name", OWN)
def test_masks_of_known_code_multiplied(name: str) -> None:
    recording = trained(OWN[name]())

    assert not any(layer.drawn_only for layer in recording.values())
    assert not any(" was drawn for " in line for line in answers(recording))


@pytest.mark.parametrize(("name", "agrees"), [("cell", False), ("layer", True)])
def test_a_proof_decides_what_is_said(name: str, *, agrees: bool) -> None:
    made = model(FOREIGN[name]())
    with watch_everything() as watched:
        made.fit(*data(8, STEPS, FEATURES), batch_size=4, verbose=0)

    (proof,) = watched.proof().values()

    assert proof.agrees is agrees


def test_what_a_file_holds_of_it_is_loaded(tmp_path: Any) -> None:
    path = trained(FOREIGN["cell"]()).save(tmp_path / "recording.dropviz")

    loaded = dropviz.load(path)

    assert isinstance(loaded, Recording)
    assert loaded.first.drawn_only
