"""How long the black-box experiment takes."""

from __future__ import annotations

import statistics
import time

import keras

from benchmarks.pairs import Seconds


def explaining(times: int = 11) -> Seconds:
    """Explains a built ``keras.layers.LSTM(64)`` with both rates set, the dearest case."""
    from dropviz.experiment.explain import explain

    layer = keras.layers.LSTM(64, dropout=0.3, recurrent_dropout=0.3, seed=1)
    layer.build((None, None, 28))
    explain(layer)
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        explain(layer)
        taken.append(time.perf_counter() - began)
    return Seconds(statistics.median(taken), min(taken), max(taken), times)
