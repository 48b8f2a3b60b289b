from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import GRU, LSTM, RNN, Bidirectional, Dense, LSTMCell, SimpleRNN

import dropviz
from dropviz.core.call_paths import CALL_PATHS
from dropviz.keras_inside.call_path import heard_call_paths
from tests.one_operation import lstm_in_one_operation

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")

LAYERS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "no rates": (lambda: LSTM(4), ["loop"]),
    "both rates": (lambda: LSTM(4, dropout=0.2, recurrent_dropout=0.3), ["loop"]),
    "relu": (lambda: LSTM(4, activation="relu"), ["loop"]),
    "unrolled": (lambda: LSTM(4, dropout=0.2, unroll=True), ["unrolled"]),
    "no cuDNN": (lambda: GRU(4, use_cudnn=False), ["loop"]),
    "an RNN of a cell": (lambda: RNN(LSTMCell(4, dropout=0.2)), ["loop"]),
    "a SimpleRNN": (lambda: SimpleRNN(4, unroll=True), ["unrolled"]),
    "dropviz's own": (lambda: dropviz.LSTM(4, method="moon", recurrent_dropout=0.2), ["loop"]),
    "no RNN": (lambda: Dense(4), []),
}


@pytest.mark.parametrize(("build", "paths"), LAYERS.values(), ids=LAYERS)
def test_the_way_through_the_steps_is_heard(build: Callable[[], Any], paths: list[str]) -> None:
    layer = build()

    with heard_call_paths(layer) as heard:
        layer(X, training=True)
        layer(X, training=True)

    assert heard == paths
    assert {*heard} <= {*CALL_PATHS}


def test_a_layer_that_is_not_called_went_no_way() -> None:
    layer = LSTM(4)

    with heard_call_paths(layer) as heard:
        LSTM(4)(X)

    assert heard == []


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_each_direction_of_a_bidirectional_layer_is_heard(rate: float) -> None:
    both = Bidirectional(LSTM(4, dropout=rate))
    both(X)

    with heard_call_paths(both.forward_layer) as forward:
        both(X, training=True)
    with heard_call_paths(both.backward_layer) as backward:
        both(X, training=True)

    # Where a backend goes past both, neither is called; TensorFlow never does.
    assert (forward, backward) == (["loop"], ["loop"])


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_a_call_in_one_operation_goes_past_the_cell(
    monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    layer = LSTM(4, dropout=rate)
    by_cell = layer(X)
    ran = lstm_in_one_operation(monkeypatch)

    with heard_call_paths(layer) as heard:
        at_once = layer(X)
        layer(X, training=True)

    assert heard == ["cudnn"]
    assert ran == ["lstm", "lstm"]
    # Keras 3.8 drops there at inference too.
    if not rate:
        # Another order of the same sums in float32.
        np.testing.assert_allclose(at_once, by_cell, atol=1e-6)


def test_a_layer_goes_two_ways_where_its_calls_do(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LSTM(4)
    with heard_call_paths(layer) as heard:
        layer(X)
        lstm_in_one_operation(monkeypatch)
        layer(X)

    assert heard == ["loop", "cudnn"]


def test_a_call_that_fails_went_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LSTM(4)
    layer(X)

    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("broken")

    monkeypatch.setattr(keras.src.backend, "lstm", broken)

    with heard_call_paths(layer) as heard, pytest.raises(ValueError, match="broken"):
        layer(X)

    assert heard == []


def test_of_a_loop_of_ones_own_nothing_is_told() -> None:
    class Own(LSTM):  # type: ignore[misc]
        def inner_loop(
            self, sequences: Any, initial_state: Any, mask: Any, training: Any = None
        ) -> Any:
            del mask, training
            return sequences[:, -1, :1], sequences, initial_state

    layer = Own(4)

    with heard_call_paths(layer) as heard:
        layer(X)

    assert heard == []


@pytest.mark.full
def test_what_is_traced_is_heard_too() -> None:
    model = keras.Sequential([keras.Input((5, 3)), LSTM(4, unroll=True, name="lstm"), Dense(1)])
    model.compile("adam", "mse")

    with heard_call_paths(model.get_layer("lstm")) as heard:
        model.fit(X, np.zeros((2, 1)), verbose=0)

    assert heard == ["unrolled"]


@pytest.mark.parametrize("build", [LSTM, lambda n: RNN(LSTMCell(n))], ids=["LSTM", "RNN"])
def test_a_layer_that_is_recorded_is_heard_too(build: Callable[[int], Any]) -> None:
    model = keras.Sequential([keras.Input((5, 3)), build(4)])
    layer = model.layers[0]

    with dropviz.record(model):
        recorded = vars(layer)["inner_loop"]
        with heard_call_paths(layer) as heard:
            model(X, training=True)
        assert vars(layer)["inner_loop"] is recorded

    assert heard == ["loop"]
    assert "inner_loop" not in vars(layer)
    assert not hasattr(RNN.inner_loop, "__wrapped__")
