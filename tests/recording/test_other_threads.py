"""A model that was named is recorded in whatever thread it trains."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.recording.record import record, record_everything

pytestmark = pytest.mark.slow

Model = Any

BATCHES, BATCH, STEPS, FEATURES = 5, 8, 4, 3
X = np.random.default_rng(0).normal(size=(BATCHES * BATCH, STEPS, FEATURES)).astype("float32")
Y = X[:, 0, :1]


def made(seed: int = 1, *, calls: int = 1) -> Model:
    keras.utils.set_random_seed(seed)
    lstm = keras.layers.LSTM(4, dropout=0.3, recurrent_dropout=0.3, seed=seed, name="lstm")
    inputs = keras.Input((STEPS, FEATURES))
    outputs = sum((lstm(inputs) for _ in range(calls - 1)), start=lstm(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(outputs))
    model.compile("sgd", "mse")
    return model


def fit(model: Model, epochs: int = 1) -> None:
    model.fit(X, Y, batch_size=BATCH, shuffle=False, epochs=epochs, verbose=0)


def elsewhere(*models: Model, epochs: int = 1) -> None:
    """Trains models, each in a thread of its own, all at once."""
    threads = [threading.Thread(target=fit, args=(model, epochs)) for model in models]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


@pytest.mark.parametrize("before", [False, True], ids=["fresh", "compiled before"])
def test_a_training_in_another_thread_is_recorded_whole(*, before: bool) -> None:
    model, plain = made(), made()
    if before:
        for each in (model, plain):
            fit(each)

    with record(model) as recording:
        elsewhere(model)
    fit(plain)

    assert recording["lstm"].batches == BATCHES
    assert recording["lstm"]["recurrent"].batches == tuple(range(BATCHES))
    assert (recording.missed, recording.notes) == (0, [])
    for mine, its in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(its))


def test_steps_of_what_trains_beside_it_are_not_its_own() -> None:
    # Two calls in each batch, which a step between them would tear apart.
    model, other = made(calls=2), made(2, calls=2)

    with record(model) as recording:
        elsewhere(model, other, epochs=3)

    assert (recording["lstm"].batches, recording["lstm"].calls) == (3 * BATCHES, 6 * BATCHES)
    assert recording.missed == 0


def test_both_directions_pass_on_to_a_dropout_layer_there_too() -> None:
    both = keras.layers.Bidirectional(
        keras.layers.LSTM(4, dropout=0.3, return_sequences=True), name="both"
    )
    layers = [both, keras.layers.Dropout(0.5, name="drop"), keras.layers.LSTM(3, name="top")]
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    with record(model) as recording:
        elsewhere(model)

    assert (recording["drop"].follows, recording["drop"].feeds) == ("both", "top")


@pytest.mark.parametrize("before", [False, True], ids=["fresh", "compiled before"])
def test_what_records_everything_hears_its_own_thread_alone(*, before: bool) -> None:
    model = made()
    if before:
        fit(model)

    with record_everything() as recorder:
        elsewhere(model)

    assert list(recorder.recording) == []
    # A function that was traced before tells no thread.
    assert bool(recorder.recording.missed) is before
    assert ("another thread" in "".join(recorder.recording.notes)) is not before


def test_what_trains_in_another_thread_beside_is_named() -> None:
    model, other = made(), made(2)
    other.layers[1].name = "other"

    with record_everything() as recorder:
        thread = threading.Thread(target=fit, args=(other,))
        thread.start()
        fit(model)
        thread.join()

    assert list(recorder.recording) == ["lstm"]
    (note,) = recorder.recording.notes
    assert note.startswith("other: it trained in another thread")
