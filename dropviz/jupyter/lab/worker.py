"""The lab's thread: it owns the session and its model, and shows what comes of them."""

from __future__ import annotations

import atexit
import functools
import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from dropviz.core.free_memory import give_back
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import load_task
from dropviz.errors import DropvizError, one_line
from dropviz.jupyter.lab import findings
from dropviz.jupyter.lab.findings import Finding
from dropviz.jupyter.lab.follower import LOADING, PAUSED, RATES, READY, Follower
from dropviz.jupyter.lab.moment import NOTHING
from dropviz.jupyter.lab.panel import Panel
from dropviz.studies.steering import Steering

if TYPE_CHECKING:
    from dropviz.studies.session import Session

_CLOSED = "The panel is closed. Open another one."
_AT_EXIT = 30.0  # seconds that Python may wait for a batch or an import to end


class Worker:
    """Trains, looks and measures in one thread, and shows on the panel what comes of it.

    What is public may be called from any thread.

    Attributes:
        steering: What is wanted of its trainings.
        follower: Shows how they go.
        run: The last training that ended.
        error: What the last training or look ended with, where that was an error.
        on_rest: Called, in the thread, when there is something new to keep.
        loading: Whether Keras is being loaded.
        training: Whether a training was asked for and has not ended.
    """

    def __init__(self, panel: Panel, spec: RunSpec, task: Task | None, student: str) -> None:
        """Makes a worker; nothing is loaded before ``begin``.

        Args:
            panel: Where it shows what happens.
            spec: The settings to begin with.
            task: Data of one's own.
            student: Chooses the questions of the quiz.
        """
        self.steering = Steering(spec, self._scheduled, lambda: self.follower.compile(RATES))
        self.run: Run | None = None
        self.error: BaseException | None = None
        self.on_rest: Callable[[], None] = lambda: None
        self.training, self.loading = False, True
        self._panel, self._own = panel, task
        self.follower = Follower(panel, self.steering, student)
        self._tasks: dict[str, Task] = {}
        self._session: Session | None = None
        self._lock = threading.Lock()
        # Of trainings that somebody may wait for, in their order: the next may be asked for
        # before the static copy of the last is made.
        self._waiting: list[Future[Run]] = []
        self._thread = threading.Thread(target=self._work, name="dropviz-worker", daemon=True)
        panel.say(LOADING)

    def begin(self) -> None:
        """Starts the thread, and loads Keras behind the panel."""
        self.loading = True
        self.steering.ask("load", lambda: self._guarded(self._load))
        atexit.register(self._exit)
        self._thread.start()

    @property
    def under_way(self) -> Future[Run] | None:
        """What will hold the run of the training that was asked for and has not ended."""
        with self._lock:
            return self._waiting[-1] if self.training and self._waiting else None

    def train(self, spec: RunSpec, *, quiz: bool, step: bool = False) -> Future[Run]:
        """Begins a training, as soon as Keras is there; there is one at a time.

        Args:
            spec: What to train.
            quiz: Whether to ask before it shows.
            step: Whether it waits after its first batch.

        Returns:
            What will hold the run, or what went wrong, once the training and its static
            copy are done; that of the training under way, if there is one.
        """
        future: Future[Run] = Future()
        with self._lock:
            if self._panel.closed:
                future.set_exception(DropvizError(_CLOSED))
                return future
            if self.training and self._waiting:
                return self._waiting[-1]
            self.training, self.follower.quiz, self.error = True, quiz, None
            self._waiting.append(future)
            self.steering.begin(spec)
            if step:
                self.steering.step()
        self._panel.questions.close()
        self._panel.update(**NOTHING, concealed=quiz)
        self.follower.compile("the first batch of a new model takes some seconds ...")
        self.steering.ask("train", lambda: self._train(spec, future))
        return future

    def pause(self) -> None:
        """Makes the training wait before its next batch."""
        self.steering.pause()
        self._panel.follow("paused")
        if not self.training:
            self._panel.follow("ready")  # it has ended meanwhile
            return
        self._panel.say(PAUSED)
        # Done before the next batch, it shows the one before whatever was under way.
        self.look()

    def go_on(self) -> None:
        """Lets a training that waits go on; questions that are open are skipped."""
        # Those that are still to come are asked of batches that nobody may see before.
        if not self.follower.quiz:
            self._panel.questions.close()
            self._panel.update(concealed=False, opened=None)
        self.follower.fresh = True
        self._panel.follow("training")
        if not self.training:
            self._panel.follow("ready")  # as in `pause`
        self.steering.resume()

    def look(self) -> None:
        """Has what is under way, or what trained last, shown anew; opens what is to be opened."""
        self.steering.ask("look", lambda: self._guarded(self._look))

    def stop(self, future: Future[Run]) -> None:
        """Ends the training of a future, unless it has ended and another has begun."""
        with self._lock:
            if self.training and self._waiting[-1:] == [future]:
                self.steering.stop()

    def measure(self) -> None:
        """Measures what the settings cost."""
        self._ask(findings.COST)

    def explain(self) -> None:
        """Has the black-box experiment find out which method it is."""
        self._ask(findings.VERDICT)

    def fail(self, error: BaseException) -> None:
        """Says what went wrong; the panel lives on."""
        self.error = error
        said = one_line(error)
        if not isinstance(error, DropvizError):
            said = f"It ended with {said} (panel.error has all of it)"
        self._panel.say(said, alert=True)

    def close(self, words: str) -> None:
        """Ends the training, both threads, and the waiting of those who wait.

        Args:
            words: What the panel says last.
        """
        self._panel.shut(words)
        self.steering.close()
        self._end_waiting()  # last: `train` looks whether the panel is closed first

    def _ask(self, finding: Finding) -> None:
        self._panel.say(finding.begins)
        self.steering.ask(finding.name, lambda: self._guarded(lambda: self._find(finding)))

    def _end_waiting(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.set_exception(DropvizError(_CLOSED))

    def _exit(self) -> None:
        # TensorFlow and matplotlib abort where Python ends in the middle of their work.
        self.steering.close()
        self._thread.join(_AT_EXIT)

    def _work(self) -> None:
        try:
            self.steering.work()
        finally:
            # Nobody is left to end what they wait for.
            self._end_waiting()
        if self._session is not None:
            self._session.close()
            self._session = None
        # What waits for Python's end would keep a closed panel until then.
        atexit.unregister(self._exit)

    def _guarded(self, job: Callable[[], None]) -> Exception | None:
        """Does a job; whatever goes wrong is said, and returned."""
        try:
            job()
        except Exception as error:  # noqa: BLE001
            self.fail(error)
            return error
        return None

    def _load(self) -> None:
        if self._panel.closed:
            return
        from dropviz.keras_inside.start_keras import ready

        try:
            ready()
            from dropviz.keras_inside.devices import has_gpu

            self._panel.update(gpu=has_gpu())
        finally:
            self.loading = False
        if not self.training:
            self._panel.follow("ready")
            self._panel.say(READY)

    def _train(self, spec: RunSpec, future: Future[Run]) -> None:
        outcome: Run | Exception
        try:
            outcome = self._fit(spec)
        except Exception as error:  # noqa: BLE001
            self.fail(error)
            outcome = error
        with self._lock:
            self.training = self.follower.quiz = False
        if not self._panel.closed:
            self._panel.follow("ready")
            self._panel.sender.want()
            outcome = self._guarded(self.on_rest) or outcome
        give_back()
        with self._lock:
            if future not in self._waiting:
                return  # the panel was closed meanwhile
            self._waiting.remove(future)
        if isinstance(outcome, Run):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    def _fit(self, spec: RunSpec) -> Run:
        from dropviz.studies.memory_limit import low_memory
        from dropviz.studies.session import UNTIL_STOPPED

        session = self._prepared(spec)
        panel = self._panel
        panel.update(**NOTHING, batches=session.batches, start=spec.start)
        panel.update(epochs=0 if spec.epochs == UNTIL_STOPPED else spec.epochs)
        self.follower.begin()
        follow = functools.partial(self.follower.follow, session, spec)
        run = session.train(spec, self.steering, follow)
        self.run = run
        if panel.closed:
            return run
        layer = run.recording.get("lstm")
        changes = run.spec.schedule if run.spec else ()
        opened = session.open_batch(layer, panel.moment.sample) if layer is not None else None
        panel.update(run=run, layer=layer, curves=run.curves, unfinished=(), changes=changes)
        panel.update(opened=opened)
        panel.update(concealed=False, wanted=None, epochs=0 if not run.spec else run.spec.epochs)
        panel.write_copies()
        panel.progress = 1.0 if run.status == "done" else 0.0
        panel.say(" ".join(filter(None, (run.ending, run.reason, low_memory()))))
        return run

    def _look(self) -> None:
        """Looks at what is under way, or opens a sequence of what trained last."""
        panel, session = self._panel, self._session
        if panel.closed or session is None:
            return
        moment = panel.moment
        if moment.training:
            self.follower.look(session)
            return
        shown = moment.layer if moment.current and self.run is moment.run else None
        # Of a session that trained something else since nothing can be opened.
        mine = shown is not None and session.fits(moment.ran, session.task)
        opened = session.open_batch(shown, moment.sample) if shown is not None and mine else None
        panel.update(opened=opened)
        panel.sender.want()

    def _prepared(self, spec: RunSpec) -> Session:
        from dropviz.studies.session import Session

        task = self._own or self._tasks.get(spec.task) or load_task(spec.task)
        self._tasks[spec.task] = task
        if self._session is not None and not self._session.fits(spec, task):
            self._session.close()
            self._session = None
            # A model and its functions hold each other in circles, compiled graphs and all.
            gc.collect()
        if self._session is None:
            self._session = Session(spec, task)
        return self._session

    def _scheduled(self, change: Change) -> None:
        self._panel.show_rates(change)
        self._panel.follow_controls()
        self.follower.fresh = True

    def _find(self, finding: Finding) -> None:
        spec = self._panel.moment.spec
        found = finding.of(self._prepared(spec), spec)
        # A training that was asked for meanwhile shows nothing of before, and says what it does.
        if not self.training:
            findings.show(finding, found, spec, self._panel)
