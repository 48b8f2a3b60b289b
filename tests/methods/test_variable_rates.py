from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.core.draw_log import MaskPlan
from dropviz.core.setting import Setting
from dropviz.methods.draw_masks import draw
from dropviz.methods.variable_rates import Case, VariableRates
from dropviz.recording.record import record
from dropviz.recording.redraw import redraw, redraws_exactly
from tests.keras_models import FEATURES, UNITS

from .live_layers import (
    FEW,
    PLAIN,
    STEPS,
    X,
    assert_same,
    assert_same_recording,
    four,
    layer_of,
    live_layer,
    live_model,
    live_start,
    model_of,
    trained,
)

CASES = {
    f"{name}, {each.dropout}, {each.recurrent_dropout}": each
    for name, plain in PLAIN.items()
    for each in four(plain)
}
ODD = [0.37, 0.11, 0.1 + 0.2, 1 / 3, 0.5, 0.999, 1 - 2**-24, 2**-24, 1e-30]
ODD += np.random.default_rng(0).random(40).tolist()


# ---------------------------------------------------------------- held constant


@pytest.mark.full
@pytest.mark.few("keras, 0.37, 0.11", "zoneout two rates, 0.37, 0.0")
@pytest.mark.parametrize("setting", CASES.values(), ids=CASES)
def test_rates_held_constant_train_as_a_layer_built_with_them(setting: Setting) -> None:
    model, _ = live_model(setting, run_eagerly=True)

    assert_same(trained(model), trained(model_of(setting, run_eagerly=True)))


@pytest.mark.full
@pytest.mark.few("weight-drop-float64", "keras-mixed_bfloat16", "zoneout-mixed_float16")
@pytest.mark.parametrize("dtype", ["float64", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("setting", FEW.values(), ids=FEW)
def test_other_types_draw_and_compute_the_same(setting: Setting, dtype: str) -> None:
    outputs, recordings = [], []
    for wanted in (True, False):
        layer = layer_of(setting, dtype=dtype)
        if wanted:
            VariableRates(layer, setting)
        with record(layer, budget_mib=1) as recording:
            outputs.append([np.asarray(layer(X, training=each)) for each in (True, False)])
        recordings.append(recording["lstm"])

    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert_same_recording(*recordings)


@pytest.mark.few(12)
@pytest.mark.parametrize("rate", ODD)
def test_every_rate_draws_what_keras_draws(rate: float) -> None:
    _, live = live_layer(Setting())
    live.set(Setting(dropout=rate))
    generators = [keras.random.SeedGenerator(3), keras.random.SeedGenerator(3)]
    plan = MaskPlan("input", 4, 50, 0.5)

    mine = draw(plan, 60, 1, generators[0], "float32", live.moving("dropout"))

    ones = keras.ops.ones((60, 50))
    theirs = [keras.random.dropout(ones, rate, seed=generators[1]) for _ in range(4)]
    np.testing.assert_array_equal(mine[0], np.stack([np.asarray(each) for each in theirs]))
    np.testing.assert_array_equal(generators[0].state, generators[1].state)


# ---------------------------------------------------------------- one case alone


def held(setting: Setting, *, or_zero: bool) -> tuple[list[NDArray[Any]], Case]:
    """Outputs of a live layer whose graph holds the case of a setting, and its random stream."""
    layer, live = live_layer(live_start(setting))
    live.set(setting)
    case = live.case(setting, or_zero=or_zero)
    traced = tf.function(layer, autograph=False)
    with live.held_to(case):
        outputs = [np.asarray(traced(X, training=each)) for each in (True, False)]
    return [*outputs, np.asarray(live.stream())], case


def built_with(setting: Setting) -> list[NDArray[Any]]:
    """The same of a layer that is built with the rates."""
    layer = layer_of(setting)
    traced = tf.function(layer, autograph=False)
    outputs = [np.asarray(traced(X, training=each)) for each in (True, False)]
    return [*outputs, np.asarray(layer.cell.seed_generator.state)]


@pytest.mark.few(1)
@pytest.mark.parametrize("setting", CASES.values(), ids=CASES)
@pytest.mark.parametrize("or_zero", [False, True])
def test_a_graph_of_one_case_computes_as_a_layer_built_with_its_rates(
    setting: Setting, *, or_zero: bool
) -> None:
    mine, case = held(setting, or_zero=or_zero)

    for one, other in zip(mine, built_with(setting), strict=True):
        np.testing.assert_array_equal(one, other)
    assert case.or_zero == or_zero
    if not or_zero:
        assert case == (setting.dropout > 0, setting.recurrent_dropout > 0, False)


@pytest.mark.parametrize(("name", "cases"), [("keras", 2), ("zaremba", 1), ("moon", 1)])
def test_rates_of_nought_share_a_graph_where_nothing_is_computed_in_another_order(
    name: str, cases: int
) -> None:
    plain = Setting(name)
    _, live = live_layer(plain)
    every = four(plain)

    assert len({live.case(each, or_zero=True) for each in every}) == cases
    assert len({live.case(each) for each in every}) == len(every)


def test_a_layer_switches_again_once_it_is_not_held_to_a_case() -> None:
    layer, live = live_layer(Setting(dropout=0.37))
    with live.held_to(live.case(live.setting)):
        layer(X, training=True)
    live.set(live.at(0.0, 0.11))
    live.rewind(layer_of(Setting()).cell.seed_generator.state)

    mine = np.asarray(layer(X, training=True))

    its = np.asarray(layer_of(Setting(recurrent_dropout=0.11))(X, training=True))
    np.testing.assert_array_equal(mine, its)


# ---------------------------------------------------------------- rates that move


class Counting(keras.layers.Layer):  # type: ignore[misc]
    """Counts how often Python, and so a trace, comes by."""

    traces = 0

    def call(self, x: Any) -> Any:
        self.traces += 1
        return x


MOVES = [(0.37, 0.11), (0.0, 0.11), (0.0, 0.0), (0.37, 0.0), (0.2, 0.5)]


@pytest.fixture(scope="module", params=["keras"])
def moved(request: pytest.FixtureRequest) -> tuple[list[tuple[Setting, Any, Any]], list[int]]:
    """Single batches of a compiled step at rates that move, live and built anew; traces."""
    plain = Setting(request.param)
    counting = Counting()
    layer, live = live_layer(plain)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), counting, layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    start = model.get_weights(), live.stream()
    target = np.ones((len(X), UNITS), "float32")
    seen, traces = [], []
    with record(model, budget_mib=1) as recording:
        for d, r in MOVES:
            setting = live.at(d, r)
            model.set_weights(start[0])
            live.rewind(start[1])
            live.set(setting)
            model.train_on_batch(X, target)
            traces.append(counting.traces)
            twin = keras.Sequential([keras.Input((STEPS, FEATURES)), layer_of(setting)])
            twin.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            with record(twin, budget_mib=1) as its:
                twin.train_on_batch(X, target)
            mine = {site: recording["lstm"][site] for site in recording["lstm"]}
            seen.append(
                (setting, (mine, model.get_weights(), recording["lstm"]), (its["lstm"], twin))
            )
    return seen, traces


@pytest.mark.full
def test_no_rate_is_traced_anew_not_even_across_nought(moved: Any) -> None:
    _, traces = moved

    assert traces[0] > 0
    assert traces == [traces[0]] * len(MOVES)


@pytest.mark.full
def test_each_batch_uses_the_masks_of_a_layer_built_with_its_rates(moved: Any) -> None:
    seen, _ = moved

    for setting, (masks, _, _), (its, _) in seen:
        for site, rule in zip(masks, setting.rules, strict=True):
            assert masks[site].rate == rule.rate
            np.testing.assert_array_equal(masks[site].values, its[site].values)
            assert masks[site].reason == its[site].reason


@pytest.mark.full
def test_each_batch_moves_the_weights_as_a_layer_built_with_its_rates(moved: Any) -> None:
    seen, _ = moved

    for _, (_, weights, _), (_, twin) in seen:
        for mine, its in zip(weights, twin.get_weights(), strict=True):
            # A compiled step fuses operations that an eager one rounds one by one.
            np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


@pytest.mark.full
def test_a_recording_holds_the_batches_since_the_last_change_with_their_rates(moved: Any) -> None:
    seen, _ = moved

    for number, (setting, (masks, _, layer), _) in enumerate(seen):
        assert layer.setting == setting
        assert layer.batches == number + 1
        assert all(each.batches == (number,) for each in masks.values())
        assert ("its rates changed" in layer.note) == (number > 0)


@pytest.mark.full
@pytest.mark.few("keras", "gal-untied", "weight-drop")
@pytest.mark.parametrize("setting", FEW.values(), ids=FEW)
def test_batches_at_the_same_rates_are_kept_together_and_redrawn(setting: Setting) -> None:
    layer, live = live_layer(live_start(setting))
    with record(layer, budget_mib=1) as recording:
        layer(X, training=True)
        live.set(setting)
        for samples in (6, 2, 4):
            layer(X[:samples], training=True)

    seen = recording["lstm"]
    rates = {rule.site: rule.rate for rule in setting.rules if rule.rate}
    assert rates
    for site, rate in rates.items():
        assert (seen[site].batches, seen[site].batch_sizes) == ((1, 2, 3), (6, 2, 4))
        assert seen[site].rate == rate
    assert redraws_exactly(seen)
    np.testing.assert_array_equal(redraw(seen, 2)["input"].of_batch(), seen["input"].of_batch(1))


def test_a_rate_is_recorded_with_every_digit() -> None:
    layer, live = live_layer(Setting())
    with record(layer, budget_mib=1) as recording:
        for d, r in ((0.1 + 0.2, 1 / 3), (0.3, 1 / 3)):
            live.set(live.at(d, r))
            layer(X, training=True)
            seen = recording["lstm"]
            assert (seen["input"].rate, seen["recurrent"].rate) == (d, r)
            assert (seen.setting.dropout, seen.setting.recurrent_dropout) == (d, r)
            assert np.asarray(live.exact).tolist() == [d, r]

    assert seen["input"].batches == (1,)
