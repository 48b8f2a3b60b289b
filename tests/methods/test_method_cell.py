from __future__ import annotations

from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import dropviz
from dropviz.errors import DropvizError
from dropviz.methods.method_cell import MethodCell
from dropviz.methods.rate_override import overridden_rates
from dropviz.recording.record import record
from tests.keras_models import (
    BATCH,
    FEATURES,
    METHOD_CASES,
    MODES,
    MOST_UNLIKE,
    ONE_OF_EACH,
    RATES,
    SAMPLES,
    STEPS,
    UNITS,
    Layer,
    compiled,
    data,
    dropping,
    fit,
    fresh,
    sequential,
)

X, _ = data()
NOT_THERE = "no mask was there before the first time step"


def cell(case: str, **kwargs: Any) -> MethodCell:
    return MethodCell(**{"units": UNITS, "name": "cell", **METHOD_CASES[case], **kwargs})


def rnn_of(case: str, **kwargs: Any) -> Layer:
    return keras.layers.RNN(cell(case, seed=3), return_sequences=True, name="cells", **kwargs)


# ---------------------------------------------------------------- one unit, by hand


def _one(case: dict[str, Any], masks: dict[str, Any], *, training: bool) -> tuple[float, float]:
    """What one unit makes of x = 2, h = 1 and c = 10 with given masks; see test_oracle.

    All weights are 1, there is no bias, and activations are linear, so that every gate is
    x + h = 3, c = 3 * 10 + 3 * 3 = 39 and h = 3 * 39 = 117.
    """
    made = MethodCell(
        1,
        **case,
        activation="linear",
        recurrent_activation="linear",
        use_bias=False,
        kernel_initializer="ones",
        recurrent_initializer="ones",
    )
    made.build((1, 1))
    made.masks = {
        site: np.reshape(mask, (1, -1, 1, 1)).astype("float32") for site, mask in masks.items()
    }
    states = [np.ones((1, 1), "float32"), np.full((1, 1), 10, "float32")]
    output, (h, c) = made(np.full((1, 1), 2, "float32"), states, training=training)
    np.testing.assert_array_equal(output, h)
    return float(h[0, 0]), float(c[0, 0])


LIVE: dict[str, Any] = {"recurrent_dropout": 0.5, "life": "sequence"}


@pytest.mark.parametrize(
    ("case", "masks", "h", "c"),
    [
        ({"method": "gal-tied", "dropout": 0.5}, {"input": 2}, 375, 75),
        ({"method": "gal-tied", "dropout": 0.5}, {"input": 0}, 11, 11),
        ({"method": "gal-untied", "dropout": 0.5}, {"input": [2, 0, 1, 1]}, 75, 25),
        ({"method": "gal-tied", "recurrent_dropout": 0.5}, {"recurrent": 0}, 48, 24),
        ({"method": "gal-untied", "recurrent_dropout": 0.5}, {"recurrent": [0, 2, 1, 3]}, 230, 46),
        (
            {"method": "weight-drop", "recurrent_dropout": 0.5},
            {"recurrent_kernel": [3] * 4},
            375,
            75,
        ),
        (
            {"method": "weight-drop", "recurrent_dropout": 0.5},
            {"recurrent_kernel": [0, 2, 1, 3]},
            230,
            46,
        ),
        ({"method": "semeniuta", **LIVE}, {"candidate": 0}, 90, 30),
        ({"method": "semeniuta", **LIVE}, {"candidate": 2}, 144, 48),
        ({"method": "moon", **LIVE}, {"cell": 0}, 0, 0),
        ({"method": "moon", **LIVE}, {"cell": 0.5}, 58.5, 19.5),
    ],
    ids=str,
)
def test_a_mask_multiplies_at_its_site_in_training(
    case: dict[str, Any], masks: dict[str, Any], h: float, c: float
) -> None:
    assert _one(case, masks, training=True) == (h, c)


@pytest.mark.parametrize(
    ("case", "h", "c"),
    [
        ({"method": "gal-untied", **RATES}, 117, 39),
        ({"method": "naive", **RATES}, 117, 39),
        ({"method": "zaremba", "dropout": 0.5}, 117, 39),
        ({"method": "weight-drop", **RATES}, 117, 39),
        # A quarter is dropped: c = 0.75 * 39, and h = 3 * c.
        ({"method": "moon", "recurrent_dropout": 0.25}, 87.75, 29.25),
        ({"method": "moon", "recurrent_dropout": 0.25, "scaling": "inverted"}, 117, 39),
        # Of the 9 that are let in, 0.75: c is 30 and 6.75.
        ({"method": "semeniuta", "recurrent_dropout": 0.25}, 110.25, 36.75),
        ({"method": "semeniuta", "recurrent_dropout": 0.25, "scaling": "inverted"}, 117, 39),
        # c = 0.75 * 39 + 0.25 * 10, and h = 0.5 * 117 + 0.5 * 1.
        ({"method": "zoneout", "zoneout_cell": 0.25, "zoneout_hidden": 0.5}, 59, 31.75),
        ({"method": "zoneout", "recurrent_dropout": 0.25}, 88, 31.75),
        ({"method": "zoneout", "zoneout_hidden": 0.25}, 88, 39),
    ],
    ids=str,
)
def test_inference_takes_the_mean_of_what_training_does(
    case: dict[str, Any], h: float, c: float
) -> None:
    assert _one(case, {}, training=False) == (h, c)


def test_a_zoned_unit_keeps_what_it_had() -> None:
    # MaskPlan inside the call: a unit is zoned out or is not, c and h each by itself.
    case = {"method": "zoneout", "recurrent_dropout": 0.5}
    keras.utils.set_random_seed(5)

    seen = {_one(case, {}, training=True) for _ in range(40)}

    assert seen == {(117, 39), (1, 39), (117, 10), (1, 10)}


# ---------------------------------------------------------------- in an RNN by hand


@pytest.mark.parametrize("case", ["gal-tied", "gal-untied", "weight-drop"])
def test_masks_of_a_sequence_are_those_that_the_layer_draws(case: str) -> None:
    layer = dropping(case, seed=3, return_sequences=True)
    by_hand = rnn_of(case)
    for each in (layer, by_hand):
        each.build(X.shape)
    by_hand.set_weights(layer.get_weights())

    for training in (True, False):
        np.testing.assert_array_equal(by_hand(X, training=training), layer(X, training=training))


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_inference_is_that_of_the_layer(case: str) -> None:
    layer, by_hand = dropping(case, return_sequences=True), rnn_of(case)
    for each in (layer, by_hand):
        each.build(X.shape)
    by_hand.set_weights(layer.get_weights())

    np.testing.assert_array_equal(by_hand(X), layer(X))
    np.testing.assert_array_equal(by_hand(X), by_hand(X, training=False))


def test_masks_of_a_step_are_drawn_anew_inside_the_loop() -> None:
    # With no memory (f = 0) and no h, c is i * g * mask, the same at all steps but for it.
    made = MethodCell(200, "semeniuta", recurrent_dropout=0.5, seed=3)
    layer = keras.layers.RNN(made, return_sequences=True)
    x = np.ones((1, STEPS, 1), "float32")
    layer.build(x.shape)
    kernel, recurrent, bias = made.get_weights()
    bias[200:400] = -1e9
    made.set_weights([kernel + 1, 0 * recurrent, bias])

    kept = np.asarray(layer(x, training=True))[0] != 0

    # Half of 200 drop, within five standard deviations; and at each step other ones.
    assert np.all(np.abs(kept.mean(axis=1) - 0.5) < 5 * np.sqrt(0.25 / 200))
    assert len({row.tobytes() for row in kept}) == STEPS


def _stacked() -> Layer:
    cells = [cell("moon step test-time", name="low"), cell("gal-untied", name="high")]
    return keras.layers.RNN(cells, name="cells")


@pytest.mark.full
@pytest.mark.few("rnn-graph", "stacked-eager")
@pytest.mark.parametrize(
    ("kind", "mode"), [("rnn", "graph"), ("stacked", "graph"), ("stacked", "eager")]
)
def test_cells_by_hand_train(kind: str, mode: str) -> None:
    fresh()
    layer = _stacked() if kind == "stacked" else keras.layers.RNN(cell("zoneout two rates"))
    model = compiled(sequential(layer, steps=None), **MODES[mode])
    before = model.get_weights()

    fit(model)

    moved = [np.abs(a - b).max() for a, b in zip(model.get_weights(), before, strict=True)]
    assert all(0 < each < np.inf for each in moved)


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_the_recorder_says_what_it_could_not_record_in_an_rnn(case: str) -> None:
    layer = rnn_of(case)
    with record(layer) as recording:
        layer(X, training=True)

    for rule in layer.cell.setting.rules:
        masks = recording["cells"][rule.site]
        if not rule.rate:
            assert "the rate is 0" in masks.reason
        elif rule.life == "step":
            assert NOT_THERE in masks.reason
            assert f"cells, {rule.site}: {NOT_THERE}" in str(recording)
        else:
            assert masks.reason == ""
            assert set(np.unique(masks.values)) == {0, np.float32(rule.kept)}


def test_the_recorder_says_it_of_stacked_cells_too() -> None:
    layer = _stacked()
    with record(layer) as recording:
        layer(X, training=True)

    assert list(recording) == ["cells/low", "cells/high"]
    assert all(NOT_THERE in masks.reason for masks in recording["cells/low"].values())
    for masks in recording["cells/high"].values():
        assert masks.reason == ""
        assert masks.shape == (1, 1, 4, SAMPLES, UNITS)


def test_a_cell_by_hand_keeps_its_masks_until_they_are_reset_as_in_keras() -> None:
    x, states = X[:, 0], [np.ones((SAMPLES, UNITS), "float32")] * 2
    made = cell("gal-untied")

    first, again = (np.asarray(made(x, states, training=True)[0]) for _ in range(2))
    made.reset_dropout_mask()
    other = np.asarray(made(x, states, training=True)[0])

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


# ---------------------------------------------------------------- its arguments


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_a_config_makes_the_same_cell_again(case: str) -> None:
    made = cell(case, seed=3, activation="relu", use_bias=False)

    again = MethodCell.from_config(made.get_config())

    assert again.get_config() == made.get_config()
    assert again.setting == made.setting
    assert asdict(again.setting).items() <= made.get_config().items()


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_layer_of_cells_comes_back_from_its_config(case: str) -> None:
    layer = rnn_of(case)
    layer.build(X.shape)

    again = keras.layers.RNN.from_config(layer.get_config())

    assert type(again.cell) is MethodCell
    assert again.cell.setting == layer.cell.setting
    again.build(X.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X), layer(X))


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"method": "moons"}, "Did you mean 'moon'?"),
        ({"method": "moon", "dropout": 1.5}, "dropout must be at least 0 and below 1."),
        ({"method": "moon", "recurrent_dropout": -1}, "recurrent_dropout must be at least 0"),
        ({"method": "moon", "zoneout_cell": 0.5}, "has no option zoneout_cell"),
        ({"method": "zoneout", "zoneout_hidden": 1}, "zoneout_hidden must be at least 0"),
    ],
    ids=str,
)
def test_what_cannot_act_is_refused_before_keras_clamps_it(
    kwargs: dict[str, Any], words: str
) -> None:
    with pytest.raises(DropvizError) as caught:
        MethodCell(UNITS, **kwargs)

    assert words in str(caught.value)


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_a_plan_says_what_one_call_draws(case: str) -> None:
    made = cell(case)
    made.build((BATCH, FEATURES + 2))
    sizes = {"input": FEATURES + 2, "recurrent_kernel": UNITS * UNITS}
    untied = {
        ("gal-untied", "input"),
        ("gal-untied", "recurrent"),
        ("weight-drop", "recurrent_kernel"),
    }

    for rule in made.setting.rules:
        plan = made.plan(rule)
        assert plan.gates == (4 if (made.setting.method, rule.site) in untied else 1)
        assert plan.units == sizes.get(rule.site, UNITS)
        assert plan.rate == rule.rate
        assert plan.by_step == (rule.life == "step")
        assert plan.by_sample == (rule.site != "recurrent_kernel")
        assert plan.inverted == (rule.scaling == "inverted")


# ---------------------------------------------------------------- rates from outside


def _rates(made: MethodCell) -> dict[str, float]:
    return {rule.site: rule.rate for rule in made.setting.rules}


@pytest.mark.parametrize(
    "case",
    [*(case for case in ONE_OF_EACH if case[:4] not in ("zare", "zone")), "zoneout one rate"],
)
def test_overridden_rates_are_those_that_act(case: str) -> None:
    with overridden_rates(0.3, 0.2):
        layer, by_hand = dropping(case), cell(case)

    for made in (layer.cell, by_hand):
        of_inputs, *others = _rates(made).values()
        assert (of_inputs, set(others)) == (0.3, {0.2})
        assert (made.dropout, made.recurrent_dropout) == (0.3, 0.2)
        assert (made.setting.dropout, made.setting.recurrent_dropout) == (0.3, 0.2)
    config = layer.get_config()
    assert (config["dropout"], config["recurrent_dropout"]) == (0.3, 0.2)


def test_overridden_rates_leave_those_of_zoneout_itself() -> None:
    with overridden_rates(0.1, 0.2):
        made = cell("zoneout one of each")

    assert _rates(made) == {"input": 0.1, "cell_update": 0.2, "hidden_update": 0.6}


def test_overridden_rates_that_cannot_act_are_refused_in_one_line() -> None:
    with overridden_rates(recurrent_dropout=0.2):
        with pytest.raises(DropvizError, match="masks the inputs only"):
            dropping("zaremba")
        with pytest.raises(DropvizError, match="Leave one of the three out"):
            dropping("zoneout two rates")
    with overridden_rates(dropout=1.0), pytest.raises(DropvizError, match="below 1"):
        dropping("moon step test-time")


@pytest.mark.parametrize("case", ["semeniuta step test-time", "weight-drop"])
def test_overridden_rates_are_drawn_with(case: str) -> None:
    with overridden_rates(0.0, 0.9):
        layer = dropping(case, units=20)
    with record(layer) as recording:
        layer(X, training=True)

    site = layer.cell.setting.rules[1].site
    masks: NDArray[Any] = recording["lstm"][site].values
    # 600 draws of 0.9, or more: five standard deviations.
    assert abs(np.mean(masks == 0) - 0.9) < 5 * np.sqrt(0.09 / masks.size)
    assert "the rate is 0" in recording["lstm"]["input"].reason


@pytest.mark.parametrize(
    "options",
    [
        {"method": "zoneout", "recurrent_dropout": 0.11},
        {"method": "zoneout", "zoneout_cell": 0.3, "zoneout_hidden": 0.05},
        {"method": "moon", "recurrent_dropout": 0.3},
        {"method": "semeniuta", "recurrent_dropout": 0.37, "scaling": "test-time"},
    ],
    ids=lambda each: each["method"] + str(len(each)),
)
def test_what_is_constant_at_inference_rounds_as_what_moves(options: dict[str, Any]) -> None:
    layer = dropviz.LSTM(8, seed=1, **options)
    x = np.random.default_rng(0).normal(size=(512, 4, 3)).astype("float32")
    layer(x[:1])

    def inferred(*, folding: bool) -> Any:
        tf.config.optimizer.set_experimental_options({"constant_folding": folding})
        shape = tf.TensorSpec((None, *x.shape[1:]), tf.float32)
        return tf.function(lambda data: layer(data, training=False), input_signature=[shape])(x)

    # A constant that is folded into another product rounds otherwise than a variable does.
    try:
        np.testing.assert_array_equal(inferred(folding=True), inferred(folding=False))
    finally:
        tf.config.optimizer.set_experimental_options({"constant_folding": True})
