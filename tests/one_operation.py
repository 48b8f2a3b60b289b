"""An LSTM that a backend computes in one operation, as cuDNN does, where there is no GPU."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import ops


def lstm_in_one_operation(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has the backend offer Keras one operation for all steps of an LSTM.

    ``LSTM.inner_loop`` asks for it (keras/src/layers/rnn/lstm.py), and calls no cell then.

    Returns:
        Grows by the name of the operation each time that it runs.
    """
    ran: list[str] = []

    def lstm(x: Any, h: Any, c: Any, mask: Any, **given: Any) -> Any:
        assert mask is None
        ran.append("lstm")
        bias = 0 if given["bias"] is None else given["bias"]
        steps = range(x.shape[1])
        outputs = []
        for step in reversed(steps) if given["go_backwards"] else steps:
            z = ops.matmul(x[:, step], given["kernel"])
            z = z + ops.matmul(h, given["recurrent_kernel"]) + bias
            i, f, g, o = ops.split(z, 4, axis=1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
            outputs.append(h)
        every = ops.stack(outputs, axis=1) if given["return_sequences"] else h[:, None]
        return h, every, [h, c]

    monkeypatch.setattr(keras.src.backend, "lstm", lstm)
    return ran
