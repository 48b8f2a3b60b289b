"""Behind the lab's buttons: what a person asks for, and when."""

from __future__ import annotations

import atexit
import functools
import threading
from collections.abc import Callable
from typing import Any

from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario
from dropviz.core.tasks import Task
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.controls import BUTTONS, NAMES
from dropviz.jupyter.lab.panel import Desk
from dropviz.jupyter.lab.worker import LIVE_CONTROLS, READY, Jobs

_LOADING = "loading Keras and TensorFlow (some seconds, once a session); the sliders work already"
_AT_EXIT = 30.0  # seconds that Python may wait for a batch, a drawing or an import to end


class Trainer(Jobs):
    """Takes what a person does on the desk to the thread that trains."""

    def __init__(self, desk: Desk, asked: Scenario, task: Task | None, student: str) -> None:
        """Makes a trainer; nothing is loaded before ``begin``.

        Args:
            desk: The panel.
            asked: The scenario that Reset goes back to.
            task: Data of one's own.
            student: Chooses the questions of the quiz.
        """
        super().__init__(desk, asked.spec, task, student)
        self._asked = asked
        self._thread = threading.Thread(target=self._work, name="dropviz-trainer", daemon=True)
        self._wire()

    def _wire(self) -> None:
        desk, knobs = self._desk, self._desk.knobs
        knobs.on_move(self._moved)
        pressed = (self.press_train, self.press_pause, self.press_stop, self.press_reset)
        for name, press in zip(BUTTONS, pressed, strict=True):
            knobs.by_name[name].on_click(functools.partial(_press, press))
        desk.buttons["Cost"].on_click(lambda _: self._ask("cost", self._measure))
        desk.buttons["Verdict"].on_click(lambda _: self._ask("verdict", self._explain))
        desk.tabs.observe(lambda _: self._turned(), names="selected_index")
        desk.on_quiz_end = self._go_on
        knobs.able(**dict.fromkeys(("pause", "stop"), False))

    def begin(self) -> None:
        """Starts the thread, and loads Keras behind the panel."""
        self._desk.knobs.say(_LOADING)
        self._controls.ask("load", self._load)
        atexit.register(self._exit)
        self._thread.start()

    def _ended(self) -> None:
        # What waits for Python's end would keep a closed panel until then.
        atexit.unregister(self._exit)

    def _exit(self) -> None:
        # TensorFlow and matplotlib abort where Python ends in the middle of their work.
        self._controls.close()
        self._desk.painter.close()
        self._thread.join(_AT_EXIT)
        self._desk.painter.join(_AT_EXIT)

    def press_train(self, *, quiz: bool | None = None) -> None:
        """Begins a training, as soon as Keras is there."""
        if self._training or self._closed:
            return
        try:
            asked = self._desk.knobs.scenario
        except DropvizError as error:
            self._fail(error)
            return
        self._spec = asked.spec
        self._training, self.error = True, None
        self._quiz = asked.quiz if quiz is None else quiz
        self._rested.clear()
        self._controls.begin(self._spec)
        self._desk.predict.close()
        self._able()
        self._desk.knobs.say("training: the first batch of a new model is being compiled ...")
        self._controls.ask("train", self._train)

    def press_pause(self) -> None:
        """Pauses, or goes on."""
        if self._controls.paused:
            self._go_on()
            return
        self._controls.pause()
        self._desk.knobs.say("paused before the next batch; the sliders act when it goes on")
        self._able()

    def press_stop(self) -> None:
        """Ends the training."""
        self._controls.stop()
        self._desk.predict.close()
        self._desk.knobs.say("stopping ...")

    def press_reset(self) -> None:
        """Goes back to the settings that the panel began with."""
        self._desk.knobs.show(self._asked)
        self._desk.update(
            layer=None, opened=None, cost=None, verdict=None, run=None, changes=(), epochs=0
        )
        self._desk.update(curves=type(self._desk.scene.curves)())
        self._desk.knobs.progress.value = 0
        self._desk.knobs.say(READY)
        self._desk.follow_knobs()

    def train_and_wait(self) -> Run:
        """Trains and waits for the end; asks no questions."""
        if self._closed:
            raise DropvizError("The panel is closed. Open another one.")
        self.press_train(quiz=False)
        try:
            self._rested.wait()
        except KeyboardInterrupt:
            self._controls.stop()
            self._rested.wait()
            from dropviz.studies.train import stopped

            if self.run is not None:
                raise stopped(self.run) from None
            raise
        if self.error is not None:
            raise self.error
        if self.run is None:
            raise DropvizError("The panel is closed. Open another one.")
        return self.run

    def close(self, words: str) -> None:
        """Ends the training and both threads."""
        self._closed = True
        self._controls.close()
        self._desk.painter.close()
        self._desk.predict.close()
        knobs = self._desk.knobs
        for name in NAMES:
            knobs.by_name[name].disabled = True
        for button in self._desk.buttons.values():
            button.disabled = True
        knobs.say(words, alert=True, last=True)
        self._rested.set()

    def _moved(self, name: str) -> None:
        knobs = self._desk.knobs
        if name == "method":
            knobs.fit_method()
        try:
            if name in LIVE_CONTROLS:
                key = "frozen" if name == "freeze" else name
                self._controls.move(**{key: knobs.by_name[name].value})
            self._desk.follow_knobs()
        except DropvizError as error:
            self._fail(error)
            return
        self._fresh = True
        if not self._training:
            self._desk.update(cost=None, verdict=None)
            if not self._desk.knobs.status.value.count("loading"):
                knobs.say(READY)

    def _turned(self) -> None:
        self._fresh = True
        self._desk.painter.want()
        if not self._training and self._desk.view == "Gates" and self.run is not None:
            self._ask("gates", self._open)

    def _go_on(self) -> None:
        self._quiz = False
        self._fresh = True
        self._desk.predict.close()
        self._controls.resume()
        self._able()

    def _ask(self, name: str, job: Callable[[], None]) -> None:
        self._desk.knobs.say(
            {"cost": "measuring ...", "verdict": "experimenting ..."}.get(name, "")
        )
        self._controls.ask(name, lambda: self._guarded(job))


def _press(press: Callable[[], None], button: Any) -> None:
    del button
    press()
