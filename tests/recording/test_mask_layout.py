from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.draw_log import MaskPlan
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError
from dropviz.keras_inside.cell_masks import keep_masks
from dropviz.methods.lstm import LSTM
from dropviz.recording.mask_layout import Layout, SiteLayout, rates_of, read_masks
from dropviz.recording.record import record, record_everything
from tests.keras_models import FEATURES, REFUSED, REFUSES_ONE, SAMPLES, STEPS, UNITS, Layer, data

CELLS: dict[str, tuple[Callable[..., Layer], int]] = {
    "LSTM": (keras.layers.LSTMCell, 4),
    "GRU": (keras.layers.GRUCell, 3),
    "SimpleRNN": (keras.layers.SimpleRNNCell, 1),
}
LAYERS: dict[str, Callable[..., Layer]] = {
    "LSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "SimpleRNN": keras.layers.SimpleRNN,
}


def drawn(cell: Layer, samples: int = SAMPLES) -> Layer:
    """Lets a cell draw its masks, as Keras does before the first step."""
    cell.get_dropout_mask(keras.ops.ones((samples, FEATURES), dtype=cell.compute_dtype))
    cell.get_recurrent_dropout_mask(keras.ops.ones((samples, UNITS), dtype=cell.compute_dtype))
    return cell


def read(cell: Layer) -> tuple[Layout, list[Any]]:
    return read_masks(drawn(cell))


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("name", CELLS)
def test_each_gate_has_a_mask_of_its_own_where_both_rates_are_set(name: str) -> None:
    make, gates = CELLS[name]

    layout, masks = read(make(UNITS, dropout=0.5, recurrent_dropout=0.25))

    assert layout.sites == (
        SiteLayout(MaskPlan("input", gates, FEATURES, 0.5), drawn=True),
        SiteLayout(MaskPlan("recurrent", gates, UNITS, 0.25), drawn=True),
    )
    assert [mask.shape for mask in masks] == (
        gates * [(SAMPLES, FEATURES)] + gates * [(SAMPLES, UNITS)]
    )


@pytest.mark.parametrize("name", CELLS)
def test_one_mask_serves_all_gates_where_only_the_input_is_masked(name: str) -> None:
    make, _ = CELLS[name]

    layout, masks = read(make(UNITS, dropout=0.5))

    assert [site.plan.gates for site in layout.sites] == [1, 0]
    assert [mask.shape for mask in masks] == [(SAMPLES, FEATURES)]


@pytest.mark.parametrize("method", ["moon", "zoneout", "weight-drop"])
def test_a_method_without_a_rate_has_no_mask_of_any_size(method: str) -> None:
    layout, masks = read_masks(LSTM(UNITS, method=method).cell)

    none = {"drawn": False, "reason": "nothing is dropped: the rate is 0."}
    assert layout.sites == tuple(
        SiteLayout(MaskPlan(rule.site, 0, 0, 0.0), **none)  # type: ignore[arg-type]
        for rule in Setting(method).rules
    )
    assert masks == []
    assert layout.size(SAMPLES, STEPS) == 0


def test_reading_hands_over_the_very_masks_of_the_cell() -> None:
    cell = drawn(keras.layers.LSTMCell(UNITS, dropout=0.5, recurrent_dropout=0.25))

    _, masks = read_masks(cell)

    its = [*cell._dropout_mask, *cell._recurrent_dropout_mask]
    assert [id(mask) for mask in masks] == [id(mask) for mask in its]


@pytest.mark.parametrize("times", [1, 3])
def test_reading_draws_nothing(times: int) -> None:
    cell = drawn(keras.layers.LSTMCell(UNITS, dropout=0.5, recurrent_dropout=0.25))
    before = np.asarray(cell.seed_generator.state)
    for _ in range(times):
        read_masks(cell)

    np.testing.assert_array_equal(cell.seed_generator.state, before)


@pytest.mark.parametrize(
    ("rates", "draws", "width"),
    [
        ({"dropout": 0.5, "recurrent_dropout": 0.5}, 8, 4 * (FEATURES + UNITS)),
        ({"dropout": 0.5}, 1, FEATURES),
        ({"recurrent_dropout": 0.5}, 4, 4 * UNITS),
        # A rate of 1 draws nothing, where Keras takes it at all.
        *([] if REFUSES_ONE else [({"dropout": 0.5, "recurrent_dropout": 1.0}, 4, 4 * FEATURES)]),
        ({}, 0, 0),
    ],
)
def test_a_layout_counts_draws_and_entries(rates: dict[str, float], draws: int, width: int) -> None:
    cell = keras.layers.LSTMCell(UNITS, **rates)
    before = np.asarray(cell.seed_generator.state)

    layout, _ = read(cell)

    assert (layout.mask_count, layout.size(1, 1)) == (draws, width)
    # Each draw moves the counter of the random stream on by one.
    np.testing.assert_array_equal(cell.seed_generator.state, [before[0], before[1] + draws])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "mixed_float16"])
def test_a_layout_names_the_type_that_masks_were_drawn_in(dtype: str) -> None:
    layout, masks = read(keras.layers.LSTMCell(UNITS, dropout=0.5, dtype=dtype))

    assert layout.dtype == keras.backend.standardize_dtype(masks[0].dtype)


def test_equal_calls_have_equal_layouts() -> None:
    assert (
        read(keras.layers.GRUCell(UNITS, dropout=0.5))[0]
        == read(keras.layers.GRUCell(UNITS, dropout=0.5))[0]
    )


def test_another_rate_is_another_layout() -> None:
    cell = keras.layers.GRUCell(UNITS, dropout=0.5)
    before, _ = read(cell)
    cell.reset_dropout_mask()
    cell.dropout = 0.25

    assert read(cell)[0] != before


# ---------------------------------------------------------------- layouts as plain data

SITE = SiteLayout(MaskPlan("input", 4, 3, 0.5), drawn=True)


@pytest.mark.parametrize(
    ("by_step", "by_sample", "shape"),
    [
        (False, True, (1, 4, 5, 3)),
        (True, True, (7, 4, 5, 3)),
        (False, False, (1, 4, 1, 3)),
        (True, False, (7, 4, 1, 3)),
    ],
)
def test_masks_are_as_many_as_steps_and_samples_have_their_own(
    shape: tuple[int, ...], *, by_step: bool, by_sample: bool
) -> None:
    site = replace(SITE, plan=replace(SITE.plan, by_step=by_step, by_sample=by_sample))
    none = SiteLayout(MaskPlan("recurrent", 0, 0, 0.0), drawn=False, reason="rate 0.")

    assert site.shape(5, 7) == shape
    assert Layout((site, none, SITE), "float32").size(5, 7) == math.prod(shape) + 4 * 5 * 3


def test_rates_that_are_variables_are_set_and_others_stay() -> None:
    moving = replace(SITE, argument="recurrent_dropout")
    layout = Layout((SITE, moving, replace(SITE, argument="dropout")), "float16")

    found = layout.at([0.1, 0.2])

    assert [site.plan.rate for site in found.sites] == [0.5, 0.2, 0.1]
    assert replace(found, sites=layout.sites) == layout


# ---------------------------------------------------------------- cells of dropviz


@pytest.mark.parametrize("moves", [False, True])
def test_of_a_method_s_cell_the_plan_is_read_and_which_rates_move(*, moves: bool) -> None:
    layer = LSTM(UNITS, method="zoneout", dropout=0.5, zoneout_cell=0.4, zoneout_hidden=0.0)
    layer.build((SAMPLES, STEPS, FEATURES))
    layer.cell.time_steps = STEPS
    cell = drawn(layer.cell)
    wanted = [rule for rule in cell.setting.rules if rule.site in cell.masks]
    if moves:
        cell.live = object()  # rates that are variables

    layout, masks = read_masks(cell)

    found = [site for site in layout.sites if site.plan.gates]
    assert [site.plan for site in found] == [cell.plan(rule) for rule in wanted]
    assert [id(mask) for mask in masks] == [id(cell.masks[rule.site]) for rule in wanted]
    assert len(found) == layout.mask_count == 2
    assert len(layout.sites) == len(cell.setting.rules) > 2
    # An option of the method is no rate that moves.
    moving = {
        cell.setting.argument(rule): site.argument for rule, site in zip(wanted, found, strict=True)
    }
    assert moving == {"dropout": "dropout" if moves else "", "zoneout_cell": ""}


# ---------------------------------------------------------------- cells of one's own


class OneForAll(keras.layers.SimpleRNNCell):  # type: ignore[misc]
    """A cell that draws one mask for all samples."""

    def get_dropout_mask(self, step_input: Any) -> Any:
        return super().get_dropout_mask(step_input[:1])


@pytest.mark.parametrize(("samples", "by_sample"), [(None, False), (4, False), (1, True)])
def test_one_mask_for_all_samples_is_told_from_that_of_one(
    samples: int | None, *, by_sample: bool
) -> None:
    cell = drawn(OneForAll(UNITS, dropout=0.5, recurrent_dropout=0.5), samples or SAMPLES)

    layout, masks = read_masks(cell, samples)

    assert [site.plan.by_sample for site in layout.sites] == [by_sample, True]
    assert masks[0].shape == (1, FEATURES)


@pytest.mark.parametrize("rates", [{}, {"dropout": 0.5}, {"recurrent_dropout": 0.5}], ids=str)
def test_a_site_without_masks_has_none_of_any_kind(rates: dict[str, float]) -> None:
    layout, masks = read_masks(drawn(keras.layers.GRUCell(UNITS, **rates)), SAMPLES)

    for argument, site in zip(("dropout", "recurrent_dropout"), layout.sites, strict=True):
        has = argument in rates
        assert (site.drawn, site.plan.units > 0, site.plan.gates > 0, site.plan.by_sample) == (
            *3 * [has],
            True,
        )
        assert bool(site.reason) is not has
    assert len(masks) == sum(site.plan.gates for site in layout.sites)


@pytest.mark.parametrize(("rate", "is_drawn"), [(0.5, True), (1.0, False)])
def test_a_mask_of_nothing_but_zeros_takes_nothing_from_the_random_stream(
    rate: float, *, is_drawn: bool
) -> None:
    # By hand: before Keras 3.14 nothing could be drawn at a rate of 1.
    cell = keras.layers.SimpleRNNCell(UNITS)
    cell.dropout = rate
    keep_masks(cell, "dropout", keras.ops.zeros((SAMPLES, FEATURES)))

    layout, masks = read_masks(cell, SAMPLES)

    assert (layout.sites[0].drawn, layout.mask_count) == (is_drawn, int(is_drawn))
    assert (layout.sites[0].plan.units, layout.sites[0].reason, len(masks)) == (FEATURES, "", 1)


def test_rates_are_those_of_now() -> None:
    cell = keras.layers.GRUCell(UNITS, dropout=0.5)
    cell.recurrent_dropout = 0.25

    assert rates_of(cell) == [0.5, 0.25]


# ---------------------------------------------------------------- nothing is dropped


def recorded(make: Callable[..., Layer], **rates: float) -> tuple[Any, Any]:
    """Records one call of a layer, and says how it differs from an inference call."""
    layer = make(UNITS, **rates)
    x, _ = data()
    with record(layer) as recording:
        output = layer(x, training=True)
    return recording[layer.name], np.abs(output - layer(x)).max()


def refused(make: Callable[..., Layer], **rates: float) -> bool:
    """Tells whether this Keras refuses a rate of 1; the error is its own under a recording."""
    if REFUSES_ONE:
        with pytest.raises(ValueError, match=REFUSED):
            recorded(make, **rates)
    return REFUSES_ONE


@pytest.mark.few(3)
@pytest.mark.parametrize("rate", [0.0, -1])
@pytest.mark.parametrize("name", LAYERS)
def test_a_rate_of_nought_or_less_drops_nothing_and_says_why(name: str, rate: float) -> None:
    sites, change = recorded(LAYERS[name], dropout=rate, recurrent_dropout=rate)

    assert change == 0
    for masks in sites.values():
        assert (masks.rate, masks.dropped, masks.batch_sizes) == (0, 0, (SAMPLES,))
        assert "nothing is dropped: the rate is 0" in masks.sentence
    assert sites.draw_log is None


@pytest.mark.few(4)
@pytest.mark.parametrize("rate", [1.0, 2.0])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_a_rate_of_one_or_more_drops_nothing_in_lstm_and_gru(
    site: str, name: str, rate: float
) -> None:
    argument = {"input": "dropout", "recurrent": "recurrent_dropout"}[site]
    if refused(LAYERS[name], **{argument: rate}):
        return

    sites, change = recorded(LAYERS[name], **{argument: rate})

    assert change == 0
    assert (sites[site].rate, sites[site].dropped) == (1, 0)
    assert "nothing is dropped: the rate is 1" in sites[site].sentence
    assert f"its {name} cell" in sites[site].sentence


@pytest.mark.parametrize("rate", [1.0, 2.0])
@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_a_rate_of_one_or_more_drops_everything_in_a_simple_rnn(site: str, rate: float) -> None:
    argument = {"input": "dropout", "recurrent": "recurrent_dropout"}[site]
    if refused(LAYERS["SimpleRNN"], **{argument: rate}):
        return

    sites, change = recorded(LAYERS["SimpleRNN"], **{argument: rate})

    masks = sites[site]
    assert change > 0
    assert (masks.rate, masks.dropped, masks.expected_range, masks.reason) == (1, 1, (1, 1), "")
    assert masks.values.shape == (1, 1, 1, SAMPLES, {"input": FEATURES, "recurrent": UNITS}[site])


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_one_site_can_drop_where_the_other_cannot(name: str) -> None:
    rates = {"dropout": 0.5, "recurrent_dropout": 1.0}
    if refused(LAYERS[name], **rates):
        return

    sites, change = recorded(LAYERS[name], **rates)

    assert change > 0
    assert sites["input"].reason == ""
    assert 0 < sites["input"].dropped < 1
    assert sites["recurrent"].reason != ""


class Late(keras.layers.Layer):  # type: ignore[misc]
    """A cell that is no DropoutRNNCell, so that Keras does not let it draw beforehand."""

    state_size = output_size = FEATURES
    rate = 0.5

    def get_dropout_mask(self, x: Any) -> Any:
        return keras.random.dropout(keras.ops.ones_like(x), self.rate)

    def call(self, x: Any, states: Any) -> Any:
        return x * self.get_dropout_mask(x), states


class LateWithArguments(Late):
    """It has the arguments of Keras's cells, too."""

    dropout, recurrent_dropout = 0.5, 0.0


@pytest.mark.parametrize("cell", [Late, LateWithArguments])
def test_masks_drawn_inside_the_loop_cannot_be_recorded_and_that_is_said(cell: Any) -> None:
    layer = keras.layers.RNN(cell(), name="late")
    x = data(2, STEPS, FEATURES)[0]

    with pytest.raises(DropvizError, match="no dropout masks where Keras's own cells keep"):
        record(layer).__enter__()
    with record_everything() as recorder:
        layer(x, training=True)

    assert "where Keras's own cells keep them" in recorder.recording.skipped["late"]
