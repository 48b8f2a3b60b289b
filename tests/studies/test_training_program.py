from __future__ import annotations

import math
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.cell_result import CellResult
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, TASKS, load_task
from dropviz.errors import DropvizError, UnknownNameError
from dropviz.keras_inside import seeding
from dropviz.keras_inside.seeding import seed_again
from dropviz.studies import training_program
from dropviz.studies.compare_with_plain import compare_with_plain
from dropviz.studies.engines import ENGINES
from dropviz.studies.plain_training import train_plainly
from dropviz.studies.session import Session
from dropviz.studies.steering import Steering
from dropviz.studies.train import run, train
from dropviz.studies.training_program import TrainingProgram
from tests.methods.live_layers import BOTH, PLAIN, assert_same_recording, four

from .conftest import sized, tiny

TASK = tiny()
SPEC = RunSpec(task="tiny", dropout=0.3, recurrent_dropout=0.4, units=2, epochs=2, seed=3)
CASES = {
    f"{name}, {each.dropout}, {each.recurrent_dropout}": each
    for name, plain in PLAIN.items()
    for each in four(plain)
}


def spec_with(setting: Any, **kwargs: Any) -> RunSpec:
    return replace(SPEC, **asdict(setting), **kwargs)


def refuse_to_build(*_: Any, **__: Any) -> None:
    raise AssertionError("built")


def assert_is_plain(program: TrainingProgram, cell: CellResult) -> None:
    """Compares a cell with plain Keras: to the bit, or as close as XLA rounds."""
    spec = program.spec_of(cell.dropout, cell.recurrent_dropout, cell.seed)
    apart = compare_with_plain(program, spec).difference(cell.curves)
    if program.engine == "exact":
        assert apart.to_the_bit, apart
    assert apart.same_streams
    # Sums of a few numbers near 1, in another order.
    assert max(apart.weights, apart.optimizer, apart.curves) < 1e-6


@pytest.fixture(scope="module")
def program() -> TrainingProgram:
    """A program that many tests train, each as it likes."""
    return TrainingProgram(SPEC, TASK)


@pytest.fixture(scope="module")
def plain() -> tuple[CellResult, Any]:
    return train_plainly(SPEC, TASK)


@pytest.fixture
def beside(
    program: TrainingProgram, plain: tuple[CellResult, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[TrainingProgram]:
    """The program after the cell of SPEC, with the plain training done already."""
    asked: list[Any] = []

    def done(*given: Any) -> tuple[CellResult, Any]:
        asked.append(given)
        return plain

    monkeypatch.setattr("dropviz.studies.compare_with_plain.train_plainly", done)
    yield program
    assert asked == [(SPEC, TASK, "exact")]


# ---------------------------------------------------------------- the same as plain Keras


@pytest.mark.full
@pytest.mark.few("semeniuta step test-time, 0.37, 0.11")
@pytest.mark.parametrize("setting", CASES.values(), ids=CASES)
def test_every_method_trains_to_the_bit_as_plain_keras(setting: Any) -> None:
    spec = spec_with(setting)
    # Begun with other rates, so that nothing of them can be left in it.
    program = TrainingProgram(replace(spec, dropout=0.6), TASK)

    assert_is_plain(program, program.train(spec.dropout, spec.recurrent_dropout))


def test_a_program_trains_as_its_spec_says(beside: TrainingProgram) -> None:
    cell = beside.train()

    assert_is_plain(beside, cell)
    assert (cell.dropout, cell.recurrent_dropout, cell.seed) == (0.3, 0.4, 3)
    assert (cell.status, cell.reason) == ("done", "")


# Two batches an epoch: changes of the first batch, within an epoch, and at its end.
SCHEDULES = {
    "other rates": replace(SPEC, schedule=(Change(1, 0.1, 0.6), Change(2, 0.5, 0.2))),
    "to nought and back": replace(SPEC, schedule=(Change(1, 0.0, 0.4), Change(3, 0.3, 0.0))),
    "at once, another method": replace(SPEC, method="moon", schedule=(Change(0, 0.0, 0.0),)),
}


@pytest.mark.full
@pytest.mark.few("to nought and back")
@pytest.mark.parametrize("spec", SCHEDULES.values(), ids=SCHEDULES)
def test_rates_change_on_the_way_to_the_bit_as_in_a_run(spec: RunSpec) -> None:
    program = TrainingProgram(spec, TASK)
    cell = program.train()
    watched = train(spec, TASK).curves

    assert_is_plain(program, cell)
    assert {name: watched[name] for name in cell.curves} == dict(cell.curves)


@pytest.mark.full
def test_xla_trains_rates_that_change_as_plain_keras_does_with_it() -> None:
    program = TrainingProgram(SCHEDULES["at once, another method"], TASK, "xla")

    assert_is_plain(program, program.train())


@pytest.mark.full
@pytest.mark.few("keras")
@pytest.mark.parametrize("setting", BOTH.values(), ids=BOTH)
def test_xla_trains_as_plain_keras_does_with_it(setting: Any) -> None:
    program = TrainingProgram(spec_with(setting), TASK, "xla")

    for each in (setting, replace(setting, dropout=0.0)):
        assert_is_plain(program, program.train(each.dropout, each.recurrent_dropout))


@pytest.mark.full
def test_xla_trains_the_layer_of_keras_with_rates_of_nought_too() -> None:
    program = TrainingProgram(SPEC, TASK, "xla")

    for dropout in (0.3, 0.0):
        assert_is_plain(program, program.train(dropout, 0.0, seed=4))


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("task", [each for each, entry in TASKS.items() if entry.offline])
def test_every_task_is_trained_as_plain_keras_trains_it(task: str, engine: str) -> None:
    program = TrainingProgram(replace(SPEC, task=task, epochs=1), load_task(task), engine)

    assert_is_plain(program, program.train())


# Of whole batches alone ``fit`` makes another program than where the last one is smaller.
@pytest.mark.few("(128, 64)-exact")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "sizes", [(2 * BATCH_SIZE, BATCH_SIZE), (BATCH_SIZE - 1, 2), (1, BATCH_SIZE + 1)], ids=str
)
def test_batches_of_all_sizes_are_those_of_fit(sizes: tuple[int, int], engine: str) -> None:
    program = TrainingProgram(SPEC, sized(*sizes), engine)

    assert_is_plain(program, program.train())


# ---------------------------------------------------------------- many trainings


def test_what_trainings_of_a_seed_share_is_no_cost_of_the_first(
    program: TrainingProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.train(0.2, 0.5, seed=1)
    built: list[int] = []
    real = program._fresh_values

    def slowly(seed: int) -> Any:
        time.sleep(1)
        built.append(seed)
        return real(seed)

    monkeypatch.setattr(program, "_start", slowly)

    began = time.perf_counter()
    seconds = program.train(0.2, 0.5, seed=77).seconds

    assert seconds < time.perf_counter() - began - 1
    assert built == [77]


@pytest.mark.full
def test_a_cell_depends_on_nothing_that_was_trained_before(program: TrainingProgram) -> None:
    first = program.train(0.2, 0.5, seed=1)
    weights = program.weights

    others = [program.train(0.2, 0.5, seed=2), program.train(0.6, 0.5, seed=1)]
    again = program.train(0.2, 0.5, seed=1)

    assert again.curves == first.curves
    for one, other in zip(program.weights, weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(other.curves != first.curves for other in others)


def test_curves_are_called_and_ordered_as_in_keras_history(program: TrainingProgram) -> None:
    _, cell = program.train(), program.train()

    assert list(cell.curves) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert cell.curves.epochs == SPEC.epochs
    assert all(len(points) == SPEC.epochs for points in cell.curves.values())
    assert cell.seconds > 0
    assert not cell.compiled


@pytest.mark.full
def test_rates_above_nought_are_compiled_once(
    program: TrainingProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.train(0.3, 0.4)
    monkeypatch.setattr(training_program, "_compile", refuse_to_build)

    for rate in (0.001, 0.999):
        program.train(rate, 1 - rate)

    with pytest.raises(AssertionError, match="built"):
        program.train(0.0, 0.4)


@pytest.fixture
def drawing() -> Iterator[None]:
    """A thread that draws from Python's numbers all the time, as Dask's do now and then."""
    ended = threading.Event()

    def draw() -> None:
        while not ended.is_set():
            random.sample(range(100), 10)
            time.sleep(0.001)

    thread = threading.Thread(target=draw)
    thread.start()
    yield
    ended.set()
    thread.join()


def trained_in_a_session(spec: RunSpec) -> Run:
    with Session(spec, TASK) as session:
        return session.train(spec, Steering(spec))


TRAININGS: dict[str, Callable[[RunSpec], Any]] = {
    "plainly": lambda spec: train_plainly(spec, TASK)[0].curves["loss"],
    "compiled": lambda spec: TrainingProgram(spec, TASK).train().curves["loss"],
    "by run": lambda spec: train(spec, TASK).curves["loss"],
    "in a session": lambda spec: trained_in_a_session(spec).curves["loss"],
}


@pytest.mark.few("compiled", "plainly")
@pytest.mark.usefixtures("drawing")
@pytest.mark.parametrize("how", TRAININGS)
def test_what_other_threads_draw_changes_no_training(
    plain: tuple[CellResult, Any], how: str
) -> None:
    assert list(TRAININGS[how](SPEC)) == list(plain[0].curves["loss"])


@pytest.mark.full
def test_more_seeds_than_are_kept_train_the_same(
    monkeypatch: pytest.MonkeyPatch, program: TrainingProgram
) -> None:
    made: list[int] = []

    def noted(seed: int) -> None:
        made.append(seed)
        seed_again(seed)

    for module in (training_program, seeding):
        monkeypatch.setattr(module, "seed_again", noted)
    seeds = range(100, 100 + training_program.SEEDS_KEPT + 1)

    first = {seed: program.train(seed=seed).curves for seed in seeds}
    kept = program.train(seed=seeds[-1]).curves
    lost = program.train(seed=seeds[0]).curves

    # Once for the order of samples, and once for the weights.
    assert made == [seed for seed in [*seeds, seeds[0]] for _ in range(2)]
    assert (kept, lost) == (first[seeds[-1]], first[seeds[0]])
    assert len({points["loss"] for points in first.values()}) == len(seeds)


@pytest.mark.full
def test_weights_are_those_of_the_last_training(
    program: TrainingProgram, plain: tuple[CellResult, Any]
) -> None:
    _, model = plain
    program.train()
    mine = program.weights

    assert len(mine) == len(model.get_weights()) == 5
    for one, other in zip(mine, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------- a loss that is not finite


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_that_is_not_finite_ends_a_cell_where_it_ends_a_run(engine: str) -> None:
    wild = tiny(learning_rate=1e38)
    spec = replace(SPEC, epochs=6)
    program = TrainingProgram(spec, wild, engine)

    cell = program.train()
    plain, _ = train_plainly(spec, wild, engine)

    assert cell.status == plain.status == "failed"
    assert cell.reason == plain.reason == f"the loss was not finite in epoch {cell.curves.epochs}"
    assert cell.curves.epochs < spec.epochs
    assert not math.isfinite(cell.curves["loss"][-1])
    assert all(map(math.isfinite, cell.curves["loss"][:-1]))
    assert compare_with_plain(program, spec).difference(cell.curves).to_the_bit
    # Nothing of it is left for the next.
    assert all(np.isfinite(value).all() for value in program._start(spec.seed))


# ---------------------------------------------------------------- masks


@pytest.mark.full
def test_the_masks_of_a_cell_can_be_had_afterwards(program: TrainingProgram) -> None:
    recording = program.record(0.5, 0.2, seed=9)

    asked = replace(SPEC, dropout=0.5, recurrent_dropout=0.2, seed=9)
    done = run(TASK, **{k: v for k, v in asked.to_dict().items() if k not in ("task", "schedule")})
    assert_same_recording(recording["lstm"], done.recording["lstm"])
    assert recording["lstm"].batches == 2 * SPEC.epochs


@pytest.mark.full
def test_xla_draws_masks_of_its_own_the_same_each_time() -> None:
    program = TrainingProgram(SPEC, TASK, "xla")

    one, other = (program.record(seed=9)["lstm"] for _ in range(2))

    assert_same_recording(one, other)
    assert (one["input"].rate, one["recurrent"].rate) == (0.3, 0.4)
    in_graphs = TrainingProgram(SPEC, TASK).record(seed=9)["lstm"]
    assert not np.array_equal(one["input"].values, in_graphs["input"].values)


# ---------------------------------------------------------------- how far two are apart


def test_a_weight_that_differs_is_found(beside: TrainingProgram) -> None:
    cell = beside.train()
    kernel = beside.model.weights[0]
    kernel.assign(kernel + 0.25 * (np.arange(kernel.shape[1]) == 1))

    apart = compare_with_plain(beside, SPEC).difference(cell.curves)

    assert apart.weights == pytest.approx(0.25)
    assert (apart.optimizer, apart.curves, apart.same_streams) == (0, 0, True)
    assert not apart.to_the_bit


def test_the_last_bit_of_a_curve_is_found(beside: TrainingProgram) -> None:
    cell = beside.train()
    points = dict(cell.curves)
    last = float(np.nextafter(np.float32(points["val_loss"][1]), np.float32(9)))
    points["val_loss"] = (points["val_loss"][0], last)

    apart = compare_with_plain(beside, SPEC).difference(points)

    assert 0 < apart.curves < 1e-6
    assert (apart.weights, apart.to_the_bit) == (0, False)


@pytest.mark.full
def test_curves_of_another_length_cannot_be_compared(beside: TrainingProgram) -> None:
    cell = beside.train()
    short = {name: points[:1] for name, points in cell.curves.items()}

    assert compare_with_plain(beside, SPEC).difference(short).curves == math.inf


@pytest.mark.full
def test_curves_of_other_names_cannot_be_compared(beside: TrainingProgram) -> None:
    cell = beside.train()
    fewer = {"loss": cell.curves["loss"]}

    assert compare_with_plain(beside, SPEC).difference(fewer).curves == math.inf


@pytest.mark.full
def test_what_the_optimizer_keeps_and_the_streams_are_compared(beside: TrainingProgram) -> None:
    cell = beside.train()
    beside.model.optimizer.variables[-1].assign_add(
        np.full(beside.model.optimizer.variables[-1].shape, 2.0)
    )
    state = beside.model.get_layer("lstm").cell.seed_generator.state
    state.assign(state + 1)

    apart = compare_with_plain(beside, SPEC).difference(cell.curves)

    assert apart.optimizer == pytest.approx(2)
    assert (apart.weights, apart.same_streams, apart.to_the_bit) == (0, False, False)


@pytest.mark.full
def test_a_cell_that_was_not_the_last_is_trained_again(beside: TrainingProgram) -> None:
    cell = beside.train()
    beside.train(seed=8)

    assert compare_with_plain(beside, SPEC).difference(cell.curves).to_the_bit


@pytest.mark.full
def test_a_training_that_did_not_come_to_its_end_is_not_the_last(
    program: TrainingProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.train()
    last = program.last

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        program.train()

    assert (last, program.last) == (SPEC, None)


@pytest.mark.full
def test_an_interrupt_waits_until_a_cell_has_come_to_its_end(
    program: TrainingProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = program._start

    def interrupted(seed: int) -> Any:
        signal.raise_signal(signal.SIGINT)
        return start(seed)

    monkeypatch.setattr(program, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        program.train(seed=6)

    assert program.last == replace(SPEC, seed=6)


# ---------------------------------------------------------------- what cannot be trained


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a rate of one": ({"dropout": 1.0}, r"^dropout must be at least 0 and below 1\."),
    "a rate that is no number": ({"recurrent_dropout": math.nan}, "^recurrent_dropout must be"),
    "a seed below nought": ({"seed": -1}, "^seed must be"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
def test_a_cell_out_of_range_is_refused(
    program: TrainingProgram, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(DropvizError, match=said):
        program.train(**given)


def test_an_unknown_engine_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keras, "Sequential", refuse_to_build)

    for trained in (TrainingProgram, train_plainly):
        with pytest.raises(UnknownNameError, match=r"no engine 'exakt'. Did you mean 'exact'\?"):
            trained(SPEC, TASK, "exakt")


def test_frozen_masks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "Sequential", refuse_to_build)
    moved = replace(SPEC, schedule=(Change(1, 0.3, 0.4, frozen=True),))

    for trained in (TrainingProgram, train_plainly):
        with pytest.raises(DropvizError, match=r"must not be frozen\. Received: a schedule"):
            trained(moved, TASK)


def test_a_schedule_that_xla_cannot_compile_is_refused_before_it_trains() -> None:
    moved = replace(SPEC, schedule=(Change(1, 0.3, 0.0),))

    with pytest.raises(DropvizError, match=r"^XLA cannot compile.*Take engine=\"exact\""):
        TrainingProgram(moved, TASK, "xla").train()


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")

    with pytest.raises(DropvizError, match=r"backend='torch'\. Set KERAS_BACKEND=tensorflow"):
        TrainingProgram(SPEC, TASK)
