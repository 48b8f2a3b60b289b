"""What can be done with a layer whose rates are live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.core.setting import Setting
from dropviz.core.verdict import Verdict
from dropviz.experiment.explain import explain
from dropviz.methods.variable_rates import live_rates
from dropviz.recording.find_layers import setting as setting_of
from dropviz.recording.record import record
from dropviz.recording.trace import prove, trace
from tests.keras_models import FEATURES, Layer, data
from tests.methods.live_layers import (
    BOTH,
    FEW,
    STEPS,
    X,
    has_recurrent,
    layer_of,
    live_layer,
    live_model,
    live_start,
    model_of,
    values,
)

# ---------------------------------------------------------------- the same masks again


def _masks(layer: Layer, samples: int) -> dict[str, NDArray[Any]]:
    with record(layer, budget_mib=1) as recording:
        layer(data(samples, STEPS, FEATURES)[0], training=True)
    return {site: masks.of_batch() for site, masks in recording["lstm"].items()}


@pytest.mark.few(3)
@pytest.mark.parametrize("setting", FEW.values(), ids=FEW)
def test_a_stream_that_is_put_back_gives_the_same_masks_again(setting: Setting) -> None:
    layer, live = live_layer(setting)
    layer(X, training=True)
    state = live.stream()
    first = _masks(layer, 6)
    second = _masks(layer, 6)

    live.rewind(state)
    again = _masks(layer, 6)

    assert any(not np.array_equal(first[site], second[site]) for site in first)
    for site, masks in first.items():
        np.testing.assert_array_equal(again[site], masks)


@pytest.mark.parametrize("name", ["keras", "gal-tied", "weight-drop"])
def test_a_smaller_batch_gets_the_first_rows_of_the_same_masks(name: str) -> None:
    layer, live = live_layer(FEW[name])
    state = live.stream()
    whole = _masks(layer, 6)

    live.rewind(state)
    part = _masks(layer, 2)

    for site, masks in whole.items():
        np.testing.assert_array_equal(part[site], masks[:, :, :2])


def test_a_kept_state_does_not_move_with_the_stream() -> None:
    layer, live = live_layer(FEW["keras"])
    state = live.stream()
    before = np.asarray(state).copy()

    layer(X, training=True)

    np.testing.assert_array_equal(state, before)
    assert not np.array_equal(live.stream(), before)


def test_at_a_higher_rate_the_same_stream_drops_the_same_units_and_more() -> None:
    layer, live = live_layer(FEW["keras"])
    state = live.stream()
    few = _masks(layer, 6)
    live.set(live.at(0.6, 0.5))
    live.rewind(state)

    more = _masks(layer, 6)

    for site, masks in few.items():
        assert np.all(more[site][masks == 0] == 0)
        assert np.count_nonzero(more[site] == 0) > np.count_nonzero(masks == 0)


# ---------------------------------------------------------------- looks at a live layer


@pytest.mark.full
@pytest.mark.few(4)
@pytest.mark.parametrize("setting", BOTH.values(), ids=BOTH)
def test_a_live_layer_is_traced_and_proved_at_the_rates_of_the_moment(setting: Setting) -> None:
    layer, live = live_layer(live_start(setting))
    live.set(setting)
    with record(layer, budget_mib=1) as recording:
        layer(X, training=True)
    before = values_of(layer)

    for training in (True, False):
        assert trace(layer, X, training=training).proof.agrees
    assert {s: m.rate for s, m in trace(layer, X).masks.items()} == {
        rule.site: rule.rate for rule in setting.rules
    }
    assert prove({"lstm": layer}, recording)["lstm"].agrees
    for mine, its in zip(values_of(layer), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def values_of(layer: Layer) -> list[NDArray[Any]]:
    return [np.asarray(each) for each in layer.variables]


@pytest.mark.full
@pytest.mark.few("zoneout")
# An experiment takes seconds; these differ most in what it does.
@pytest.mark.full
@pytest.mark.parametrize("name", ["keras", "zoneout"])
def test_a_live_layer_is_explained_as_its_method(name: str) -> None:
    none = not has_recurrent(Setting(name))
    setting = Setting(name, 0.2, 0.0 if none else 0.3)
    layer, live = live_layer(replace(setting, dropout=0.0))
    live.set(setting)

    verdict, its = explain(layer), explain(layer_of(setting))

    assert isinstance(verdict, Verdict)
    assert isinstance(its, Verdict)
    assert verdict.method == its.method
    assert verdict.sites["input"].rate == pytest.approx(0.2, abs=0.05)


# ---------------------------------------------------------------- what is touched


@pytest.mark.few(3)
@pytest.mark.parametrize("setting", FEW.values(), ids=FEW)
def test_a_live_layer_has_no_variable_more(setting: Setting) -> None:
    model, live = live_model(setting)

    assert list(values(model)) == list(values(model_of(setting)))
    assert live_rates(model.get_layer("lstm").cell) is live
    assert model.get_layer("lstm").get_config() == model_of(setting).get_layer("lstm").get_config()


def test_other_layers_stay_as_they_are() -> None:
    live_layer(FEW["keras"])
    other = layer_of(FEW["keras"])

    assert live_rates(other.cell) is None
    assert "call" not in vars(other)


@pytest.mark.few("keras")
@pytest.mark.parametrize("name", ["keras", "zaremba", "zoneout"])
def test_a_call_leaves_no_rate_of_another_case_in_the_cell(name: str) -> None:
    setting = FEW[name]
    layer, live = live_layer(setting)
    cell = layer.cell
    names = ("dropout", "recurrent_dropout", "implementation", "dropout_mask_count", "setting")
    before = [getattr(cell, name, None) for name in names]
    once = tf.function(layer, autograph=False)
    live.set(live_start(setting))

    once(tf.constant(X), training=True)

    assert [getattr(cell, name, None) for name in names] == before
    assert setting_of(cell) == live_start(setting)
