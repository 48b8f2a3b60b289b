"""Every method trains on every task, is recorded as it says, and is its plain code."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import keras
import pytest

from dropviz.core.methods import METHODS
from dropviz.core.runs import Run
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE, load_task
from dropviz.studies.fitting import code
from dropviz.studies.train import train

from .test_train import assert_trained_the_same, executed

pytestmark = pytest.mark.slow

SETTINGS = {
    **{name: Setting(name, 0.1, 0.2 if len(row.rules) > 1 else 0) for name, row in METHODS.items()},
    "moon, options": Setting("moon", 0.1, 0.1, life="step", scaling="inverted"),
    "zoneout, options": Setting("zoneout", 0.1, zoneout_cell=0.3, zoneout_hidden=0.05),
}
LONGEST = 1500
TASKS = {"digits": 4, "temporal-order": 3}  # with so many units


@cache
def data(name: str) -> Task:
    """A task with its first batches, so that an epoch is short."""
    task = load_task(name)
    return replace(task, x=task.x[:LONGEST], y=task.y[:LONGEST])


@cache
def trained(name: str, task: str) -> Run:
    """One epoch."""
    setting = SETTINGS[name]
    spec = RunSpec(
        task=task,
        method=setting.method,
        units=TASKS[task],
        epochs=1,
        **{key: value for key, value in vars(setting).items() if key != "method"},
    )
    return train(spec, data(task))


@pytest.mark.full
@pytest.mark.few(1)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_something_of_every_task_in_an_epoch(name: str, task: str) -> None:
    run = trained(name, task)

    for values in run.curves.values():
        assert all(math.isfinite(value) for value in values)
    # A guess that knows how frequent the classes are costs ln(classes). Temporal order
    # takes many epochs: after one the loss is that of a guess.
    guess = math.log(data(task).classes)
    assert run.curves["val_loss"][-1] < (guess if task == "digits" else 1.02 * guess)


@pytest.mark.full
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", METHODS)
def test_numpy_proves_every_method_after_its_training(name: str, task: str) -> None:
    (proof,) = trained(name, task).proof.values()

    assert proof.agrees
    assert proof.training
    assert proof.steps == data(task).x.shape[1]


@pytest.mark.full
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", METHODS)
def test_what_is_recorded_follows_the_method(name: str, task: str) -> None:
    layer = trained(name, task).recording["lstm"]
    setting = SETTINGS[name]

    assert layer.setting == setting
    assert layer.batches == math.ceil(len(data(task).x) / BATCH_SIZE)
    assert set(layer) == {rule.site for rule in setting.rules}
    for rule in setting.rules:
        masks = layer[rule.site]
        assert masks.rate == rule.rate
        assert masks.expected_range[0] <= masks.dropped <= masks.expected_range[1]
        assert masks.same_over_steps is (rule.life == "sequence")
        if rule.tying:
            assert masks.same_over_gates is (rule.tying == "tied")
        assert masks.same_over_samples is (not rule.by_sample)
        assert masks.scale == pytest.approx(rule.kept, rel=1e-6)


@pytest.mark.full
@pytest.mark.parametrize("name", SETTINGS)
def test_the_plain_code_of_every_method_trains_the_same_to_the_bit(name: str) -> None:
    run = trained(name, "digits")

    assert_trained_the_same(executed(run.code), run)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_plain_code_names_dropviz_where_keras_has_no_such_layer(name: str) -> None:
    spec = RunSpec(**vars(SETTINGS[name]))

    source = code(spec, load_task("digits"))

    assert ("dropviz" in source) == (spec.method != "keras")
    assert f"LSTM(32, method={spec.method!r}, dropout=0.1" in source or spec.method == "keras"


@pytest.mark.full
def test_keras_s_own_method_is_keras_s_own_layer() -> None:
    layers = {name: trained(name, "digits").model.layers[0] for name in ("keras", "moon")}

    assert type(layers["keras"]) is keras.layers.LSTM
    assert type(layers["moon"]) is not keras.layers.LSTM


def test_methods_of_one_seed_begin_with_the_same_weights_and_end_with_others() -> None:
    one, other = (trained(name, "digits") for name in ("keras", "moon"))

    assert one.curves["loss"] != other.curves["loss"]
    assert one.model.count_params() == other.model.count_params()
