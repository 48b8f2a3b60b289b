"""The page's scenes are those that Python makes of the same masks and numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dropviz.browser.tables import tables
from dropviz.core.curves import Curves
from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.number_forms import counted
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.sentences import answer
from dropviz.core.setting import Setting
from dropviz.core.tasks import BATCH_SIZE, TASKS, load_task
from dropviz.figures import atlas_scene, cell_scene, curves_scene, unrolled_scene
from dropviz.figures.arrow_numbers import with_numbers
from dropviz.figures.scene import plain_data

from .engines import Engine
from .every_setting import EVERY, named
from .keras_run import PATH as RECORDED
from .test_masks import plain

TABLES = json.loads(json.dumps(tables()))
# So many features and units that no two masks are equal by luck.
SIZES = {"samples": 3, "steps": 7, "features": 64, "units": 64}
SAMPLE = 1


def recorded(setting: Setting, masks: list[dict[str, Any]]) -> LayerRecording:
    rates = {rule.site: rule.rate for rule in setting.rules}
    sites: Mapping[str, Masks] = {
        each["site"]: Masks(
            layer="lstm",
            site=each["site"],
            values=np.reshape(
                each["values"], [1, *(each[a] for a in ("steps", "gates", "samples", "units"))]
            ),
            rate=rates[each["site"]],
            gates=LSTM_GATES,
            time_steps=SIZES["steps"],
            batch_sizes=(SIZES["samples"],),
            batches=(0,),
        )
        for each in masks
    }
    return LayerRecording("lstm", "LSTM", SIZES["units"], 1, sites, setting=setting)


def pictures(engine: Engine, setting: Setting) -> tuple[dict[str, Any], LayerRecording]:
    """The page's scenes of one batch, and a recording of its masks."""
    given = {"tables": TABLES, "setting": plain(setting), "sizes": SIZES}
    seen = engine.ask("pictures", **given, seed=5, sample=SAMPLE)
    return seen, recorded(setting, seen["masks"])


def opened(seen: dict[str, Any], layer: LayerRecording) -> OpenedBatch:
    """The sequence that is seen, as Python opens one."""
    samples, steps = SIZES["samples"], SIZES["steps"]
    one = {
        name: np.reshape(values, (steps, samples, -1))[:, SAMPLE]
        for name, values in seen["pass"].items()
    }
    x = np.reshape(seen["x"], (samples, steps, -1))[SAMPLE]
    masks = {
        site: each.values[0, :, :, min(SAMPLE, each.values.shape[3] - 1)]
        for site, each in layer.items()
    }
    gates = {name: one[name] for name in LSTM_GATES}
    return OpenedBatch(0, SAMPLE, 0, x, x, x, x, masks, gates, one["h"], one["c"])


def as_json(scene: object) -> Any:
    return json.loads(json.dumps(plain_data(scene)))


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_the_unrolled_scene_is_python_s(engine: Engine, setting: Setting) -> None:
    seen, layer = pictures(engine, setting)
    made = unrolled_scene.of_recording(layer, 0, SAMPLE)
    expected = as_json(with_numbers(made, opened(seen, layer)))
    # Where a recording tells what was expected of a rate, the page has its own sentence.
    arguments = {rule.site: setting.argument(rule) for rule in setting.rules}
    for masks in layer.values():
        said = answer(masks, arguments[masks.site])
        expected["alt"] = expected["alt"].replace(masks.sentence, said)
    expected["lines"][0] = f", in batch 1, sequence {SAMPLE + 1}"

    for mine, its in zip(seen["unrolled"]["arrows"], expected["arrows"], strict=True):
        for name in ("before", "after"):
            numbers = mine.pop(name), its.pop(name)
            assert [each is None for each in numbers] in ([True] * 2, [False] * 2)
            if numbers[0] is not None:
                # In single precision, and Python rounds to four digits.
                np.testing.assert_allclose(*numbers, rtol=0, atol=1e-4)
    assert seen["unrolled"] == expected


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_the_plan_is_python_s(engine: Engine, setting: Setting) -> None:
    for task, units in (("digits", 4), ("temporal-order", 32)):
        entry = TASKS[task]
        made = unrolled_scene.of_plan(setting, units, entry.features, entry.steps)

        plan = engine.ask("plan", tables=TABLES, setting=plain(setting), task=task, units=units)
        assert plan == as_json(made)


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_the_cell_is_python_s(engine: Engine, setting: Setting) -> None:
    seen, _ = pictures(engine, setting)

    assert seen["cell"] == as_json(cell_scene.of_settings(setting))


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_the_atlas_has_python_s_rows(engine: Engine, setting: Setting) -> None:
    seen, layer = pictures(engine, setting)
    expected = as_json(atlas_scene.of_recording(layer, 0, 0))

    assert seen["atlas"]["rows"] == expected["rows"]
    assert seen["atlas"]["legend"] == expected["legend"]


def test_the_curves_are_python_s(engine: Engine) -> None:
    curves = {
        "loss": [2.25, 1.5, 1.0, 0.5, 0.25, 0.125],
        "loss_dropout_on": [2.0, 1.25, 0.75, 0.5, 0.25, 0.0005],
        "loss_dropout_off": [1.75, 1.0, 0.5, 0.25, 0.125, 0.1],
        "val_loss": [2.0, 1.5, 1.25, 1.25, 1.5, 12345.0],
    }

    shown = engine.ask("curves", tables=TABLES, curves=curves, measured=0, recorded=True)

    assert shown == as_json(curves_scene.of_runs(curves))


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_the_epoch_under_way_is_told_as_python_does(engine: Engine, epochs: int) -> None:
    curves = {
        "loss": [2.25, 1.5, 1.0][:epochs],
        "loss_dropout_on": [2.0, 1.25, 0.75][:epochs],
        "loss_dropout_off": [1.75, 1.0, 0.5][:epochs],
        "val_loss": [2.0, 1.5, 1.25][:epochs],
    }

    shown = engine.ask(
        "curves", tables=TABLES, curves=curves, so_far=0.25, measured=0, recorded=True
    )

    under_way = Curves(curves).extended({"loss": 0.25})
    expected = as_json(curves_scene.of_runs(under_way, under_way=1))
    assert (shown["alt"], shown["under_way"]) == (expected["alt"], 1)


@pytest.mark.parametrize("measured", [1, 17, 256])
def test_losses_of_the_page_are_not_called_keras_s(engine: Engine, measured: int) -> None:
    curves = {
        name: [2.0, 1.0] for name in ("loss", "loss_dropout_on", "loss_dropout_off", "val_loss")
    }
    shown = engine.ask("curves", tables=TABLES, curves=curves, measured=measured, recorded=False)

    assert "Keras" not in json.dumps(shown)
    assert f"On and off: {counted(measured, 'training sequence')}," in shown["caption"]
    labels = {line["name"]: line["label"] for line in shown["lines"]}
    assert labels.pop("loss") == "mean over the epoch"
    assert labels == {line.name: line.label for line in curves_scene.LINES if line.name != "loss"}


KERAS = TABLES["defaults"] | {"task": "temporal-order", "units": 4}
MOON = KERAS | {"method": "moon", "recurrent_dropout": 0.5}


@pytest.mark.parametrize(
    ("spec", "then", "title", "rates"),
    [
        (
            KERAS | {"dropout": 0.2, "recurrent_dropout": 0.5},
            {"dropout": 0.75, "recurrent_dropout": 0.0},
            "LSTM(4, dropout=0.2, recurrent_dropout=0.5)",
            [0.2, 0.5],
        ),
        (
            KERAS | {"dropout": 0.4},
            {"dropout": 0.0},
            "LSTM(4, dropout=0.4, recurrent_dropout=0)",
            [0.4],
        ),
        (
            MOON,
            {"recurrent_dropout": 0.1},
            'LSTM(4, method="moon", recurrent_dropout=0.5)',
            [0.5],
        ),
    ],
    ids=["both", "to nothing", "moon"],
)
def test_a_batch_keeps_the_rates_that_it_was_trained_with(
    engine: Engine,
    spec: dict[str, Any],
    then: dict[str, Any],
    title: str,
    rates: list[float],
) -> None:
    seen = engine.ask("moved", tables=TABLES, spec=spec, then=spec | then)

    assert seen == {"title": title, "rates": rates}


def test_each_recorded_batch_has_the_sequences_that_it_had(engine: Engine) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    seen = engine.ask("replayed", tables=TABLES, recorded=recorded)

    sizes = [each["samples"] for each in seen]
    training = len(load_task("digits").y)
    for epoch in range(recorded["spec"]["epochs"]):
        own = sizes[epoch * recorded["perEpoch"] : (epoch + 1) * recorded["perEpoch"]]
        assert sum(own) == training
        assert set(own[:-1]) == {BATCH_SIZE}
    for number, each in enumerate(seen):
        assert each["lines"] == [f", in batch {number + 1} ({each['samples']} sequences)"]


def test_gates_and_states_are_those_of_the_pass(engine: Engine) -> None:
    seen, _ = pictures(engine, Setting("keras", 0.25, 0.5))
    panels = seen["gates"]["panels"]
    shape = SIZES["steps"], SIZES["samples"], SIZES["units"]

    assert [panel["title"][0] for panel in panels] == ["i", "f", "g", "o", "c", "h"]
    for panel in panels:
        passed = np.reshape(seen["pass"][panel["title"][0]], shape)[:, SAMPLE]
        # A picture has single precision.
        np.testing.assert_array_equal(panel["values"], passed.astype(np.float32))
        assert panel["low"] <= passed.min() <= passed.max() <= panel["high"]
