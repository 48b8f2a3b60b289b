"""An epoch is measured on a copy while the next one trains, and gives the epoch's own figures."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.methods.variable_rates import VariableRates
from dropviz.studies.fitting import build
from dropviz.studies.measure_later import MeasureLater
from dropviz.studies.on_and_off import PASSES, OnAndOff
from dropviz.studies.steering import Steering

from .conftest import tiny

pytestmark = pytest.mark.slow

TASK = tiny()
SPEC = RunSpec(task="tiny", dropout=0.3, recurrent_dropout=0.4, units=4)


def trained(spec: RunSpec, seed: int = 3) -> Any:
    keras.utils.set_random_seed(seed)
    model = build(spec, TASK)
    model.fit(TASK.x, TASK.y, epochs=2, verbose=0)
    return model


def later(model: Any, spec: RunSpec) -> tuple[MeasureLater, VariableRates]:
    rates = VariableRates(model.get_layer("lstm"), spec.setting, [model])
    return MeasureLater(model, rates, build(spec, TASK), TASK), rates


@pytest.mark.few("keras1", "moon")
@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.5},
        {"dropout": 0.3, "recurrent_dropout": 0.5},
        {"method": "moon", "recurrent_dropout": 0.5},
        {"method": "weight-drop", "recurrent_dropout": 0.5},
    ],
    ids=lambda each: each.get("method", "keras"),
)
def test_the_figures_are_those_of_the_epochs_end_to_the_bit(settings: Mapping[str, Any]) -> None:
    spec = RunSpec(task="tiny", units=4, **settings)
    expected = OnAndOff(trained(spec), TASK)()
    model = trained(spec)
    measure, _ = later(model, spec)

    parts = measure(Steering(spec))
    found = [next(parts)]
    for _ in range(PASSES + 1):
        # The next epoch has begun meanwhile.
        model.fit(TASK.x, TASK.y, verbose=0)
        found.append(next(parts))

    assert found[:-1] == [None] * (PASSES + 1)
    assert found[-1] == expected


def test_of_rates_that_moved_those_of_the_epochs_end_are_measured() -> None:
    model = trained(SPEC)
    measure, rates = later(model, SPEC)
    moved = Setting(dropout=0.0, recurrent_dropout=0.0)

    rates.set(moved)
    parts = measure(Steering(SPEC))
    next(parts)
    rates.set(SPEC.setting)
    *_, found = parts

    assert found is not None
    assert found["loss_dropout_on_low"] == found["loss_dropout_on_high"]
    assert found["loss_dropout_on"] == pytest.approx(found["loss_dropout_off"], abs=1e-6)


def test_no_pass_changes_the_model_or_a_random_stream() -> None:
    model = trained(SPEC)
    measure, _ = later(model, SPEC)
    before = [np.asarray(each) for each in model.variables]
    streams = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index] # noqa: NPY002

    for _ in measure(Steering(SPEC)):
        for one, each in zip(before, model.variables, strict=True):
            np.testing.assert_array_equal(one, np.asarray(each))
        assert (random.getstate(), np.random.get_state()[1].tolist()) == streams  # type: ignore[index] # noqa: NPY002


@pytest.mark.parametrize("how", ["paused", "slowed"])
def test_where_the_training_has_time_all_is_measured_at_once(how: str) -> None:
    model = trained(SPEC)
    measure, _ = later(model, SPEC)
    steering = Steering(SPEC)
    if how == "paused":
        steering.pause()
    else:
        steering.pace(0.5)

    assert [sorted(found or ()) for found in measure(steering)] == [sorted(OnAndOff(model, TASK)())]


def test_what_is_paused_on_the_way_is_measured_to_its_end() -> None:
    model = trained(SPEC)
    measure, _ = later(model, SPEC)
    steering = Steering(SPEC)
    parts = measure(steering)

    assert [next(parts), next(parts)] == [None, None]
    steering.pause()

    assert [sorted(found or ()) for found in parts] == [sorted(OnAndOff(model, TASK)())]
