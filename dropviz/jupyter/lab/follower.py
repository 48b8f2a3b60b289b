"""What the panel shows of a training while it goes on, and the quiz that makes it wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dropviz.core.curves import Curves
from dropviz.core.quiz_questions import questions, seed_of
from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.panel import Panel
from dropviz.studies.steering import Steering

if TYPE_CHECKING:
    from dropviz.studies.progress import Progress
    from dropviz.studies.session import Session

_PAUSE = 0.2  # seconds between two lines of progress, or two pictures
_SHARE = 0.02  # of the time that looks which nobody asked for may take from the training
_PREDICT_AFTER = 2  # batches: one to show, one to ask about


class Follower:
    """Shows how a training goes, between two of its batches and in its thread.

    Attributes:
        quiz: Whether there are questions still to be asked.
        fresh: Whether something moved that no picture shows yet.
    """

    def __init__(self, panel: Panel, steering: Steering, student: str) -> None:
        """Makes a follower of trainings.

        Args:
            panel: Where it shows them.
            steering: Of these trainings.
            student: Chooses the questions of the quiz.
        """
        self.quiz = self.fresh = False
        self._panel, self._steering, self._student = panel, steering, student
        self._next_line = self._next_look = 0.0

    def begin(self) -> None:
        """Makes ready for another training."""
        self.fresh, self._next_look = True, 0.0

    def follow(self, session: Session, spec: RunSpec, progress: Progress) -> None:
        """Follows a training, as its listener.

        Args:
            session: What trains.
            spec: What it trains.
            progress: How far it has come.
        """
        now = time.perf_counter()
        if self._panel.closed or self._panel.quiz.open:
            return
        trained = progress.epoch * session.batches + progress.batch
        if self.quiz and trained >= _PREDICT_AFTER:
            self._question(session, spec)
            return
        if now >= self._next_line:
            self._next_line = now + _PAUSE
            self._panel.controls.progress.value = progress.share
            self._panel.controls.say(f"{progress.sentence}; the sliders act from the next batch")
        if not self.quiz and (self.fresh or now >= self._next_look):
            self.look(session, progress.curves)
            if not self.fresh:
                # Here, between two batches: in another thread it would take turns with the
                # training for Python's lock, and both would be slow.
                self._panel.draw_thread.now()
            end = time.perf_counter()
            self._next_look = end + max(_PAUSE, (end - now) / _SHARE)

    def look(self, session: Session, curves: Curves) -> None:
        """Has the panel know of the latest masks and curves; nothing is drawn yet.

        Args:
            session: What trains.
            curves: Its curves so far.
        """
        layer = session.latest()
        opened = session.open_pass() if self._panel.tab == "Gates" and layer else None
        changes = tuple(session.changes)
        self._panel.update(layer=layer, opened=opened, curves=curves, changes=changes)
        wanted = self._steering.wanted
        used = layer.setting if layer is not None else None
        # A batch that was under way when the slider moved shows the rates of before.
        self.fresh = used is None or (used.dropout, used.recurrent_dropout) != (
            wanted.dropout,
            wanted.recurrent_dropout,
        )

    def _question(self, session: Session, spec: RunSpec) -> None:
        layer = session.latest()
        asked = questions(layer, seed_of(self._student, spec.seed)) if layer else []
        if not asked:
            self.quiz = False
            words = "nothing is dropped at these rates, so there is nothing to ask"
            self._panel.controls.say(words)
            return
        self._steering.pause()
        self._panel.controls.say("predict first: answer the questions; then the training goes on")
        self._panel.quiz.begin(asked)
        self._panel.follow_training(training=True, paused=self._steering.paused)
        self.quiz = False
