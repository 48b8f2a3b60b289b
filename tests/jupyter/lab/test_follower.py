"""What a panel looks at while it trains, on a panel and a session made by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dropviz.core.curves import Curves
from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.follower import Follower
from dropviz.jupyter.lab.moment import Moment
from dropviz.studies.progress import Progress

from .panels import of_setting

SPEC = RunSpec(task="tiny", dropout=0.2, recurrent_dropout=0.5, units=9)
LAYER = of_setting(SPEC.setting)
PROGRESS = Progress(epoch=0, epochs=1, batch=1, batches=4, curves=Curves(), seconds=1.0)


def by_hand(**values: Any) -> Any:
    """An object with these attributes."""
    return SimpleNamespace(**values)


@pytest.mark.parametrize(("backend", "title"), [("jax", "JAX"), ("torch", "PyTorch")])
def test_a_panel_says_which_backend_it_loads(backend: str, title: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from dropviz.jupyter.lab import follower; print(follower.LOADING)"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )

    assert done.stdout.startswith(f"loading Keras and {title} (some seconds")


class Training:
    """A training that stands still, whose masks are read when it is looked at."""

    def __init__(self, tab: str) -> None:
        self.reads, self.wants, self.layer = 0, 0, LAYER
        self.said, self.states = list[str](), list[str]()
        self.panel = by_hand(
            tab=tab,
            closed=False,
            state="training",
            speed="full",
            moment=Moment(SPEC, (4, 3)),
            questions=by_hand(open=False),
            sender=by_hand(due=True, want=self._want, took=lambda _: None),
            say=self.said.append,
            follow=self.states.append,
            update=self._update,
        )
        self.steering = by_hand(paused=False, waits=False, wanted=SPEC.start, waited=0.0)
        self.session = by_hand(newest=self._read, changes=[], batches=4)
        self.session.open_batch = lambda *_: None
        self.follower = Follower(self.panel, self.steering, "")
        self.follower.begin()

    def _update(self, **values: Any) -> None:
        self.panel.moment = replace(self.panel.moment, **values)

    def _read(self) -> Any:
        self.reads += 1
        return self.layer

    def _want(self) -> None:
        self.wants += 1

    def look(self, batch: int = 1, epoch: int = 0) -> int:
        """Ends a batch, or with batch 0 an epoch; how often its masks were read."""
        before = self.reads
        self.follower.follow(self.session, SPEC, replace(PROGRESS, batch=batch, epoch=epoch))
        return self.reads - before


@pytest.mark.parametrize(
    ("tab", "speed"), [("Where", "full"), ("Masks", "full"), ("Inside", "slow")]
)
def test_masks_are_read_at_each_look_where_they_are_shown(tab: str, speed: str) -> None:
    training = Training(tab)
    training.panel.speed = speed

    assert [training.look(batch) for batch in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("tab", ["Where", "Masks"])
def test_an_epoch_that_ends_shows_no_masks_twice(tab: str) -> None:
    training = Training(tab)
    training.look(batch=3)

    seen = [training.look(batch=4), training.look(batch=0, epoch=1), training.look(1, epoch=1)]

    assert seen == [1, 0, 1]
    assert training.wants == 3


@pytest.mark.parametrize("tab", ["Where", "Masks"])
def test_an_epoch_that_ends_shows_the_masks_that_nobody_saw(tab: str) -> None:
    training = Training(tab)
    training.look(batch=3)
    training.panel.sender.due = False
    training.look(batch=4)
    training.panel.sender.due = True

    assert training.look(batch=0, epoch=1) == 1


def test_an_epoch_that_ends_has_another_point_of_the_curves() -> None:
    training = Training("Curves")
    for batch, epoch in ((3, 0), (4, 0), (0, 1)):
        training.look(batch, epoch)

    assert training.wants == 3


@pytest.mark.parametrize(
    ("tab", "pictures"), [("Curves", 3), ("Inside", 1), ("Cost", 1), ("Code", 1), ("Verdict", 1)]
)
def test_what_a_batch_does_not_change_is_sent_only_as_something_moves(
    tab: str, pictures: int
) -> None:
    training = Training(tab)
    for _ in range(3):
        training.look()
    sent = training.wants
    training.follower.fresh = True  # a slider moved
    training.look()

    assert (sent, training.wants) == (pictures, pictures + 1)


@pytest.mark.parametrize("tab", ["Curves", "Inside", "Cost", "Code", "Verdict"])
def test_where_no_masks_are_shown_they_are_read_only_as_something_moves(tab: str) -> None:
    training = Training(tab)
    reads = [training.look() for _ in range(3)]
    training.follower.fresh = True  # a slider moved
    reads += [training.look() for _ in range(2)]
    training.steering.wanted = replace(SPEC.start, dropout=0.4)  # a schedule did
    training.follower.fresh = True
    training.session.changes.append(training.steering.wanted)
    reads += [training.look() for _ in range(3)]
    training.steering.wanted, training.steering.paused = SPEC.start, True
    reads += [training.look() for _ in range(2)]

    # As long as the masks are of other rates than the next batch, they are awaited.
    assert reads == [1, 0, 0, 1, 0, 1, 1, 1, 1, 1]
    assert training.panel.moment.layer is LAYER


@pytest.mark.parametrize("tab", ["Where", "Masks", "Curves", "Code"])
def test_a_batch_that_was_under_way_as_a_slider_moved_is_not_shown(tab: str) -> None:
    training = Training(tab)
    training.look()
    moved = replace(SPEC.start, recurrent_dropout=0.1)
    training.steering.wanted, training.follower.fresh = moved, True
    before = training.wants

    awaited = [training.look(2), training.look(3)]
    meanwhile = training.wants - before
    training.session.changes.append(moved)
    training.layer = of_setting(replace(SPEC.setting, recurrent_dropout=0.1))
    met = training.look(4)

    assert (awaited, meanwhile) == ([0, 0], 0)
    assert (met, training.wants - before) == (1, 1)
    assert not training.follower.fresh


@pytest.mark.parametrize(
    ("ends", "now", "waits", "shown"),
    [
        ([], 0.0, False, 1),  # nothing is known of how soon
        ([0.0], 0.005, False, 1),
        ([0.0, 0.005], 0.007, False, 0),
        ([0.0, 0.005], 0.007, True, 1),
        ([0.0, 0.005], 0.2, False, 1),  # an epoch is evaluated
        ([0.0, 0.2], 0.21, False, 1),
    ],
)
def test_a_move_is_announced_unless_its_batch_is_there_as_soon(
    ends: list[float], now: float, *, waits: bool, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training("Code")
    training.steering.waits, training.panel.sender.due = waits, False
    for number, end in enumerate(ends, 1):
        monkeypatch.setattr("time.perf_counter", lambda end=end: end)
        training.look(number)
    before = training.wants
    moved = replace(SPEC.start, dropout=0.4)
    training.steering.wanted = moved
    monkeypatch.setattr("time.perf_counter", lambda: now)

    training.follower.announce()

    assert training.wants - before == shown
    assert (training.panel.moment.wanted == moved) == bool(shown)


def test_what_has_to_be_compiled_for_is_shown_while_it_is() -> None:
    training = Training("Where")
    training.steering.wanted = replace(SPEC.start, dropout=0.4)

    training.follower.compile("it takes seconds")

    assert (training.states, training.said) == (["compiling"], ["compiling: it takes seconds"])
    assert (training.panel.moment.wanted, training.wants) == (training.steering.wanted, 1)


# ---------------------------------------------------------------- a training that waits


def test_a_training_that_waits_before_its_questions_says_so_and_shows_no_masks() -> None:
    training = Training("Where")
    training.follower.quiz = training.steering.paused = True

    reads = training.look()

    assert (reads, training.panel.moment.layer) == (0, None)
    assert training.states == ["paused"]
    assert training.said == [
        "paused before the next batch (epoch 1 of 1, batch 1 of 4 is done); the sliders act then"
    ]
    assert training.follower.quiz


def test_a_slider_that_moves_while_it_waits_is_said_beside_what_is_done() -> None:
    training = Training("Where")
    training.steering.paused = training.steering.waits = True
    training.look()
    training.panel.update(state="paused")

    training.steering.wanted = replace(SPEC.start, dropout=0.4)
    training.follower.announce()

    assert training.said[-1] == (
        "paused. From the next batch: dropout 0.40. Done: epoch 1 of 1, batch 1 of 4."
    )


def test_a_step_is_not_said_to_wait_while_its_first_batch_is_compiled_for() -> None:
    training = Training("Where")
    training.steering.paused = True  # a step that is under way

    training.look(batch=0)
    before = list(training.states)
    training.look(batch=1)

    assert (before, training.states) == ([], ["paused"])


def test_where_there_is_nothing_to_ask_a_training_that_waits_shows_its_masks() -> None:
    training = Training("Where")
    training.layer = of_setting(replace(SPEC, dropout=0.0, recurrent_dropout=0.0).setting)
    training.follower.quiz = training.steering.paused = True

    training.look(batch=2)

    assert training.states == ["paused"]
    assert training.panel.moment.layer is training.layer
    assert training.said[-1].startswith("nothing is dropped at these rates")
