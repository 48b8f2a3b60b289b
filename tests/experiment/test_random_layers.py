"""Layers drawn by chance, a hundred of them: whatever is said of one is true of it."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from dropviz.core.verdict import Verdict
from dropviz.errors import DropvizError
from dropviz.experiment.explain import explain
from dropviz.methods.lstm import LSTM

from .zoo_random import draw_case, explained_wrongly

# Those of the first 160 of which something untrue was said once.
WORST = (22, 39, 41, 42, 65, 79, 98, 108, 112, 144, 150, 159)
CASES = sorted({*range(100), *WORST})


@pytest.mark.few("22")
@pytest.mark.parametrize("number", CASES, ids=str)
def test_nothing_untrue_is_said_of_a_layer_drawn_by_chance(number: int) -> None:
    case = draw_case(number)
    verdict = explain(case.build(), seed=number)
    assert isinstance(verdict, Verdict)
    assert explained_wrongly(case, verdict) == [], case.words


def verdict_on(units: int, seed: int, **how: Any) -> Verdict:
    layer = LSTM(units, seed=1, **how)
    layer.build((None, None, 3))
    found = explain(layer, seed=seed)
    assert isinstance(found, Verdict)
    return found


@pytest.mark.few("1-True-1")
@pytest.mark.parametrize("seed", [0, 1, 2], ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("units", [1, 2, 3, 4], ids=str)
def test_dropped_weights_of_a_small_layer_are_no_mask_on_h(
    units: int,
    bias: bool,  # noqa: FBT001
    seed: int,
) -> None:
    how = {"dropout": 0.4, "recurrent_dropout": 0.3, "use_bias": bias}
    verdict = verdict_on(units, seed, method="weight-drop", **how)
    assert (verdict.method, verdict.differences) == ("weight-drop", ())
    assert set(verdict.sites) == {"input", "recurrent_kernel"}


@pytest.mark.few("1-rates0-0")
@pytest.mark.parametrize("seed", [0, 1, 2], ids=str)
@pytest.mark.parametrize("rates", [(0.0, 0.3), (0.4, 0.05), (0.2, 0.9)])
@pytest.mark.parametrize("units", [1, 2], ids=str)
def test_without_a_bias_a_mask_on_the_candidate_is_one_site(
    units: int, rates: tuple[float, float], seed: int
) -> None:
    how = {"dropout": rates[0], "recurrent_dropout": rates[1], "use_bias": False}
    verdict = verdict_on(units, seed, method="semeniuta", **how)
    assert verdict.method == "semeniuta"
    assert verdict.differences == ()
    assert set(verdict.sites) == {*["input"] * bool(rates[0]), "candidate"}


@pytest.mark.parametrize("make", [keras.layers.LSTM, keras.layers.GRU])
def test_a_layer_that_keras_cannot_train_is_refused_in_a_sentence(make: Any) -> None:
    layer = make(4, dropout=0.4, implementation=1)
    layer.build((None, None, 3))
    try:
        layer(keras.ops.ones((2, 3, 3)), training=True)
    except Exception:  # noqa: BLE001 (whatever Keras's backend raises)
        with pytest.raises(DropvizError, match="runs at inference but not in training") as caught:
            explain(layer)
        assert "\n" not in str(caught.value)
        assert "\x1b" not in str(caught.value)
    else:
        verdict = explain(layer)
        assert isinstance(verdict, Verdict)
        assert set(verdict.sites) == {"input"}
