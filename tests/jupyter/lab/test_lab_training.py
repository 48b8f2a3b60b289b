"""Training in a panel: its buttons, its sliders, its quiz, and what comes of it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from IPython.utils.capture import capture_output

import dropviz
from dropviz.core.quiz_questions import questions, seed_of
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario
from dropviz.core.schedule import Change
from dropviz.core.sentences import answers
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import TASKS, TaskEntry
from dropviz.jupyter.lab.settings import NAMES
from dropviz.studies.session import Session
from dropviz.studies.train import train
from tests.small_tasks import small

from .panels import BATCHES, OpenedPanel, Pace, tiny

Open = Callable[..., OpenedPanel]
START = Change(0, 0.2, 0.5)

# A browser does the commonest of them too.
pytestmark = [pytest.mark.full, pytest.mark.usefixtures("_quick")]


def run_of(panel: OpenedPanel) -> Run:
    assert panel.lab.run is not None
    return panel.lab.run


def spec_of(run: Run) -> RunSpec:
    assert run.spec is not None
    return run.spec


def assert_trained_the_same(one: Run, other: Run) -> None:
    """To the bit."""
    for ours, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert dict(one.curves) == dict(other.curves)


# ---------------------------------------------------------------- Train


def test_train_blocks_and_returns_the_run_of_dropviz_run(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")

    done = panel.lab.train()

    assert done is panel.lab.run
    assert (done.status, panel.lab.error) == ("done", None)
    assert spec_of(done).schedule == ()
    alone = dropviz.run(tiny(), dropout=0.2, recurrent_dropout=0.5, units=4, epochs=2, seed=3)
    assert_trained_the_same(done, alone)
    for site, masks in alone.recording["lstm"].items():
        np.testing.assert_array_equal(done.recording["lstm"][site].values, masks.values)
    assert done.proof["lstm"].agrees


def test_a_rate_that_reaches_0_is_said_to_be_compiled_for_once(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:@1,d0:@2,d.2:@3,d0:e2:s3")
    said, states = [], []
    panel.lab.observe(lambda change: said.append(change["new"]), "status")
    panel.lab.observe(lambda change: states.append(change["new"]), "state")

    panel.lab.train()

    assert sum("leaves 0 or reaches it" in each for each in said) == 1
    assert states == ["compiling", "training", "compiling", "training", "ready"]


@pytest.mark.parametrize("kind", ["adding", "copy", "language", "reviews"])
def test_a_panel_trains_and_shows_every_kind_of_task(kind: str, opened: Open) -> None:
    panel = opened(task=small(kind))

    panel.train()
    for view in ("Inside", "Curves"):
        with panel.new_picture(view):
            panel.open(view)
        panel.settle()

    assert not panel.alert, panel.said
    assert panel.page("Inside")["values"]
    assert run_of(panel).proof["lstm"].agrees
    told = panel.words("Curves")
    assert ("mean absolute error" in told) == (kind == "adding")
    assert ("accuracy" in told) == (kind != "adding")
    assert ("bits per character" in told) == (kind == "language")


def test_a_panel_that_was_never_shown_trains_too(opened: Open, shell: Any) -> None:
    del shell.kernel
    panel = opened()

    assert panel.lab.train().status == "done"


def test_many_trainings_have_one_session_until_its_shape_changes(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, ended = list[RunSpec](), list[Session]()
    begin, close = Session.__init__, Session.close

    def began(session: Session, spec: RunSpec, task: Any) -> None:
        made.append(spec)
        begin(session, spec, task)

    def closed(session: Session) -> None:
        ended.append(session)
        close(session)

    monkeypatch.setattr(Session, "__init__", began)
    monkeypatch.setattr(Session, "close", closed)
    panel = opened()

    for moved in ({}, {"dropout": 0.0, "seed": 5}):
        panel.slide(**moved)
        panel.train()
    before = len(made)
    panel.slide(units=5)
    panel.train()

    assert (before, [spec.units for spec in made]) == (1, [4, 5])
    assert len(ended) == 1


def test_while_it_trains_only_what_acts_at_once_can_be_moved(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)

    panel.press("train")
    pace.wait()
    during = panel.able
    pace.go()
    panel.rest()

    acts = {"dropout", "recurrent_dropout", "freeze", "speed", "step", "pause", "stop"}
    assert during == acts
    assert set(NAMES) - panel.able == {"pause", "stop"}


def test_a_locked_control_stays_so_through_a_training(opened: Open, pace: Pace) -> None:
    panel = opened(lock=["dropout", "seed", "stop"])
    pace.hold(1)

    panel.press("train")
    pace.wait()
    during = [panel.at(name).disabled for name in ("dropout", "seed", "stop")]
    pace.go()
    panel.rest()

    assert during == [True] * 3
    assert [panel.at(name).disabled for name in ("dropout", "seed", "stop")] == [True] * 3


def test_pressing_train_twice_trains_once(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)

    panel.press("train")
    pace.wait()
    panel.lab._actions.press_train()
    pace.go()
    panel.rest()
    panel.settle()

    assert pace.asked == list(range(BATCHES))


def test_a_training_ends_with_its_title_its_masks_and_its_curves(opened: Open) -> None:
    panel = opened()

    panel.train()

    run = run_of(panel)
    assert panel.said.startswith("done after 1 epoch")
    assert not panel.alert
    assert panel.lab.progress == 1.0
    assert panel.lab.moment.curves == run.curves
    for line in answers(run.recording):
        assert line in panel.words("Where")


# ---------------------------------------------------------------- Pause, Resume, Stop


def test_pause_waits_before_the_next_batch_and_resume_goes_on(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")
    pace.hold(2)
    panel.press("train")
    pace.wait()

    panel.press("pause")
    states = [panel.lab.state]
    said = [panel.said]
    pace.go()
    panel.settle()  # done between two batches, while it waits
    waits = pace.asked[-1]
    said.append(panel.said)
    states.append(panel.lab.state)
    panel.press("pause")
    states.append(panel.lab.state)
    panel.rest()

    assert states == ["paused", "paused", "training"]
    assert all(each.startswith("paused before the next batch") for each in said)
    assert waits == 2
    plain = train(replace(spec_of(run_of(panel)), schedule=()), tiny())
    assert_trained_the_same(run_of(panel), plain)
    assert panel.lab.state == "ready"


def test_stop_ends_before_the_next_batch_and_keeps_what_was_recorded(
    opened: Open, pace: Pace
) -> None:
    panel = opened("lstm:u4:d.2:r.5:e9:s3")
    pace.hold(3)
    panel.press("train")
    pace.wait()

    panel.press("stop")
    pace.go()
    panel.rest()

    run = run_of(panel)
    assert (run.status, pace.asked[-1]) == ("stopped", 3)
    assert run.recording["lstm"].batches == 3
    assert panel.said.startswith("stopped after 1 epoch of 9")
    assert panel.lab.progress == 0


def test_stop_ends_a_training_that_is_paused(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)
    panel.press("train")
    pace.wait()
    panel.press("pause")
    pace.go()
    panel.settle()

    panel.press("stop")
    panel.rest()
    panel.train()

    assert run_of(panel).status == "done"


def test_after_a_stop_a_training_is_whole_again(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)
    panel.press("train")
    pace.wait()
    panel.press("stop")
    pace.go()
    panel.rest()

    again = panel.lab.train()

    assert again.status == "done"
    assert_trained_the_same(again, train(spec_of(again), tiny()))


# ---------------------------------------------------------------- sliders that move meanwhile


def test_moves_act_from_the_next_batch_and_the_run_can_be_repeated_to_the_bit(
    opened: Open, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened("lstm:u4:d.2:r.5:e3:s3")
    moves: dict[int, dict[str, Any]] = {
        1: {"dropout": 0.4},
        2: {"freeze": True},
        4: {"recurrent_dropout": 0.0, "freeze": False},
    }
    pace.hold(1)
    panel.press("train")
    for batch, moved in moves.items():
        pace.wait()
        panel.slide(**moved)
        later = [each for each in moves if each > batch]
        free, pace.free = pace.free, threading.Event()
        pace.reached.clear()
        pace.batch = later[0] if later else None
        free.set()
    panel.rest()

    run = run_of(panel)
    assert spec_of(run).schedule == (
        Change(1, 0.4, 0.5),
        Change(2, 0.4, 0.5, frozen=True),
        Change(4, 0.4, 0.0),
    )
    assert panel.lab.moment.moved() == [
        (0.5, "dropout .2 → .4"),
        (1.0, "masks frozen"),
        (2.0, "recurrent_dropout .5 → 0, masks released"),
    ]
    monkeypatch.setitem(TASKS, "tiny", TaskEntry(tiny, 64, 4, 3, ""))
    assert_trained_the_same(run, dropviz.run(str(Scenario(spec_of(run)))))


def test_many_moves_before_one_batch_are_one_change(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)
    panel.press("train")
    pace.wait()

    for step in range(1, 101):
        panel.slide(dropout=step / 200)
    pace.go()
    panel.rest()

    assert spec_of(run_of(panel)).schedule == (Change(1, 0.5, 0.5),)


def test_a_slider_that_goes_back_is_no_change(opened: Open, pace: Pace) -> None:
    panel = opened()
    pace.hold(1)
    panel.press("train")
    pace.wait()

    panel.slide(dropout=0.9)
    panel.slide(dropout=0.2)
    pace.go()
    panel.rest()

    assert spec_of(run_of(panel)).schedule == ()


def test_the_sliders_follow_the_schedule_of_a_scenario(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3:@1,d.4:@3,r0,freeze")
    asked = panel.lab.scenario
    pace.hold(2)

    panel.press("train")
    pace.wait()
    half_way = panel.at("dropout").value, panel.at("recurrent_dropout").value
    pace.go()
    panel.rest()

    assert half_way == (0.4, 0.5)
    assert (panel.at("recurrent_dropout").value, panel.at("freeze").value) == (0.0, True)
    done = spec_of(run_of(panel))
    assert done.schedule == (Change(1, 0.4, 0.5), Change(3, 0.4, 0.0, frozen=True))
    panel.press("reset")
    assert panel.lab.scenario == asked


def test_masks_that_are_frozen_from_the_begin_are_the_same_in_all_batches(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")

    panel.slide(freeze=True)
    panel.train()

    run = run_of(panel)
    assert spec_of(run).schedule == (replace(START, frozen=True),)
    assert panel.lab.scenario == str(Scenario(spec_of(run)))
    for masks in run.recording["lstm"].values():
        assert masks.same_over_batches


# ---------------------------------------------------------------- looking while it trains


def test_the_open_view_shows_the_latest_batch_while_it_trains(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")
    panel.open("Masks")
    pace.hold(3)

    panel.press("train")
    pace.wait()
    shown = panel.words("Masks")
    pace.go()
    panel.rest()

    assert "Mask heatmaps of lstm, batch " in shown
    assert panel.lab.moment.layer is not None


def test_after_a_training_a_sequence_of_its_last_batch_is_open(opened: Open) -> None:
    panel = opened()

    panel.train()
    panel.open("Inside")
    one = panel.lab.moment.opened
    panel.slide(sample=2)
    panel.settle()
    other = panel.lab.moment.opened

    assert one is not None
    assert other is not None
    assert one.batch == other.batch == run_of(panel).recording["lstm"].batches - 1
    assert (one.sample, other.sample) == (0, 2)
    shown = panel.page("Inside")["values"][-1]["values"][0]
    assert shown == pytest.approx(other.h[0], abs=1e-4)


def test_a_pause_opens_the_batch_just_done_with_what_it_used(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")
    pace.hold(2)
    panel.press("train")
    pace.wait()

    panel.press("pause")
    pace.go()
    panel.settle()
    panel.slide(dropout=0.4)
    panel.settle()
    page, there = panel.page("Where"), panel.lab.moment.opened
    panel.press("pause")
    panel.rest()

    assert there is not None
    assert there.batch == 1
    assert page["coming"] == "From the next batch: dropout 0.40."
    assert "rate 0.2;" in page["pictures"][0]["alt"]
    assert page["sequence"]["says"].startswith("Sample 1 of batch 2")
    assert any(arrow["after"] for arrow in page["pictures"][0]["arrows"])


def test_what_the_next_batch_will_use_is_said_before_it_comes(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e1:s3")
    pace.hold(1)  # as while an epoch is evaluated
    panel.press("train")
    pace.wait()
    with panel.new_picture():
        panel.slide(dropout=0.4)
    page = panel.page("Where")
    pace.go()
    panel.rest()

    assert page["coming"] == "From the next batch: dropout 0.40."
    assert "rate 0.2;" in page["pictures"][0]["alt"]


def test_a_step_is_one_batch_and_the_next_step_one_more(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3")

    def batches() -> int:
        layer = panel.lab.moment.layer
        return layer.batches if layer is not None else 0

    done = [0]
    for _ in range(3):
        panel.press("step")
        while batches() == done[-1]:
            panel.settle()
        done.append(batches())
    panel.press("stop")
    panel.rest()

    assert done == [0, 1, 2, 3]
    assert run_of(panel).recording["lstm"].batches == 3


def test_train_goes_on_until_it_is_stopped_where_no_epochs_are_given(
    opened: Open, pace: Pace
) -> None:
    panel = opened("lstm:u4:d.2:r.5:s3")
    pace.hold(12 * BATCHES + 1)
    panel.press("train")
    pace.wait()

    epochs, progress = panel.lab.moment.epochs, panel.lab.progress
    panel.press("stop")
    pace.go()
    panel.rest()

    assert (epochs, progress) == (0, 0)
    run = run_of(panel)
    assert panel.said.startswith("stopped after 12 epochs of 13")
    assert spec_of(run).epochs == 13  # more than the scenario's 10, and no end before
    again = train(spec_of(run), tiny())
    assert again.curves["loss"][:12] == run.curves["loss"]


def test_slow_is_two_batches_a_second(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e1:s3")
    panel.lab.train()
    panel.slide(speed="slow")

    began = time.monotonic()
    panel.lab.train()

    assert time.monotonic() - began >= 0.5


def test_cost_and_verdict_are_measured_when_asked_and_gone_when_a_slider_moves(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropviz.studies.session._PAIRS", 1)
    panel = opened()
    panel.settle()

    for button in ("cost", "verdict"):
        panel.press(button)
    panel.settle()
    cost, verdict = panel.lab.moment.cost, panel.lab.moment.verdict
    panel.slide(dropout=0.3)

    assert cost is not None
    assert cost.batches == BATCHES
    assert verdict is not None
    assert verdict.method == "keras"
    assert (panel.lab.moment.cost, panel.lab.moment.verdict) == (None, None)
    assert panel.lab.error is None


def test_the_static_copy_is_brought_up_to_date_after_a_training(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_output() as captured:
        panel = opened()
    updates = list[dict[str, str]]()
    handle = panel.lab._static_copy._handle
    monkeypatch.setattr(handle, "update", lambda bundle, **_: updates.append(bundle))

    panel.train()

    assert "Not trained yet." in captured.outputs[-1].data["text/plain"]
    (last,) = updates
    assert run_of(panel).title in last["text/plain"]
    assert f'<div class="{panel.lab.mark} ' in last["text/html"]
    begins = ("LSTM layer lstm unrolled", "Mask heatmaps", "Gates and states", "Loss over 1 epoch")
    alts = re.findall(r'<img[^>]*?alt="([^"]*)', last["text/html"])
    assert all(alt.startswith(each) for alt, each in zip(alts, begins, strict=True))


# ---------------------------------------------------------------- predict, then reveal


def test_the_quiz_asks_after_two_batches_and_goes_on_after_the_last_answer(
    opened: Open, pace: Pace
) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3:quiz", student="ada")
    panel.press("train")
    while not panel.lab.questions.open:
        panel.settle()

    asked, seen = list(panel.lab.questions._questions), panel.lab.moment.layer
    waits = pace.asked[-1]
    said = panel.said
    hidden = panel.words("Where")
    panel.answer()
    panel.rest()

    assert "Predict first" in hidden
    assert "multipl" not in hidden
    assert waits == 2
    assert seen is None  # what is asked is not shown beside the question
    assert said.startswith("predict first")
    assert len(panel.lab.answers) == len(asked) > 0
    run = run_of(panel)
    assert (run.status, pace.asked[-1]) == ("done", 3)
    assert {question.site for question in asked} <= set(run.recording["lstm"])
    # The first two batches as they were recorded, by the student's own seed.
    again = train(replace(spec_of(run), epochs=1), tiny()).recording["lstm"]
    assert asked == questions(again, seed_of("ada", 3))


def test_where_nothing_is_dropped_there_is_nothing_to_ask(opened: Open) -> None:
    panel = opened("lstm:u4:d0:r0:e1:s3:quiz")

    panel.train()

    assert run_of(panel).status == "done"
    assert panel.lab.answers == ()


def test_stop_takes_the_questions_away(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3:quiz")
    panel.press("train")
    while not panel.lab.questions.open:
        panel.settle()

    panel.press("stop")
    panel.rest()

    assert not panel.lab.questions.open
    assert run_of(panel).status == "stopped"


def test_train_of_a_notebook_without_a_person_asks_nothing(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5:e1:s3:quiz")

    assert panel.lab.train().status == "done"
    assert panel.lab.answers == ()


def test_a_panel_that_closes_while_it_trains_keeps_what_was_recorded(
    opened: Open, pace: Pace
) -> None:
    panel = opened("lstm:u4:d.2:r.5:e9:s3")
    pace.hold(3)
    panel.press("train")
    pace.wait()

    panel.lab.close("Gone.")
    pace.go()
    panel.lab._worker._thread.join()

    assert (run_of(panel).status, run_of(panel).recording["lstm"].batches) == ("stopped", 3)
    assert panel.said == "Gone."
    assert panel.able == set()


def test_steps_come_to_the_questions_too(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3:quiz")
    pace.hold(1)

    panel.press("step")
    pace.wait()
    state, said, hidden = panel.lab.state, panel.said, panel.words("Where")
    pace.go()
    panel.press("step")

    assert state == "paused"
    assert said.startswith("paused before the next batch")
    assert "(epoch 1 of 2, batch 1 of 2 is done)" in said
    assert "Predict first" in hidden
    while not panel.lab.questions.open:
        panel.settle()
    panel.answer()
    panel.rest()
    assert len(panel.lab.answers) > 0
    assert run_of(panel).status == "done"


@pytest.mark.parametrize("button", ["step", "train"])
def test_what_waits_before_its_questions_asks_them_when_it_goes_on(
    opened: Open, pace: Pace, button: str
) -> None:
    panel = opened("lstm:u4:d.2:r.5:e2:s3:quiz")
    pace.hold(1)
    panel.press(button)
    pace.wait()
    if button == "train":
        panel.press("pause")
    pace.go()
    panel.settle()

    states = [panel.lab.state]
    panel.press("pause")
    states.append(panel.lab.state)

    assert states == ["paused", "training"]
    assert panel.lab.moment.concealed
    while not panel.lab.questions.open:
        panel.settle()
    panel.answer()
    panel.rest()
    assert len(panel.lab.answers) > 0
