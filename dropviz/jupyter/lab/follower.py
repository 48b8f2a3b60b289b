"""What the panel shows of a training while it goes on, and the quiz that makes it wait."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.quiz_questions import questions, seed_of
from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.panel import Panel
from dropviz.keras_inside.choose_backend import choose_backend
from dropviz.studies.steering import Steering

if TYPE_CHECKING:
    from dropviz.studies.progress import Progress
    from dropviz.studies.session import Session

_PAUSE = 0.25  # seconds between two lines of progress; twice that where no picture is sent
_SOON = 0.03  # seconds from batch to batch: a page takes longer to draw a picture
_PREDICT_AFTER = 2  # batches: one to show, one to ask about
_OPENS = ("Where", "Inside")  # tabs that show a sequence in numbers
_BY_BATCH = ("Where", "Masks", "Curves")  # tabs that each batch changes
READY = "ready: move the sliders, press Train"
LOADING = (
    f"loading Keras and {choose_backend().title} (some seconds, once a session); the sliders work "
    "already"
)
RATES = "for a rate that leaves 0 or reaches it Keras computes otherwise: some seconds, once ..."
PAUSED = "paused before the next batch; the sliders act when it goes on"
# Two lines at most beside the buttons of a laptop. Where there is less room first words are seen:
# what comes, where something moved.
_PAUSED_AFTER = "paused before the next batch ({place} is done); the sliders act then"
_PAUSED_AND_MOVED = "paused. {coming} Done: {place}."


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
        self._progress: Progress | None = None
        self._next_line = 0.0
        self._looked = 0  # batches that had been trained when it looked last
        # When the last batch ended, and seconds from batch to batch.
        self._ended, self._took = -math.inf, math.inf

    def begin(self) -> None:
        """Makes ready for another training."""
        self.fresh, self._progress, self._looked = True, None, 0
        self._ended, self._took = -math.inf, math.inf

    def compile(self, why: str) -> None:
        """Says that the next batch has to be compiled for.

        Args:
            why: Why, and how long that takes.
        """
        self._panel.follow("compiling")
        self._panel.say(f"compiling: {why}")
        self._show_wanted()

    def announce(self) -> None:
        """Has what the next batch will use shown, unless that batch is done as soon.

        Of a move in a fast training two pictures would be drawn one after the other, and the
        second, of masks, would be there later.
        """
        since = time.perf_counter() - self._ended
        if self._steering.waits or not max(since, self._took) < _SOON:
            self._show_wanted()

    def _show_wanted(self) -> None:
        # What it waits for is said, though an epoch may be evaluated before.
        self._panel.update(wanted=self._steering.wanted)
        if self._steering.paused:
            self._say_paused()
        self._panel.sender.want()

    def follow(self, session: Session, spec: RunSpec, progress: Progress) -> None:
        """Follows a training, as its listener.

        Args:
            session: What trains.
            spec: What it trains.
            progress: How far it has come.
        """
        panel = self._panel
        self._progress = progress
        now = time.perf_counter()
        self._ended, self._took = now, now - self._ended
        if panel.closed or panel.questions.open:
            return
        trained = progress.epoch * session.batches + progress.batch
        if self.quiz and trained >= _PREDICT_AFTER:
            self._question(session, spec)
            return
        if not trained:
            return
        if self._steering.paused:
            self.look(session)
            return
        if panel.state != "training":
            panel.follow("training")
        # An epoch ends with the masks of its last batch, and with another point of the curves.
        is_new = trained != self._looked or panel.tab == "Curves"
        if self.fresh:
            # Of a batch that was under way as a slider moved nothing is shown: the move has been.
            used = session.changes[-1] if session.changes else spec.start
            looks = not self._steering.wanted.differs(used)
        else:
            looks = is_new and self._changes and panel.sender.due
        self._say(progress, beside_picture=looks)
        if looks:
            began = time.thread_time()
            self.look(session)
            self._looked = trained
            panel.sender.took(time.thread_time() - began)

    def look(self, session: Session) -> None:
        """Has the panel show the latest curves and, once nothing is to be asked of them, masks.

        Args:
            session: What trains.
        """
        panel, progress = self._panel, self._progress
        if progress is None or panel.questions.open:
            return
        paused = self._steering.paused
        panel.update(curves=progress.curves, unfinished=progress.unfinished)
        if not self.quiz:
            self._look_at_masks(session, paused=paused)
        if paused:
            panel.follow("paused")
            self._say_paused()
        panel.sender.want()

    def _say_paused(self) -> None:
        """Says what is done and what comes: the picture of it may be longer than the screen."""
        progress, coming = self._progress, self._panel.moment.coming
        if progress is None or not (progress.epoch or progress.batch):
            self._panel.say(PAUSED)
            return
        place = progress.place if progress.batch else f"epoch {progress.epoch}"
        words = _PAUSED_AND_MOVED if coming else _PAUSED_AFTER
        self._panel.say(words.format(place=place, coming=coming))

    @property
    def _changes(self) -> bool:
        """Whether the open tab shows something of each batch."""
        tab = self._panel.tab
        return tab in _BY_BATCH or (tab in _OPENS and self._panel.speed == "slow")

    def _look_at_masks(self, session: Session, *, paused: bool) -> None:
        panel = self._panel
        # Curves need no masks: none is read for them while it trains.
        needless = panel.tab == "Curves" and not (paused or self.fresh)
        layer = panel.moment.layer if needless else session.newest()
        wanted = self._steering.wanted
        panel.update(
            layer=layer,
            changes=tuple(session.changes),
            wanted=wanted,
            opened=self._opened(session, layer) if paused or panel.speed == "slow" else None,
        )
        used = layer.setting if layer is not None else None
        # A batch that was under way when the slider moved shows the rates of before.
        self.fresh = used is None or (used.dropout, used.recurrent_dropout) != (
            wanted.dropout,
            wanted.recurrent_dropout,
        )

    def _opened(self, session: Session, layer: LayerRecording | None) -> OpenedBatch | None:
        if layer is None or self._panel.tab not in _OPENS:
            return None
        return session.open_batch(layer, self._panel.moment.sample)

    def _say(self, progress: Progress, *, beside_picture: bool) -> None:
        now = time.perf_counter()
        # A page draws both at once; what comes alone has it draw once more.
        if now < self._next_line + (0 if beside_picture else _PAUSE):
            return
        self._next_line = now + _PAUSE
        trained = replace(progress, seconds=progress.seconds - self._steering.waited)
        self._panel.progress = progress.share
        self._panel.say(f"{trained.sentence}; the sliders act from the next batch")

    def _question(self, session: Session, spec: RunSpec) -> None:
        panel = self._panel
        layer = session.newest()
        asked = questions(layer, seed_of(self._student, spec.seed)) if layer else []
        self.quiz = False
        if not asked:
            panel.update(concealed=False)
            self.look(session)
            panel.say("nothing is dropped at these rates, so there is nothing to ask")
            return
        self._steering.pause()
        panel.say("predict first: answer the questions; then the training goes on")
        panel.questions.begin(asked)
        panel.follow("paused")
