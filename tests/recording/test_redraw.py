from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.core import result_files
from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording, unpack
from dropviz.errors import DropvizError
from dropviz.recording import redraw as module
from dropviz.recording.record import record
from dropviz.recording.redraw import redraw, redraws_exactly
from tests.keras_models import (
    FEATURES,
    KINDS,
    RATES,
    REFUSES_ONE,
    STEPS,
    UNITS,
    Layer,
    budget_of,
    compiled,
    data,
    fit,
    fresh,
    lstm,
    rnn,
    sequential,
)

LAYERS: dict[str, Callable[[], Layer]] = {
    "LSTM": lstm,
    "GRU": lambda: keras.layers.GRU(UNITS, **RATES),
    "SimpleRNN": rnn,
    "tied": lambda: lstm(recurrent_dropout=0),
    "recurrent only": lambda: lstm(dropout=0),
    # Nothing is drawn for a rate of 1, where Keras takes it at all.
    **({} if REFUSES_ONE else {"one of both is 1": lambda: lstm(recurrent_dropout=1.0)}),
    "untied": lambda: keras.layers.RNN(
        keras.layers.LSTMCell(UNITS, dropout=0.5, implementation=1), name="untied"
    ),
    "stacked cells": lambda: KINDS["rnn of cells"].build().layers[0],
    "one unit": lambda: lstm(units=1, dropout=0),
    "seeded": lambda: lstm(seed=2**31),
    "mixed_bfloat16": lambda: lstm(dtype="mixed_bfloat16"),
    "mixed_float16": lambda: lstm(dtype="mixed_float16"),
    "float64": lambda: lstm(dtype="float64"),
}


def calls(layer: Layer, *sizes: int, **settings: Any) -> Recording:
    with record(layer, **settings) as recording:
        for size in sizes:
            layer(data(size, STEPS, FEATURES)[0], training=True)
    return recording


def assert_redrawn(recorded: LayerRecording) -> None:
    """Compares every kept batch of a layer with its redrawn masks, to the bit."""
    places = list(zip(recorded["input"].batches, recorded["input"].calls, strict=True))
    assert places
    for at, (batch, call) in enumerate(places):
        redrawn = redraw(recorded, batch, call)
        assert redrawn
        for site, masks in redrawn.items():
            np.testing.assert_array_equal(masks.of_batch(), recorded[site].of_batch(at))
            assert masks.values.dtype == recorded[site].values.dtype


# ---------------------------------------------------------------- equal to the bit


@pytest.mark.few("LSTM", "GRU", "stacked cells", "mixed_float16", "untied")
@pytest.mark.parametrize("name", LAYERS)
def test_redrawn_masks_are_those_kept(name: str) -> None:
    recording = calls(LAYERS[name](), 4, 3, 4)

    for recorded in recording.values():
        assert_redrawn(recorded)


def test_of_many_kept_batches_32_are_compared_from_the_first_to_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nought, one, kept, compared = np.zeros(40, int), np.ones(40, int), tuple(range(40)), []
    masks = Masks(
        *("rnn", "input", np.ones((40, 1, 1, 1, 1)), 0.5, ("h",), 1),
        *((1,) * 40, kept),
        calls=(0,) * 40,
    )
    plan = (MaskPlan("input", 1, 1, 0.5),)
    draws = DrawLog(np.arange(40), nought, np.zeros((40, 2), int), one, one, plan, "float32")
    recorded = LayerRecording("rnn", "SimpleRNN", 1, 40, {"input": masks}, draw_log=draws)

    def seen(_: Any, at: int) -> dict[str, Any]:
        compared.append(at)
        return {}

    monkeypatch.setattr(module, "_draw", seen)

    assert redraws_exactly(recorded)
    # All 40 would take a reader's time; evenly among them is where a change would show.
    assert (len(compared), compared[0], compared[-1]) == (32, 0, 39)
    assert set(np.diff(compared)) == {1, 2}


def test_masks_of_one_feature_are_redrawn() -> None:
    layer = lstm(recurrent_dropout=0)
    with record(layer) as recording:
        for size in (4, 9):
            layer(data(size, STEPS, 1)[0], training=True)

    assert_redrawn(recording["lstm"])


@pytest.mark.few("graph-False")
@pytest.mark.parametrize("validation", [False, True])
@pytest.mark.parametrize("settings", [{}, {"run_eagerly": True}], ids=["graph", "eager"])
def test_masks_of_fit_are_redrawn(settings: dict[str, Any], *, validation: bool) -> None:
    model = compiled(sequential(lstm()), **settings)
    with record(model) as recording:
        fit(model, epochs=2, validation_data=data() if validation else None)

    assert_redrawn(recording["lstm"])


@pytest.mark.full
@pytest.mark.few("settings1")
@pytest.mark.parametrize("settings", [{}, {"keep": 1}])
def test_masks_of_a_layer_that_is_called_twice_in_a_step_are_redrawn(
    settings: dict[str, Any],
) -> None:
    model = compiled(KINDS["shared"].build())
    fresh()
    with record(model, **settings) as recording:
        fit(model)

    recorded = recording["rnn"]
    assert (recorded.batches, recorded.calls) == (3, 6)
    assert_redrawn(recorded)
    drawn = [redraw(recorded, 0, call)["input"] for call in (0, 1)]
    assert [(masks.batches, masks.calls) for masks in drawn] == [((0,), (0,)), ((0,), (1,))]
    assert not np.array_equal(drawn[0].values, drawn[1].values)
    with pytest.raises(DropvizError, match=r"no call 2 of 'rnn' in batch 1. Expected 0, 1\."):
        redraw(recorded, 1, 2)


@pytest.mark.full
@pytest.mark.usefixtures("_mixed")
def test_masks_of_fit_in_mixed_precision_are_redrawn() -> None:
    model = compiled(sequential(rnn()))
    with record(model) as recording:
        fit(model)

    assert recording["rnn"].draw_log is not None
    assert recording["rnn"].draw_log.dtype == "float16"
    assert_redrawn(recording["rnn"])


@pytest.fixture
def _double() -> Iterator[None]:
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.usefixtures("_double")
def test_masks_in_double_precision_are_kept_and_redrawn_in_it() -> None:
    recording = calls(lstm(dropout=0.3), 4)

    assert recording["lstm"]["input"].scale == 1 / (1 - 0.3)
    assert_redrawn(recording["lstm"])


@pytest.mark.full
@pytest.mark.few("settings2")
@pytest.mark.parametrize("settings", [{"keep": 1}, {"every": 4}, {"budget_mib": budget_of(1000)}])
def test_batches_no_longer_kept_are_redrawn(settings: dict[str, Any]) -> None:
    sizes = (4, 3, 2, 4, 4)
    fresh()
    everything = calls(lstm(), *sizes)["lstm"]
    fresh()
    recorded = calls(lstm(), *sizes, **settings)["lstm"]
    gone = set(range(len(sizes))) - set(recorded["input"].batches)

    assert gone
    for batch in gone:
        for site, masks in redraw(recorded, batch).items():
            np.testing.assert_array_equal(masks.of_batch(), everything[site].of_batch(batch))


def test_redrawn_masks_know_what_the_kept_ones_know() -> None:
    recorded = calls(lstm(), 4, 3)["lstm"]
    kept = recorded["recurrent"]

    masks = redraw(recorded, 1)["recurrent"]

    assert (masks.shape, masks.batches, masks.batch_sizes) == ((1, 1, 4, 3, UNITS), (1,), (3,))
    for fact in ("layer", "site", "rate", "gates", "time_steps", "reason"):
        assert getattr(masks, fact) == getattr(kept, fact)


@pytest.mark.full
@pytest.mark.parametrize(
    ("layer", "sites"),
    [
        (lstm, ["input", "recurrent"]),
        (lambda: lstm(recurrent_dropout=0), ["input"]),
        (lambda: lstm(dropout=0), ["recurrent"]),
    ],
)
def test_sites_that_drew_nothing_are_left_out(layer: Callable[[], Layer], sites: list[str]) -> None:
    assert list(redraw(calls(layer(), 4)["lstm"], 0)) == sites


def test_a_saved_recording_can_be_redrawn(tmp_path: Path) -> None:
    recording = calls(lstm(), 4, 3, keep=1)
    before = redraw(recording["lstm"], 0)["input"]

    _, header, arrays = result_files.read(recording.save(tmp_path / "a.dropviz"))

    after = redraw(unpack(header["recording"], arrays)["lstm"], 0)["input"]
    np.testing.assert_array_equal(after.values, before.values)


# ---------------------------------------------------------------- nothing is disturbed


@pytest.mark.full
def test_redrawing_leaves_training_and_random_streams_as_they_were() -> None:
    outcomes: list[list[NDArray[Any]]] = []
    for wanted in (False, True):
        fresh()
        layer = lstm()
        recorded = calls(layer, 4)["lstm"]
        if wanted:
            redraw(recorded, 0)
        outcomes.append(
            [
                np.asarray(layer(data()[0], training=True)),
                np.asarray(layer.cell.seed_generator.state),
                np.asarray(keras.random.uniform((3,))),
                np.array([random.random()]),  # noqa: S311
                np.random.random(3),  # noqa: NPY002
                np.array([keras.layers.LSTM(2).name, keras.random.SeedGenerator(1).name]),
            ]
        )

    for without, with_it in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(with_it, without)


# ---------------------------------------------------------------- what cannot be redrawn


@pytest.mark.full
@pytest.mark.few("LSTM")
@pytest.mark.parametrize("name", ["LSTM", "tied", "SimpleRNN"])
def test_masks_drawn_under_xla_are_refused(name: str) -> None:
    layer = LAYERS[name]()
    x, _ = data()
    layer.build(x.shape)
    once = tf.function(layer, jit_compile=True, autograph=False)
    with record(layer) as recording:
        once(tf.constant(x), training=True)
    recorded = recording[layer.name]

    with pytest.raises(DropvizError, match="compiled with jit_compile=True draws other") as caught:
        redraw(recorded, 0)

    assert "\n" not in str(caught.value)
    assert not redraws_exactly(recorded)


def _changed(recorded: LayerRecording, at: int) -> LayerRecording:
    """The recording with one entry of one kept batch turned round."""
    masks = recorded["input"]
    values = masks.values.copy()
    values[at, 0, 0, 0, 0] = 2 - values[at, 0, 0, 0, 0]
    return LayerRecording(
        recorded.layer,
        recorded.kind,
        recorded.units,
        recorded.batches,
        {**recorded, "input": dataclasses.replace(masks, values=values)},
        draw_log=recorded.draw_log,
    )


# A batch of few entries comes out right by luck, so that one is not evidence enough.
@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_kept_batch_that_comes_out_differently_is_enough_to_refuse(at: int) -> None:
    recorded = calls(lstm(), 4, 4, 1)["lstm"]
    assert redraws_exactly(recorded)

    with pytest.raises(DropvizError, match="cannot be redrawn exactly"):
        redraw(_changed(recorded, at), 0)


@pytest.mark.parametrize("batch", [-1, 3, 99])
def test_an_unknown_batch_is_one_clear_sentence(batch: int) -> None:
    recorded = calls(lstm(), 4, 4, 4)["lstm"]

    with pytest.raises(
        DropvizError, match=f"batch must be .* from 0 to 2. Received: batch={batch}"
    ) as caught:
        redraw(recorded, batch)

    assert "\n" not in str(caught.value)


def test_a_layer_that_drew_nothing_is_one_clear_sentence() -> None:
    recorded = calls(lstm(dropout=0, recurrent_dropout=0), 4)["lstm"]

    with pytest.raises(DropvizError, match="'lstm' drew no masks"):
        redraw(recorded, 0)
    assert not redraws_exactly(recorded)


def test_without_a_kept_batch_there_is_nothing_to_compare_with() -> None:
    recorded = calls(lstm(), 4, budget_mib=1e-5)["lstm"]

    assert not redraws_exactly(recorded)
    with pytest.raises(DropvizError, match="cannot be redrawn exactly"):
        redraw(recorded, 0)


def test_batches_before_a_change_of_rates_are_refused() -> None:
    layer = lstm(recurrent_dropout=0)
    with record(layer) as recording:
        for rate in (0.5, 0.1, 0.5):
            layer.cell.dropout = rate
            layer(data(40, STEPS, FEATURES)[0], training=True)

    for batch in (0, 1):
        with pytest.raises(DropvizError, match=rf"from 2 to 2\. Received: batch={batch}"):
            redraw(recording["lstm"], batch)
    assert_redrawn(recording["lstm"])


def _with_draws(recorded: LayerRecording, **changed: Any) -> LayerRecording:
    assert recorded.draw_log is not None
    draws = dataclasses.replace(recorded.draw_log, **changed)
    name, kind, units, batches = recorded.layer, recorded.kind, recorded.units, recorded.batches
    return LayerRecording(name, kind, units, batches, recorded, draw_log=draws)


def test_a_batch_that_was_left_out_is_one_clear_sentence() -> None:
    recorded = _with_draws(calls(lstm(), 4, 4, 4)["lstm"], batches=np.array([0, 0, 2]))

    with pytest.raises(DropvizError, match="Batch 1 of 'lstm' cannot be redrawn: its masks had"):
        redraw(recorded, 1)


@pytest.mark.full
@pytest.mark.parametrize("calls_", [[1, 1, 1], [0, 1, 0], [0, 0, 7]], ids=str)
def test_a_kept_batch_that_was_not_noted_proves_nothing(calls_: list[int]) -> None:
    recorded = _with_draws(calls(lstm(), 4, 4, 4)["lstm"], calls=np.array(calls_))

    assert not redraws_exactly(recorded)
    with pytest.raises(DropvizError, match="cannot be redrawn exactly"):
        redraw(recorded, 0, calls_[0])


@pytest.mark.parametrize("samples", [2**40, 2**62])
def test_masks_without_room_in_memory_are_not_drawn(samples: int) -> None:
    recorded = _with_draws(calls(lstm(), 4, 4)["lstm"], samples=np.array([4, samples]))

    with pytest.raises(DropvizError, match="in batch 1 have no room in memory here") as caught:
        redraw(recorded, 1)

    assert "\n" not in str(caught.value)
