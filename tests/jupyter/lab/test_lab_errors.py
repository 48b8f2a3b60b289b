"""What goes wrong in a panel is a sentence in it, and the panel trains again."""

from __future__ import annotations

import signal
import threading
import time
import urllib.error
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dropviz.core.task import Task
from dropviz.core.tasks import TASKS, TaskEntry
from dropviz.errors import DropvizError, StoppedError
from dropviz.studies.session import Session

from .panels import OpenedPanel, Pace, tiny

Open = Callable[..., OpenedPanel]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_quick")]


def assert_trains_again(panel: OpenedPanel) -> None:
    panel.train()

    assert panel.lab.error is None
    assert panel.lab.run is not None
    assert panel.lab.run.status == "done"
    assert panel.said.startswith("done after 1 epoch")
    assert not panel.alert
    assert not panel.at("train").disabled


def test_an_exception_in_the_training_is_said_and_the_panel_trains_again(
    opened: Open, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(batch: int) -> None:
        if batch == 1:
            raise RuntimeError("no <b>luck</b>\nat all")

    panel = opened()
    with monkeypatch.context() as patched:
        patched.setattr(pace, "before", broken)
        panel.train()

    assert panel.said == "It ended with RuntimeError: no <b>luck</b> (panel.error has all of it)"
    assert panel.alert
    assert isinstance(panel.lab.error, RuntimeError)
    assert not panel.lab.moment.training
    assert_trains_again(panel)


@pytest.mark.full
def test_an_exception_goes_to_the_code_that_waits(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()

    def broken(*_: Any) -> None:
        raise RuntimeError("no luck")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "train", broken)
        with pytest.raises(RuntimeError, match="no luck"):
            panel.lab.train()

    assert panel.said.startswith("It ended with RuntimeError: no luck")
    assert_trains_again(panel)


@pytest.mark.full
def test_an_exception_in_the_static_copy_is_said_and_the_panel_trains_again(opened: Open) -> None:
    panel = opened()
    keep = panel.lab._worker.on_rest

    def broken() -> None:
        raise RuntimeError("no room")

    panel.lab._worker.on_rest = broken
    panel.train()
    said = panel.said
    panel.lab._worker.on_rest = keep

    assert said.startswith("It ended with RuntimeError: no room")
    assert_trains_again(panel)


@pytest.mark.full
def test_a_picture_that_fails_does_not_end_the_training(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()

    def broken(*_: Any) -> None:
        raise RuntimeError("no colour")

    with monkeypatch.context() as patched:
        patched.setattr("dropviz.jupyter.lab.panel.content", broken)
        panel.open("Curves")
        assert panel.said == "Curves could not be drawn: no colour"
        panel.train()
        assert panel.lab.run is not None
        assert panel.lab.run.status == "done"

    assert_trains_again(panel)


@pytest.mark.full
def test_an_exception_in_a_measurement_is_said_and_the_panel_trains_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    panel.settle()

    def broken(*_: Any) -> None:
        raise RuntimeError("no clock")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "cost", broken)
        panel.press("cost")
        panel.settle()

    assert panel.said.startswith("It ended with RuntimeError: no clock")
    assert panel.alert
    assert_trains_again(panel)


@pytest.mark.full
def test_a_task_that_needs_a_network_gives_the_sentence_and_the_panel_trains_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline() -> Task:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setitem(TASKS, "digits", TaskEntry(offline, 64, 4, 3, ""))
    made = TaskEntry(lambda: tiny("temporal-order"), 64, 4, 3, "sequences of a test")
    monkeypatch.setitem(TASKS, "temporal-order", made)
    panel = opened("lstm:u4:d.2:r.5:e1:s3", task=None)

    panel.train()

    assert panel.said.startswith("The data of task 'digits' cannot be had here (URLError:")
    assert "These need no network: temporal-order, adding," in panel.said
    assert panel.alert
    panel.slide(task="temporal-order")
    assert_trains_again(panel)


@pytest.mark.full
@pytest.mark.parametrize("units", [1000, 900_000])
def test_a_model_too_large_for_the_memory_is_a_sentence_and_the_panel_trains_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch, units: int
) -> None:
    monkeypatch.setattr("dropviz.studies.memory_limit.available", lambda: 10 * 2**20)
    panel = opened()

    panel.slide(units=units)
    with pytest.raises(DropvizError, match="needs about"):
        panel.lab.train()

    assert panel.said.startswith(f"An LSTM of {units:,} units needs about ")
    assert "units or fewer." in panel.said
    assert panel.alert
    panel.slide(units=4)
    assert_trains_again(panel)


@pytest.mark.full
def test_a_rate_that_has_nothing_to_act_on_is_left_out_and_said(opened: Open) -> None:
    panel = opened("lstm:u4:m=zaremba:d.2:e1:s3")

    panel.slide(recurrent_dropout=0.5)

    assert "nothing for recurrent_dropout to act on; 0.5 waits" in panel.lab.note
    assert panel.lab.train().recording["lstm"].setting.recurrent_dropout == 0
    assert_trains_again(panel)


def test_an_interrupt_stops_the_training_and_keeps_its_results(opened: Open, pace: Pace) -> None:
    panel = opened("lstm:u4:d.2:r.5:e9:s3")
    pace.hold(3)

    main = threading.main_thread().ident or 0

    def interrupt() -> None:
        pace.wait()
        signal.pthread_kill(main, signal.SIGINT)
        while not panel.steering._stopped:
            time.sleep(0.01)
        pace.go()

    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(StoppedError, match="stopped after epoch 1 of 9; results kept") as caught:
        panel.lab.train()
    other.join()

    assert caught.value.run is panel.lab.run
    assert panel.lab.run is not None
    assert panel.lab.run.status == "stopped"
    assert panel.lab.run.recording["lstm"].batches == 3
    panel.slide(epochs=1)
    assert_trains_again(panel)


@pytest.mark.full
def test_a_loss_that_is_not_finite_is_said_and_the_panel_trains_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TASKS, "digits", TaskEntry(lambda: tiny("digits"), 64, 4, 3, "a test"))
    panel = opened("lstm:u4:d.2:r.5:e1:s3", task=None)

    def spoiled(session: Session, *given: Any) -> Any:
        x = session.task.x.copy()
        session.task.x[:] = float("nan")
        try:
            return train(session, *given)
        finally:
            session.task.x[:] = x

    train = Session.train
    with monkeypatch.context() as patched:
        patched.setattr(Session, "train", spoiled)
        panel.train()
        assert panel.lab.run is not None
        assert panel.lab.run.status == "failed"
        assert panel.said.startswith("failed after 1 epoch of 1")

    assert_trains_again(panel)
    # The weights of before are no part of it.
    assert all(np.isfinite(w).all() for w in panel.lab.run.model.get_weights())
