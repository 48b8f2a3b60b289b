from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import Scenario
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, load_task
from dropviz.errors import DropvizError
from dropviz.studies import memory_limit
from dropviz.studies.fitting import build, code, fit
from dropviz.studies.progress import CurveCollector
from dropviz.studies.steering import StopTrainingError
from tests.small_tasks import small

from .conftest import FEATURES, STEPS, tiny

TASK = tiny()
SPEC = RunSpec(task="tiny", dropout=0.3, units=2, epochs=1)
SCHEDULE = (Change(1, 0.1 + 0.2, 0.5, frozen=True), Change(3, 0.0, 0.5))
MIB = 2**20


# ---------------------------------------------------------------- the model


def test_a_model_is_built_as_its_spec_says() -> None:
    model = build(replace(SPEC, units=3, recurrent_dropout=0.4), TASK)

    lstm, dense = model.layers
    assert (lstm.name, lstm.units, lstm.dropout, lstm.recurrent_dropout) == ("lstm", 3, 0.3, 0.4)
    assert type(lstm) is keras.layers.LSTM
    assert model.input_shape == (None, STEPS, FEATURES)
    assert (dense.units, model.output_shape) == (2, (None, 2))
    # In single precision.
    assert float(model.optimizer.learning_rate) == np.float32(TASK.learning_rate)


HEADS = {
    "digits": ("LSTM Dense", (None, 10), "sparse_categorical_crossentropy", "softmax"),
    "adding": ("LSTM Dense", (None, 1), "mse", "linear"),
    "two numbers": ("LSTM Dense", (None, 2), "mse", "linear"),
    "copy": ("LSTM Cropping1D Dense", (None, 5, 8), "sparse_categorical_crossentropy", "softmax"),
    "language": ("Embedding LSTM Dense", None, "sparse_categorical_crossentropy", "softmax"),
    "reviews": ("Embedding LSTM Dense", (None, 2), "sparse_categorical_crossentropy", "softmax"),
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("method", ["keras", "moon"])
def test_a_model_is_built_as_its_task_asks(kind: str, method: str) -> None:
    task = small(kind)
    layers, shape, loss, activation = HEADS[kind]

    model = build(replace(SPEC, method=method), task)

    found = [type(layer).__name__.replace("MethodLSTM", "LSTM") for layer in model.layers]
    assert " ".join(found) == layers
    assert model.output_shape == (shape or (None, task.steps, task.classes))
    assert (model.loss, model.layers[-1].activation.__name__) == (loss, activation)
    assert model.get_layer("lstm").cell.kernel.shape[0] == task.features
    # As the code that is handed out says.
    plain = code(replace(SPEC, method=method), task)
    assert re.findall(r"(\w+)\(.*\),$", plain, re.MULTILINE)[1:-1] == layers.split()


@pytest.mark.parametrize("name", METHODS)
def test_a_model_follows_the_method_and_its_options(name: str) -> None:
    spec = replace(SPEC, method=name)
    if "life" in METHODS[name].options:
        spec = replace(spec, life="step", scaling="inverted")

    cell = build(spec, TASK).get_layer("lstm").cell

    assert name == "keras" or cell.setting == spec.setting


def test_the_same_seed_gives_the_same_weights() -> None:
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        weights.append(build(SPEC, TASK).get_weights())

    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------- memory


@pytest.mark.parametrize("method", ["keras", "weight-drop"])
def test_a_model_too_large_for_memory_is_not_built(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("built")

    monkeypatch.setattr(memory_limit, "available", lambda: 64 * MIB)
    monkeypatch.setattr(keras, "Sequential", refuse)

    with pytest.raises(DropvizError, match=r"^An LSTM of 5,000 units .* Try [\d,]+ units or fewer"):
        build(replace(SPEC, method=method, units=5000), TASK)


def test_masks_for_each_weight_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    around = memory_limit.Around(TASK.outputs)
    need = memory_limit.needed(300, FEATURES, STEPS, BATCH_SIZE, 0, around)
    monkeypatch.setattr(memory_limit, "available", lambda: need)

    assert build(replace(SPEC, units=300), TASK).get_layer("lstm").units == 300
    with pytest.raises(DropvizError, match="An LSTM of 300 units"):
        build(replace(SPEC, units=300, method="weight-drop"), TASK)


# ---------------------------------------------------------------- how a fit ends


class Ends(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self.error = error

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        if batch == 1:
            raise self.error


def test_a_fit_comes_to_its_end() -> None:
    model = build(SPEC, TASK)
    watched = CurveCollector()

    assert fit(model, SPEC, TASK, [], watched) == ("done", "")
    assert watched.curves.epochs == 1


@pytest.mark.full
@pytest.mark.few("KeyboardInterrupt")
@pytest.mark.parametrize("error", [KeyboardInterrupt, StopTrainingError])
def test_a_fit_is_stopped_from_inside(error: type[BaseException]) -> None:
    model = build(SPEC, TASK)
    before = model.get_weights()
    watched = CurveCollector()

    assert fit(model, SPEC, TASK, [Ends(error)], watched) == ("stopped", "")
    assert watched.curves.epochs == 0
    # The first batch was trained.
    assert not np.array_equal(model.get_weights()[0], before[0])


@pytest.mark.full
def test_another_error_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        fit(build(SPEC, TASK), SPEC, TASK, [Ends(ZeroDivisionError)], CurveCollector())


@pytest.mark.full
def test_a_loss_that_is_not_finite_fails_the_fit() -> None:
    wild = tiny(learning_rate=1e38)
    spec = replace(SPEC, epochs=6)
    watched = CurveCollector(stop_when_not_finite=True)

    status, reason = fit(build(spec, wild), spec, wild, [], watched)

    assert status == "failed"
    assert reason == f"the loss was not finite in epoch {watched.curves.epochs}"


# ---------------------------------------------------------------- code of a schedule


def argument_of(source: str) -> Any:
    """The call of ``dropviz.run`` in some source."""
    (call,) = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "dropviz.run"
    )
    return call


@pytest.mark.parametrize("name", METHODS)
def test_the_code_of_a_schedule_is_a_run_of_its_scenario(name: str) -> None:
    none = all(rule.argument == "dropout" for rule in METHODS[name].rules)
    schedule = (Change(1, 0.1, 0.0),) if none else SCHEDULE
    spec = RunSpec(method=name, dropout=0.2, schedule=schedule)

    call = argument_of(code(spec, load_task("digits")))

    assert ast.literal_eval(call.args[0]) == str(Scenario(spec))
    assert (len(call.args), call.keywords) == (1, [])


def test_the_code_of_a_schedule_on_data_of_ones_own_names_what_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = replace(SPEC, method="moon", life="step", schedule=SCHEDULE, seed=3)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(dropviz, "run", lambda *args, **given: asked.append((args, given)))

    exec(code(spec, TASK), {"task": TASK})  # noqa: S102

    ((args, given),) = asked
    assert args == (TASK,)
    assert RunSpec(task=TASK.name, **given) == spec
