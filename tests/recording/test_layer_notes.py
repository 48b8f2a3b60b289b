"""What a reader must know of a layer to read its masks aright."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import GRU, LSTM, Bidirectional

from dropviz.core.sentences import answers
from dropviz.recording.record import record

X = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
BACKWARDS = "it goes from the last step to the first: its step 1 is the last of its inputs."
STATEFUL = "it is stateful: where a sequence goes on in the next batch, masks are drawn anew."

LAYERS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "forward": (lambda: LSTM(4, dropout=0.2, name="a"), []),
    "an LSTM backwards": (lambda: LSTM(4, dropout=0.2, go_backwards=True, name="a"), [BACKWARDS]),
    "a GRU backwards": (lambda: GRU(4, dropout=0.2, go_backwards=True, name="a"), [BACKWARDS]),
    "stateful": (lambda: LSTM(4, recurrent_dropout=0.2, stateful=True, name="a"), [STATEFUL]),
    "a stateful GRU": (lambda: GRU(4, dropout=0.2, stateful=True, name="a"), [STATEFUL]),
    "both": (
        lambda: LSTM(4, dropout=0.2, stateful=True, go_backwards=True, name="a"),
        [f"{BACKWARDS} {STATEFUL}"],
    ),
    "stateful without dropout": (lambda: LSTM(4, stateful=True, name="a"), []),
}


def notes(layer: Any) -> list[str]:
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input(batch_shape=(4, 5, 3)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    with record(model) as recording:
        model.fit(X, X[:, 0, :1], batch_size=4, verbose=0)
    return [line for line in answers(recording) if "it goes" in line or "stateful" in line]


@pytest.mark.few(3)
@pytest.mark.parametrize(("build", "said"), LAYERS.values(), ids=LAYERS)
def test_what_a_layer_does_otherwise_is_said(build: Callable[[], Any], said: list[str]) -> None:
    assert notes(build()) == [f"a: {each}" for each in said]


def test_one_direction_of_two_goes_backwards() -> None:
    both = Bidirectional(LSTM(4, dropout=0.2, name="lstm"), name="both")

    assert notes(both) == [f"both/backward_lstm: {BACKWARDS}"]
