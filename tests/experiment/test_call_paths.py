"""The verdict names the way that the layer went in the experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras.layers import GRU, LSTM, RNN, Bidirectional, LSTMCell

import dropviz
from dropviz.core.verdict import Verdict, Verdicts
from tests.one_operation import lstm_in_one_operation


def built(layer: Any) -> Any:
    layer.build((None, None, 3))
    return layer


LAYERS: dict[str, tuple[Callable[[], Any], str]] = {
    "no rates": (lambda: LSTM(4), "loop"),
    "both rates": (lambda: LSTM(4, dropout=0.3, recurrent_dropout=0.3), "loop"),
    "unrolled": (lambda: LSTM(4, dropout=0.3, unroll=True), "unrolled"),
    "a GRU": (lambda: GRU(4, dropout=0.3), "loop"),
    "an RNN of a cell": (lambda: RNN(LSTMCell(4, dropout=0.3)), "loop"),
}


@pytest.mark.full
@pytest.mark.few(2)
@pytest.mark.parametrize(("build", "path"), LAYERS.values(), ids=LAYERS)
def test_a_verdict_names_the_path_of_its_runs(build: Callable[[], Any], path: str) -> None:
    found = dropviz.explain(built(build()))

    assert isinstance(found, Verdict)
    assert found.paths == (path,)


@pytest.mark.full
def test_a_verdict_holds_where_the_runs_go_past_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = built(LSTM(4, dropout=0.3))
    by_cell = dropviz.explain(layer)
    ran = lstm_in_one_operation(monkeypatch)
    at_once = dropviz.explain(layer)

    assert isinstance(by_cell, Verdict)
    assert isinstance(at_once, Verdict)
    assert (by_cell.paths, at_once.paths) == (("loop",), ("cudnn",))
    assert len(ran) == at_once.calls
    assert by_cell.lines[:-2] == at_once.lines[:-2]
    assert at_once.lines[-2] == (
        "Path of these runs: past the cell, all steps in one operation of cuDNN."
    )


@pytest.mark.full
def test_each_direction_of_a_bidirectional_layer_has_a_path() -> None:
    found = dropviz.explain(built(Bidirectional(LSTM(4))))

    assert isinstance(found, Verdicts)
    assert [each.paths for each in found.values()] == [("loop",), ("loop",)]


def test_of_a_layer_that_is_no_rnn_of_keras_no_path_is_told() -> None:
    class Around(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inside = LSTM(4, dropout=0.3)

        def build(self, shape: Any) -> None:
            self.inside.build(shape)

        def call(self, x: Any, initial_state: Any = None, training: Any = None) -> Any:
            return self.inside(x, initial_state=initial_state, training=training)

    found = dropviz.explain(built(Around()))

    assert isinstance(found, Verdict)
    assert found.paths == ()
