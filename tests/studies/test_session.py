"""A session that is compiled once trains as ``dropviz.run`` does, to the bit."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import fields, replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.core import oracle
from dropviz.core.cost import Cost
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.schedule import Change
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, StoppedError
from dropviz.studies.progress import Listener, Progress
from dropviz.studies.session import UNTIL_STOPPED, Session
from dropviz.studies.steering import Steering
from dropviz.studies.train import run, train
from tests.one_operation import lstm_in_one_operation
from tests.small_tasks import KINDS, small

from .conftest import SAMPLES, sized, tiny

pytestmark = pytest.mark.slow

TASK = tiny()
SPEC = RunSpec(
    task="tiny", dropout=0.3, recurrent_dropout=0.4, units=4, epochs=2, seed=11
)  # 4 batches: 64, 8, 64 and 8 samples
ZERO = replace(SPEC, dropout=0.0, recurrent_dropout=0.0, seed=3)
LONG = 60  # seconds that a test waits for a thread before it says that it hangs


# Calls of the session's layer while TensorFlow traces, in place of running it.
TRACES: list[bool] = []


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(SPEC, TASK) as made:
        call = vars(made._layer)["call"]

        @functools.wraps(call)
        def counted(*args: Any, training: bool = False, **kwargs: Any) -> Any:
            if not tf.executing_eagerly():
                TRACES.append(training)
            return call(*args, training=training, **kwargs)

        made._layer.__dict__["call"] = counted
        yield made


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair of batches to a measurement of cost."""
    monkeypatch.setattr("dropviz.studies.session._PAIRS", 1)


@pytest.fixture(scope="module")
def constants() -> dict[RunSpec, Run]:
    """What ``dropviz.run`` makes of specs whose rates stay."""
    return {spec: train(spec, TASK) for spec in (SPEC, ZERO)}


def moving(session: Session, spec: RunSpec, moves: dict[int, dict[str, Any]]) -> Run:
    """Trains while rates are moved before given batches, as a person would move them."""
    steering = Steering(spec)
    number = iter(range(1000))
    at = steering.at

    def moved(batch: int) -> Change:
        steering.move(**moves.get(next(number), {}))
        return at(batch)

    steering.at = moved  # type: ignore[method-assign]
    return session.train(spec, steering)


def states(model: Any) -> list[Any]:
    return [np.asarray(each) for each in (*model.variables, *model.optimizer.variables)]


def numpy_and_python() -> list[Any]:
    """The random streams that all of Python shares."""
    return [random.getstate(), np.random.get_state()[1].tolist()]  # type: ignore[index] # noqa: NPY002


def assert_same_run(mine: Run, its: Run) -> None:
    """Compares two runs: weights, random streams, curves, recording, proof, words."""
    for one, other in zip(states(mine.model), states(its.model), strict=True):
        np.testing.assert_array_equal(one, other)
    assert mine.curves == its.curves
    assert (mine.status, mine.reason, mine.code, mine.spec) == (
        *(its.status, its.reason, its.code, its.spec),
    )
    assert list(mine.recording) == list(its.recording) == ["lstm"]
    one, other = mine.recording["lstm"], its.recording["lstm"]
    assert (one.setting, one.batches, one.note) == (other.setting, other.batches, other.note)
    assert one.sentences == other.sentences
    for site, masks in other.items():
        np.testing.assert_array_equal(one[site].values, masks.values)
        assert (one[site].batches, one[site].rate) == (masks.batches, masks.rate)
    assert mine.proof == its.proof
    assert [proof.agrees for proof in mine.proof.values()] == [True]


# ---------------------------------------------------------------- rates that stay


@pytest.mark.full
def test_untouched_trainings_are_those_of_a_run_one_after_the_other(
    session: Session, constants: dict[RunSpec, Run]
) -> None:
    first = session.train(SPEC, Steering(SPEC))
    assert_same_run(first, constants[SPEC])
    before = states(first.model)
    none = session.train(ZERO, Steering(ZERO))
    assert_same_run(none, constants[ZERO])
    # The model of a run is its own, and has none of a session's hooks.
    for one, other in zip(states(first.model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    for run_ in (first, none):
        layer = run_.model.get_layer("lstm")
        assert not {"call", "inner_loop"} & set(vars(layer))
        assert run_.spec is not None
        assert layer.cell.dropout == run_.spec.dropout

    assert_same_run(session.train(SPEC, Steering(SPEC)), constants[SPEC])
    latest = session.newest()
    assert latest is not None
    for site, masks in constants[SPEC].recording["lstm"].items():
        np.testing.assert_array_equal(latest[site].of_batch(), masks.of_batch())


@pytest.mark.full
def test_another_method_trains_as_a_run_too() -> None:
    spec = replace(SPEC, method="zoneout", epochs=1)

    with Session(spec, TASK) as other:
        assert_same_run(other.train(spec, Steering(spec)), train(spec, TASK))


# ---------------------------------------------------------------- rates that move

MOVES: dict[str, dict[int, dict[str, Any]]] = {
    "one rate": {2: {"dropout": 0.1 + 0.5}},
    "both across nought": {
        1: {"dropout": 0.0, "recurrent_dropout": 0.0},
        3: {"recurrent_dropout": 1 / 3},
    },
    "frozen": {0: {"frozen": True}},
    "frozen and released": {
        0: {"frozen": True},
        1: {"dropout": 0.5},
        2: {"frozen": False},
        3: {"frozen": True},
    },
}


@pytest.fixture(scope="module")
def moved(session: Session) -> dict[str, Run]:
    """A training with each of MOVES."""
    runs = {}
    for name, moves in MOVES.items():
        runs[name] = moving(session, SPEC, moves)
        assert session.changes == list(runs[name].spec.schedule)  # type: ignore[union-attr]
    return runs


@pytest.mark.few(1)
@pytest.mark.parametrize("name", MOVES)
def test_a_training_whose_rates_moved_is_repeated_from_its_scenario(
    name: str, moved: dict[str, Run], session: Session
) -> None:
    done = moved[name]
    assert done.spec is not None
    assert [change.batch for change in done.spec.schedule] == list(MOVES[name])

    spec = parse(str(Scenario(done.spec))).spec

    assert_same_run(session.train(spec, Steering(spec)), done)


@pytest.mark.full
def test_a_run_repeats_it_in_a_session_of_its_own(moved: dict[str, Run]) -> None:
    done = moved["frozen and released"]
    assert done.spec is not None
    spec = parse(str(Scenario(done.spec))).spec
    given = {field.name: getattr(spec, field.name) for field in fields(spec)}

    assert_same_run(run(**(given | {"task": TASK})), done)


def test_a_move_changes_what_comes_after_it(
    moved: dict[str, Run], constants: dict[RunSpec, Run]
) -> None:
    done, plain = moved["one rate"], constants[SPEC]

    assert done.curves["loss"][0] == plain.curves["loss"][0]
    assert done.curves["loss"][1] != plain.curves["loss"][1]
    assert done.spec == replace(SPEC, schedule=(Change(2, 0.1 + 0.5, 0.4),))
    assert "1 change on the way" in done.title
    assert "Plain Keras cannot change a rate while it trains." in done.code


def test_only_the_batches_since_the_last_move_are_recorded(moved: dict[str, Run]) -> None:
    layer = moved["both across nought"].recording["lstm"]

    assert layer.setting == Setting("keras", 0.0, 1 / 3)
    assert (layer.batches, layer["recurrent"].batches) == (4, (3,))
    assert layer["recurrent"].rate == 1 / 3
    assert layer["input"].reason.startswith("nothing is dropped: the rate is 0")


@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_frozen_masks_are_the_same_in_all_batches(
    site: str, moved: dict[str, Run], constants: dict[RunSpec, Run]
) -> None:
    masks = moved["frozen"].recording["lstm"][site]

    assert masks.batches == (0, 1, 2, 3)
    assert masks.same_over_batches is True
    # The first rows in a smaller batch, too.
    np.testing.assert_array_equal(masks.of_batch(1), masks.of_batch(0)[:, :, : SAMPLES - 64])
    assert constants[SPEC].recording["lstm"][site].same_over_batches is False


@pytest.mark.full
def test_what_is_frozen_follows_the_rates_of_the_moment_until_it_is_released(
    moved: dict[str, Run], session: Session
) -> None:
    moves: dict[int, dict[str, Any]] = {
        0: {"frozen": True},
        1: {"dropout": 0.6},
        3: {"frozen": False},
    }
    frozen = moved["frozen"].recording["lstm"]["input"].of_batch(0)

    masks = moving(session, SPEC, moves).recording["lstm"]["input"]

    assert (masks.rate, masks.batches) == (0.6, (1, 2, 3))
    small, large, released = (masks.of_batch(number) for number in range(3))
    np.testing.assert_array_equal(small, large[:, :, : SAMPLES - 64])
    # The same random numbers at a higher rate: what was dropped is, and more.
    assert np.all(large[frozen == 0] == 0)
    assert np.count_nonzero(large == 0) > np.count_nonzero(frozen == 0)
    assert not np.array_equal(released, small)


# ---------------------------------------------------------------- stop


def stopping(steering: Steering, batch: int) -> Listener:
    """A listener that asks for the end after so many batches of the first epoch."""

    def told(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (0, batch):
            steering.stop()

    return told


def test_a_stop_acts_before_the_next_batch_and_keeps_what_was_recorded(
    session: Session, constants: dict[RunSpec, Run]
) -> None:
    steering = Steering(SPEC)

    done = session.train(SPEC, steering, stopping(steering, 1))

    assert (done.status, done.curves.epochs, done.proof) == ("stopped", 0, {})
    layer, whole = done.recording["lstm"], constants[SPEC].recording["lstm"]
    assert layer.batches == 1
    for site, masks in whole.items():
        np.testing.assert_array_equal(layer[site].of_batch(0), masks.of_batch(0))


@pytest.mark.full
def test_a_run_of_a_schedule_that_is_interrupted_keeps_what_it_did(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (0, 2):
            raise KeyboardInterrupt

    # The one that is compiled already.
    monkeypatch.setattr("dropviz.studies.train.Session", lambda *_: nullcontext(session))
    spec = replace(SPEC, schedule=(Change(1, 0.1, 0.2), Change(3, 0.0, 0.0)))
    with pytest.raises(StoppedError) as caught:
        train(spec, TASK, interrupt)

    done: Any = caught.value.run
    assert done.recording["lstm"]["input"].batches == (1,)
    assert done.spec.schedule == spec.schedule[:1]


def test_a_paused_training_is_looked_at_and_goes_on_as_if_nothing_had_been(
    session: Session, constants: dict[RunSpec, Run]
) -> None:
    steering = Steering(SPEC)
    seen: dict[str, Any] = {}

    def look() -> None:
        newest = session.newest()
        assert newest is not None
        seen.update(newest=newest, opened=session.open_batch(newest, 2))
        steering.resume()

    def told(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (0, 2):
            steering.pause()
            steering.ask("look", look)

    done = session.train(SPEC, steering, told)

    assert seen["newest"].batches == 2
    assert (seen["opened"].batch, seen["opened"].sample) == (1, 2)
    assert_same_run(done, constants[SPEC])


def test_the_newest_masks_are_those_of_the_whole_recording(session: Session) -> None:
    found = []

    def told(progress: Progress) -> None:
        if progress.batch:
            found.append(session.newest())

    done = session.train(SPEC, Steering(SPEC), told)

    assert [each.batches for each in found if each] == [1, 2, 3, 4]
    whole = done.recording["lstm"]
    for number, newest in enumerate(each for each in found if each):
        assert (newest.setting, newest.note) == (whole.setting, "")
        for site, masks in newest.items():
            assert masks.batches[-1] == number
            np.testing.assert_array_equal(masks.of_batch(), whole[site].of_batch(number))


@pytest.mark.full
def test_before_the_first_batch_there_are_no_newest_masks(session: Session) -> None:
    found: list[Any] = []

    def told(progress: Progress) -> None:
        if not progress.batch and not progress.epoch:
            found.append(session.newest())

    session.train(SPEC, Steering(SPEC), told)

    assert found == [None]


def test_what_is_opened_is_the_sequence_that_met_these_masks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, step = keras.Sequential.compile, keras.Sequential.train_step
    met: list[Any] = []
    opened: list[Any] = []

    def noted(model: Any, data: Any) -> Any:
        met.append(np.asarray(data[0]))
        return step(model, data)

    eager = functools.partialmethod(compiled, run_eagerly=True)
    monkeypatch.setattr(keras.Sequential, "compile", eager)
    monkeypatch.setattr(keras.Sequential, "train_step", noted)
    with Session(SPEC, TASK) as session:

        def told(progress: Progress) -> None:
            newest = session.newest()
            if progress.batch and newest is not None:
                opened.append([session.open_batch(newest, sample) for sample in (0, 5, 99)])

        session.train(SPEC, Steering(SPEC), told)

    assert len(opened) == len(met) == 4
    for number, (batch, those) in enumerate(zip(met, opened, strict=True)):
        for sample, one in zip((0, 5, len(batch) - 1), those, strict=True):
            assert (one.batch, one.sample) == (number, sample)
            np.testing.assert_array_equal(one.x, batch[sample])
            np.testing.assert_array_equal(one.data, TASK.x[one.index])
            assert one.target == TASK.y[one.index]


def test_an_opened_sequence_is_what_the_equations_make_of_its_masks(session: Session) -> None:
    done = session.train(SPEC, Steering(SPEC))
    recorded = done.recording["lstm"]

    one = session.open_batch(recorded, 3)

    assert one is not None
    masks = {site: each.of_batch()[:, :, [3]] for site, each in recorded.items()}
    weights = done.model.get_layer("lstm").get_weights()
    alone = oracle.lstm(weights, one.x[None], masks)
    np.testing.assert_allclose(one.h, alone.h[0], atol=1e-12)
    np.testing.assert_allclose(one.c, alone.c[0], atol=1e-12)
    head = done.model.layers[-1](alone.h[:, -1])
    # The last layer is single precision.
    np.testing.assert_allclose(one.answer, np.ravel(head), atol=1e-6)


@pytest.mark.full
def test_a_training_without_an_end_is_repeated_as_far_as_it_came(session: Session) -> None:
    steering = Steering(SPEC)
    endless = replace(SPEC, epochs=UNTIL_STOPPED)

    def told(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (2, 1):
            steering.stop()

    stopped = session.train(endless, steering, told)

    assert (stopped.status, stopped.curves.epochs) == ("stopped", 2)
    assert stopped.spec == replace(SPEC, epochs=3)
    again = train(stopped.spec, TASK)
    assert again.curves["loss"][:2] == stopped.curves["loss"]


# ---------------------------------------------------------------- compiled once


@pytest.mark.full
@pytest.mark.usefixtures("_quick")
def test_whatever_came_before_a_training_is_not_traced_again_and_is_that_of_a_run(
    session: Session, constants: dict[RunSpec, Run]
) -> None:
    # One training for each case: its steps are compiled when it is first asked for.
    for spec in (SPEC, ZERO):
        session.train(spec, Steering(spec))
    moving(session, ZERO, MOVES["frozen and released"])
    session.cost(ZERO)
    counted = list(TRACES)
    assert set(counted) == {True, False}

    moving(session, ZERO, MOVES["frozen and released"])
    steering = Steering(SPEC)
    session.train(SPEC, steering, stopping(steering, 1))
    session.cost(ZERO)

    assert_same_run(session.train(SPEC, Steering(SPEC)), constants[SPEC])
    assert counted == TRACES


@pytest.mark.usefixtures("_quick")
@pytest.mark.full
def test_a_case_is_said_to_be_compiled_before_its_first_batch_and_not_again() -> None:
    rates = ((0.0, 0.5), (0.3, 0.5), (0.0, 0.4), (0.0, 0.0))
    schedule = tuple(Change(batch, *pair) for batch, pair in enumerate(rates))
    told = []
    with Session(SPEC, TASK) as made:
        steering = Steering(SPEC, on_compile=lambda: told.append(len(made.changes)))
        spec = replace(SPEC, schedule=schedule)
        steering.begin(spec)
        made.train(spec, steering)

    assert told == [0, 3]


@pytest.mark.few("2 of whole batches alone")
@pytest.mark.parametrize(
    "samples",
    [128, 64, 192, 65],
    ids=["2 of whole batches alone", "1 of them", "3 of them", "one sample more"],
)
def test_whole_batches_train_as_those_of_dropviz_run(samples: int) -> None:
    task = sized(samples, 64)
    with Session(SPEC, task) as made:
        assert_same_run(made.train(SPEC, Steering(SPEC)), train(SPEC, task))


@pytest.mark.parametrize(
    "changed", [{"units": 5}, {"method": "moon"}, {"method": "moon", "life": "step"}], ids=str
)
def test_another_shape_does_not_fit(changed: dict[str, Any], session: Session) -> None:
    assert not session.fits(replace(SPEC, **changed), TASK)


@pytest.mark.parametrize(
    "changed",
    [{}, {"dropout": 0.0, "recurrent_dropout": 0.9}, {"epochs": 9, "seed": 1}],
    ids=str,
)
def test_other_rates_lengths_and_seeds_fit(changed: dict[str, Any], session: Session) -> None:
    assert session.fits(replace(SPEC, **changed), TASK)
    assert not session.fits(replace(SPEC, **changed), tiny())


# ---------------------------------------------------------------- cost


@pytest.mark.full
@pytest.mark.usefixtures("_quick")
def test_a_measurement_of_cost_leaves_every_variable_to_the_bit(session: Session) -> None:
    session.train(SPEC, Steering(SPEC))
    before, streams = states(session._model), numpy_and_python()

    cost = session.cost(SPEC)

    assert isinstance(cost, Cost)
    assert (cost.batches, cost.pairs) == (session.batches, 1) == (2, 1)
    assert min(cost.without, cost.with_dropout) > 0
    assert (cost.path, cost.path_without) == (("loop",), ("loop",))
    for mine, its in zip(states(session._model), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert numpy_and_python() == streams


@pytest.mark.full
@pytest.mark.usefixtures("_quick")
def test_cost_tells_the_paths_apart_where_only_one_setting_goes_past_the_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Session(SPEC, TASK) as session:
        lstm_in_one_operation(monkeypatch)
        cost = session.cost(SPEC)

    # Keras asks for one operation only where recurrent_dropout is 0.
    assert (cost.path, cost.path_without) == (("loop",), ("cudnn",))


@pytest.mark.full
@pytest.mark.few("explain")
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("look", ["cost", "explain"])
def test_a_look_at_other_rates_between_two_batches_leaves_the_training_as_it_was(
    look: str, session: Session, constants: dict[RunSpec, Run]
) -> None:
    steering = Steering(SPEC)

    def told(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (0, 1):
            steering.ask(look, lambda: getattr(session, look)(ZERO))

    done = session.train(SPEC, steering, told)

    assert_same_run(done, constants[SPEC])


@pytest.mark.full
@pytest.mark.few("cost")
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("look", ["cost", "explain"])
def test_the_latest_masks_are_those_of_the_training_after_a_look_too(
    look: str, session: Session
) -> None:
    session.train(SPEC, Steering(SPEC))
    before = session.newest()
    assert before is not None

    getattr(session, look)(ZERO)

    after = session.newest()
    assert after is not None
    assert (after.batches, after.setting) == (before.batches, before.setting)
    for site, masks in before.items():
        np.testing.assert_array_equal(after[site].values, masks.values)


@pytest.mark.full
def test_a_measurement_of_cost_that_fails_leaves_all_as_it_was(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.train(SPEC, Steering(SPEC))
    before, acted, timed = states(session._model), session._rates.setting, session._timed

    def failing(data: dict[str, Any]) -> float:
        timed(data)
        raise ArithmeticError

    monkeypatch.setattr(session, "_timed", failing)
    with pytest.raises(ArithmeticError):
        session.cost(ZERO)

    for mine, its in zip(states(session._model), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert session._rates.setting == acted
    layer = session.newest()
    assert layer is not None
    assert layer.setting == acted


@pytest.mark.full
def test_a_layer_that_trains_here_is_explained_and_unchanged(session: Session) -> None:
    before = states(session._model)

    verdict = session.explain(SPEC)

    assert verdict.method == "keras"
    for mine, its in zip(states(session._model), before, strict=True):
        np.testing.assert_array_equal(mine, its)


# ---------------------------------------------------------------- the end


def test_a_closed_session_leaves_no_hook_of_the_recorder() -> None:
    closed = Session(SPEC, TASK)
    closed.close()

    assert "inner_loop" not in vars(closed._layer)
    closed.close()  # once more does no harm


def test_a_session_too_large_for_memory_is_refused() -> None:
    with pytest.raises(DropvizError, match=r"^An LSTM of 10,000,000 units needs about "):
        Session(replace(SPEC, units=10_000_000), TASK)


# ---------------------------------------------------------------- other kinds of tasks


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_a_session_of_every_kind_of_task_trains_as_a_run_does_and_can_be_looked_at(
    kind: str,
) -> None:
    task = small(kind)
    spec = replace(SPEC, task=task.name, units=3)

    with Session(spec, task) as session:
        mine = session.train(spec, Steering(spec))
        opened = session.open_batch(mine.recording["lstm"], 1)
        cost = session.cost(spec)

    alone = train(spec, task)
    assert mine.curves == alone.curves
    for one, other in zip(mine.model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert opened is not None
    assert opened.x.shape == (task.steps, task.features)
    assert np.isfinite(opened.answer).all()
    assert cost.batches == 2
