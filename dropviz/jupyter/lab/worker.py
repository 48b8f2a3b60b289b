"""What the lab's thread does: it owns the model, and tells the desk what happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dropviz.core.quiz_questions import questions, seed_of
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import Task, load_task
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.controls import SETTINGS
from dropviz.jupyter.lab.panel import Desk
from dropviz.studies.controls import Controls

if TYPE_CHECKING:
    from dropviz.studies.progress import Progress
    from dropviz.studies.session import Session

READY = "ready: move the sliders, press Train"
LIVE_CONTROLS = ("dropout", "recurrent_dropout", "freeze")
_FIXED = tuple(name for name in SETTINGS if name not in LIVE_CONTROLS)
_PAUSE = 0.2  # seconds between two lines of progress, or two pictures
_SHARE = 0.02  # of the time that looks which nobody asked for may take from the training
_PREDICT_AFTER = 2  # batches: one to show, one to ask about


class Jobs:
    """Trains, looks and measures in one thread, and shows on the desk what comes of it.

    Attributes:
        run: The last training that ended.
        error: What the last training or look ended with, where that was an error.
        on_rest: Called, in the thread that trains, when there is something new to keep.
    """

    def __init__(self, desk: Desk, spec: RunSpec, task: Task | None, student: str) -> None:
        """Makes the jobs; nothing is loaded yet.

        Args:
            desk: The panel.
            spec: The settings to begin with.
            task: Data of one's own.
            student: Chooses the questions of the quiz.
        """
        self.run: Run | None = None
        self.error: BaseException | None = None
        self.on_rest: Callable[[], None] = lambda: None
        self._desk, self._student, self._own = desk, student, task
        self._tasks: dict[str, Task] = {}
        self._session: Session | None = None
        self._controls = Controls(spec, self._scheduled)
        self._spec = spec
        self._rested = threading.Event()
        self._rested.set()
        self._training = self._quiz = self._fresh = self._closed = False
        self._next_line = self._next_look = 0.0

    def _work(self) -> None:
        self._controls.work()
        if self._session is not None:
            self._session.close()
            self._session = None
        self._ended()

    def _ended(self) -> None:
        """Called by the thread as the last thing it does."""

    def _load(self) -> None:
        def load() -> None:
            if self._closed:
                return
            from dropviz.keras_inside.start_keras import ready

            ready()
            from dropviz.studies.session import has_gpu

            self._desk.update(gpu=has_gpu())
            if not self._training and not self._closed:
                self._able()
                self._desk.knobs.say(READY)

        self._guarded(load)

    def _train(self) -> None:
        self._guarded(self._trained)
        self._training = self._quiz = False
        if not self._closed:
            self._able()
            self._guarded(self.on_rest)
        self._rested.set()

    def _trained(self) -> None:
        spec = self._spec
        session = self._prepared(spec)
        self._desk.update(
            layer=None, opened=None, cost=None, verdict=None, run=None, changes=(), training=True
        )
        self._desk.update(
            epochs=spec.epochs, batches=session.batches, start=replace(spec.start, frozen=False)
        )
        self._fresh, self._next_look = True, 0.0
        try:
            run = session.train(spec, self._controls, self._told)
        finally:
            self._desk.update(training=False)
        self.run = run
        self._look(session, run.curves)
        self._desk.update(run=run, changes=run.spec.schedule if run.spec else ())
        if self._closed:
            return
        self._desk.knobs.progress.value = 1.0 if run.status == "done" else 0.0
        self._desk.knobs.say(" ".join(filter(None, (run.title.partition(": ")[2], run.reason))))
        self._desk.painter.want()

    def _prepared(self, spec: RunSpec) -> Session:
        from dropviz.studies.session import Session

        task = self._own or self._tasks.get(spec.task) or load_task(spec.task)
        self._tasks[spec.task] = task
        if self._session is not None and not self._session.fits(spec, task):
            self._session.close()
            self._session = None
        if self._session is None:
            self._session = Session(spec, task)
        return self._session

    def _told(self, progress: Progress) -> None:
        """Follows the training, between two batches."""
        now = time.perf_counter()
        session = self._session
        if session is None or self._closed or self._desk.predict.open:
            return
        trained = progress.epoch * session.batches + progress.batch
        if self._quiz and trained >= _PREDICT_AFTER:
            self._question(session)
            return
        if now >= self._next_line:
            self._next_line = now + _PAUSE
            self._desk.knobs.progress.value = progress.share
            self._desk.knobs.say(f"{progress.sentence}; the sliders act from the next batch")
        if not self._quiz and (self._fresh or now >= self._next_look):
            self._look(session, progress.curves)
            if not self._fresh:
                # Here, between two batches: in another thread it would take turns with the
                # training for Python's lock, and both would be slow.
                self._desk.painter.now()
            end = time.perf_counter()
            self._next_look = end + max(_PAUSE, (end - now) / _SHARE)

    def _look(self, session: Session, curves: Any) -> None:
        layer = session.latest()
        opened = session.opened() if self._desk.view == "Gates" and layer else None
        self._desk.update(layer=layer, opened=opened, curves=curves, changes=tuple(session.changes))
        wanted = self._controls.wanted
        used = layer.setting if layer is not None else None
        # A batch that was under way when the slider moved shows the rates of before.
        self._fresh = used is None or (used.dropout, used.recurrent_dropout) != (
            wanted.dropout,
            wanted.recurrent_dropout,
        )

    def _question(self, session: Session) -> None:
        layer = session.latest()
        asked = questions(layer, seed_of(self._student, self._spec.seed)) if layer else []
        if not asked:
            self._quiz = False
            self._desk.knobs.say("nothing is dropped at these rates, so there is nothing to ask")
            return
        self._controls.pause()
        self._desk.knobs.say("predict first: answer the questions; then the training goes on")
        self._desk.predict.begin(asked)
        self._able()
        self._quiz = False

    def _scheduled(self, change: Change) -> None:
        self._desk.knobs.move(
            dropout=change.dropout,
            recurrent_dropout=change.recurrent_dropout,
            freeze=change.frozen,
        )
        self._desk.follow_knobs()
        self._fresh = True

    def _measure(self) -> None:
        session = self._prepared(self._desk.scene.spec)
        self._desk.update(cost=session.cost(self._desk.scene.spec))
        self._desk.knobs.say("measured")
        self._desk.painter.want()

    def _explain(self) -> None:
        session = self._prepared(self._desk.scene.spec)
        self._desk.update(verdict=session.explained(self._desk.scene.spec))
        self._desk.knobs.say("the experiment is done")
        self._desk.painter.want()

    def _open(self) -> None:
        if self._session is not None:
            self._desk.update(opened=self._session.opened())
            self._desk.painter.want()

    def _guarded(self, job: Callable[[], None]) -> None:
        """Does a job; whatever goes wrong is said, and the panel lives on."""
        try:
            job()
        except Exception as error:  # noqa: BLE001
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.error = error
        said = str(error) if isinstance(error, DropvizError) else _unforeseen(error)
        self._desk.knobs.say(said, alert=True)

    def _able(self) -> None:
        training, paused = self._training, self._controls.paused
        knobs = self._desk.knobs
        knobs.able(
            train=not training,
            reset=not training,
            pause=training,
            stop=training,
            quiz=not training,
            **dict.fromkeys(_FIXED, not training),
        )
        knobs.by_name["pause"].description = "Resume" if training and paused else "Pause"
        for name in ("dropout", "recurrent_dropout"):
            # While it trains, each stop of a slider is a change in the schedule.
            knobs.by_name[name].continuous_update = not training
        for button in self._desk.buttons.values():
            button.disabled = training


def _unforeseen(error: BaseException) -> str:
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"It ended with {type(error).__name__}: {first} (panel.error has all of it)"
