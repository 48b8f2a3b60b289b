from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import load_task
from dropviz.recording.record import record
from dropviz.studies import on_and_off
from dropviz.studies.fitting import build
from dropviz.studies.on_and_off import PASSES, OnAndOff
from dropviz.studies.train import run
from tests.small_tasks import KINDS, small

from .conftest import tiny

TASK = tiny()


def model_with(**settings: Any) -> Any:
    keras.utils.set_random_seed(3)
    return build(RunSpec(units=4, **settings), TASK)


def by_hand(model: Any, *, training: bool) -> float:
    """The mean loss of a pass, worked out by NumPy."""
    outputs = np.asarray(model(TASK.x, training=training), np.float64)
    return float(-np.log(outputs[np.arange(len(TASK.y)), TASK.y]).mean())


def gap(figures: Mapping[str, float]) -> float:
    return figures["loss_dropout_on"] - figures["loss_dropout_off"]


@pytest.mark.full
@pytest.mark.few("True")
@pytest.mark.parametrize("trained", [False, True])
def test_without_a_rate_there_is_no_gap(*, trained: bool) -> None:
    model = model_with()
    if trained:
        model.fit(TASK.x, TASK.y, epochs=3, verbose=0)

    figures = OnAndOff(model, TASK)()

    assert gap(figures) == pytest.approx(0, abs=1e-6)  # float32, in another order
    assert figures["loss_dropout_on_low"] == figures["loss_dropout_on_high"]


@pytest.mark.full
def test_a_run_without_a_rate_shows_no_gap_although_keras_reports_one() -> None:
    curves = run(TASK, units=8, epochs=2).curves

    np.testing.assert_allclose(curves["loss_dropout_on"], curves["loss_dropout_off"], rtol=1e-6)
    np.testing.assert_allclose(
        curves["accuracy_dropout_on"], curves["accuracy_dropout_off"], rtol=1e-6
    )
    # The mean of an epoch is of weights that were worse than those at its end.
    assert curves["loss"][0] > curves["loss_dropout_on"][0] + 1e-3


@pytest.mark.few("keras")
@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.5},
        {"method": "moon", "recurrent_dropout": 0.5},
        {"method": "weight-drop", "recurrent_dropout": 0.5},
    ],
    ids=lambda each: each.get("method", "keras"),
)
def test_both_are_the_loss_of_these_samples_and_weights(settings: dict[str, Any]) -> None:
    model = model_with(**settings)
    model.fit(TASK.x, TASK.y, epochs=2, verbose=0)

    figures = OnAndOff(model, TASK)()

    assert figures["loss_dropout_off"] == pytest.approx(by_hand(model, training=False), rel=1e-5)
    passes = [by_hand(model, training=True) for _ in range(30)]
    error = np.std(passes) / PASSES**0.5
    # Five deviations: one seed of a million fails by chance.
    assert figures["loss_dropout_on"] == pytest.approx(np.mean(passes), abs=5 * error + 1e-6)
    low, high = figures["loss_dropout_on_low"], figures["loss_dropout_on_high"]
    assert low < figures["loss_dropout_on"] < high


def loss_by_hand(task: Task, outputs: Any) -> float:
    """A task's loss, worked out by NumPy."""
    if task.goal == "numbers":
        return float(np.mean((outputs - task.y.reshape(outputs.shape)) ** 2))
    return float(-np.log(np.take_along_axis(outputs, task.y[..., None], -1)).mean())


@pytest.mark.full
@pytest.mark.few("copy")
@pytest.mark.parametrize("kind", KINDS)
def test_of_every_kind_of_task_both_are_measured(kind: str) -> None:
    task = small(kind)
    keras.utils.set_random_seed(3)
    model = build(RunSpec(units=4, dropout=0.5), task)

    figures = OnAndOff(model, task)()

    outputs = np.asarray(model(task.x, training=False), np.float64)
    assert figures["loss_dropout_off"] == pytest.approx(loss_by_hand(task, outputs), rel=1e-5)
    assert figures["loss_dropout_on_low"] < figures["loss_dropout_on_high"]
    metric = "mae" if task.goal == "numbers" else "accuracy"
    ends = ("dropout_on", "dropout_on_low", "dropout_on_high", "dropout_off")
    assert set(figures) == {f"{name}_{end}" for name in ("loss", metric) for end in ends}


def test_each_side_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_with(dropout=0.3)
    traced = []
    call = model.call

    def counted(x: Any, *, training: bool, **kwargs: Any) -> Any:
        traced.append(training)
        return call(x, training=training, **kwargs)

    monkeypatch.setattr(model, "call", counted)
    measure = OnAndOff(model, TASK)
    for _ in range(2):
        measure()

    assert sorted(traced) == [False, True]


@pytest.mark.full
def test_measuring_changes_neither_the_training_nor_the_recording() -> None:
    left = []
    for measured in (False, True):
        # Keras 3.8 seeds what draws without a seed only once.
        keras.utils.clear_session(free_memory=False)
        model = model_with(dropout=0.3, recurrent_dropout=0.3)
        measure = OnAndOff(model, TASK)
        with record(model) as recording:
            for _ in range(2):
                model.fit(TASK.x, TASK.y, verbose=0)
                if measured:
                    measure()
        masks = recording["lstm"]["recurrent"].values
        left.append(
            [masks, *(np.asarray(v) for v in [*model.variables, keras.random.normal((3,))])]
        )

    for plain, watched in zip(*left, strict=True):
        np.testing.assert_array_equal(plain, watched)


@pytest.mark.full
def test_of_many_samples_some_are_taken_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_and_off, "_SAMPLES", 16)
    model = model_with()
    few = len(TASK.x) // 16

    figures = OnAndOff(model, TASK)()

    assert few > 1
    whole = model.evaluate(TASK.x, TASK.y, verbose=0)[0]
    chosen = np.linspace(0, len(TASK.x) - 1, 16).astype(int)
    some = model.evaluate(TASK.x[chosen], TASK.y[chosen], verbose=0)[0]
    assert figures["loss_dropout_off"] == pytest.approx(some, rel=1e-5)
    assert figures["loss_dropout_off"] != pytest.approx(whole, rel=1e-5)


@pytest.mark.full
def test_of_samples_with_an_answer_at_each_step_fewer_are_taken() -> None:
    task = load_task("copy")
    keras.utils.set_random_seed(3)
    model = build(RunSpec(units=4), task)

    figures = OnAndOff(model, task)()

    chosen = np.linspace(0, len(task.x) - 1, 512).astype(int)
    loss, _ = model.evaluate(task.x[chosen], task.y[chosen], verbose=0)
    assert figures["loss_dropout_off"] == pytest.approx(loss, rel=1e-5)


@pytest.mark.full
def test_of_digits_all_are_taken() -> None:
    task = load_task("digits")
    keras.utils.set_random_seed(3)
    model = build(RunSpec(units=32), task)

    figures = OnAndOff(model, task)()

    loss, _ = model.evaluate(task.x, task.y, verbose=0)
    assert figures["loss_dropout_off"] == pytest.approx(loss, rel=1e-5)
