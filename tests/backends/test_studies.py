"""Many trainings as one compiled program; on the backend at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError
from dropviz.studies import worker
from dropviz.studies.compare_with_plain import compare_with_plain
from dropviz.studies.plain_training import train_plainly
from dropviz.studies.train import train
from dropviz.studies.training_program import TrainingProgram
from tests.studies.conftest import SAMPLES, STEPS, tiny

BACKEND = keras.config.backend()
TASK = tiny()
SPEC = RunSpec(task="tiny", dropout=0.3, recurrent_dropout=0.4, units=3, epochs=2, seed=3)

# On TensorFlow tests/studies has them all.
pytestmark = [pytest.mark.full] if BACKEND == "tensorflow" else []


@pytest.mark.few("keras-both")
@pytest.mark.parametrize(
    "rates",
    [(0.3, 0.4), (0.3, 0.0), (0.0, 0.4), (0.0, 0.0)],
    ids=["both", "dropout", "recurrent", "none"],
)
@pytest.mark.parametrize("method", ["keras", "moon", "weight-drop"])
def test_a_program_trains_to_the_bit_as_plain_keras(
    method: str, rates: tuple[float, float]
) -> None:
    # Begun with other rates, so that nothing of them can be left in it.
    program = TrainingProgram(replace(SPEC, method=method, dropout=0.6), TASK)

    # The last batch of an epoch is a partial one.
    cell = program.train(*rates, seed=5)
    twin = compare_with_plain(program, program.spec_of(*rates, seed=5))
    apart = twin.difference(cell.curves)

    assert apart.to_the_bit, apart
    assert apart.same_streams


@pytest.mark.full
@pytest.mark.parametrize("second", [0.2, 0.0], ids=["other rates", "to nought"])
def test_rates_change_on_the_way_to_the_bit_as_in_plain_keras(second: float) -> None:
    spec = replace(SPEC, schedule=(Change(1, 0.1, 0.6), Change(2, second, 0.2)))
    program = TrainingProgram(spec, TASK)

    curves = program.train().curves
    assert compare_with_plain(program, program.spec).difference(curves).to_the_bit


@pytest.mark.full
def test_a_run_of_a_schedule_has_the_curves_of_a_program() -> None:
    spec = replace(SPEC, schedule=(Change(1, 0.1, 0.6), Change(2, 0.0, 0.2)))

    cell = TrainingProgram(spec, TASK).train()

    assert cell.curves["val_loss"] == train(spec, TASK).curves["val_loss"]


@pytest.mark.full
def test_a_seed_comes_again_after_others() -> None:
    program = TrainingProgram(SPEC, TASK)

    first, _, again = (program.train(seed=seed) for seed in (1, 2, 1))

    assert first.curves == again.curves


@pytest.mark.full
def test_a_loss_that_is_not_finite_ends_a_training_as_it_ends_a_run() -> None:
    wild = tiny(learning_rate=1e38)
    spec = replace(SPEC, epochs=6)
    program = TrainingProgram(spec, wild)

    cell = program.train()
    plain, _ = train_plainly(spec, wild)

    assert cell.status == plain.status == "failed"
    assert cell.reason == plain.reason
    assert cell.curves.epochs < spec.epochs
    assert compare_with_plain(program, spec).difference(cell.curves).to_the_bit


@pytest.mark.full
def test_a_task_of_numbers_trains() -> None:
    x = np.random.default_rng(1).normal(size=(SAMPLES, STEPS, 2))  # doubles, as many people have
    y = x.sum(axis=1)
    task = dropviz.Task("sums", x, y, x[:9], y[:9], goal="numbers")
    program = TrainingProgram(replace(SPEC, task="sums"), task)

    curves = program.train().curves
    assert compare_with_plain(program, program.spec).difference(curves).to_the_bit


@pytest.mark.full
def test_a_sweep_in_a_process_is_proved_and_has_the_numbers_of_one_here() -> None:
    swept = dropviz.sweep([0.3], [0.4], seeds=2, task=TASK, units=3, epochs=2)

    assert swept.trainings.proof_sentence.endswith("weights and curves are equal to the bit.")
    program = TrainingProgram(SPEC, TASK)
    here = [program.train(0.3, 0.4, seed).curves["val_accuracy"][-1] for seed in (1, 2)]
    assert swept.scores[0, 0].tolist() == here


def test_a_worker_of_another_backend_is_refused() -> None:
    order = worker.Order("digits", "", "exact", worker.versions() | {"backend": "other"})

    answer = worker.answer("lstm:e1", order, None)

    assert f"'backend': '{BACKEND}'" in answer.refused


def test_the_engines_are_those_of_the_backend() -> None:
    assert TrainingProgram(SPEC, TASK, engine="exact").engine == "exact"
    if BACKEND == "tensorflow":
        assert TrainingProgram(SPEC, TASK, engine="xla").engine == "xla"
        return
    with pytest.raises(DropvizError, match="With JAX there is one engine"):
        TrainingProgram(SPEC, TASK, engine="xla")


@pytest.mark.full
def test_the_masks_of_a_training_are_recorded_afterwards() -> None:
    program: Any = TrainingProgram(SPEC, TASK)

    masks = program.record(0.3, 0.4, 2)["lstm"]

    assert masks.batches == 4
    assert {site: each.rate for site, each in masks.items()} == {"input": 0.3, "recurrent": 0.4}
