"""Behind the lab's buttons and sliders: what a person asks of the worker, and when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from dropviz.core.curves import Curves
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.controls import BUTTONS, LIVE
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.worker import LOADING, READY, Worker


class Actions:
    """Takes what a person does on the panel to the worker."""

    def __init__(self, panel: Panel, worker: Worker, asked: Scenario) -> None:
        """Wires the panel.

        Args:
            panel: What a person moves and presses.
            worker: What does it.
            asked: The scenario that Reset goes back to.
        """
        self._panel, self._worker, self._asked = panel, worker, asked
        controls = panel.controls
        controls.on_move(self._moved)
        pressed: list[Callable[[], object]]
        pressed = [self.press_train, self.press_pause, self.press_stop, self.press_reset]
        for name, press in zip(BUTTONS, pressed, strict=True):
            _wire(controls.by_name[name], press)
        _wire(panel.buttons["Cost"], worker.measure)
        _wire(panel.buttons["Verdict"], worker.explain)
        panel.tabs.observe(lambda _: self._turned(), names="selected_index")
        panel.on_quiz_end = worker.go_on
        controls.able(pause=False, stop=False)

    def press_train(self, *, quiz: bool | None = None) -> Future[Run]:
        """Begins a training, as soon as Keras is there.

        Args:
            quiz: Whether to ask before it shows; as its switch says, unless given.

        Returns:
            What will hold its run, as ``Worker.train`` says.
        """
        under_way = self._worker.under_way
        if under_way is not None:
            return under_way
        try:
            asked = self._panel.controls.scenario
        except DropvizError as error:
            self._worker.fail(error)
            refused: Future[Run] = Future()
            refused.set_exception(error)
            return refused
        return self._worker.train(asked.spec, quiz=asked.quiz if quiz is None else quiz)

    def press_pause(self) -> None:
        """Pauses, or goes on."""
        if self._worker.steering.paused:
            self._worker.go_on()
        else:
            self._worker.pause()

    def press_stop(self) -> None:
        """Ends the training."""
        self._worker.steering.stop()
        self._panel.quiz.close()
        self._panel.controls.say("stopping ...")

    def press_reset(self) -> None:
        """Goes back to the settings that the panel began with."""
        panel = self._panel
        panel.controls.show(self._asked)
        start = self._asked.spec.start
        self._worker.steering.move(
            dropout=start.dropout, recurrent_dropout=start.recurrent_dropout, frozen=False
        )
        panel.update(
            layer=None, opened=None, cost=None, verdict=None, run=None, changes=(), epochs=0
        )
        panel.update(curves=Curves())
        panel.controls.progress.value = 0
        self._say_ready()
        panel.follow_controls()

    def train_and_wait(self) -> Run:
        """Trains and waits for the end; asks no questions.

        Returns:
            The run of this training, whatever is pressed meanwhile.

        Raises:
            DropvizError: If it cannot be trained, or the panel is closed.
            StoppedError: If it is interrupted; its ``run`` holds what was done.
        """
        future = self.press_train(quiz=False)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._worker.stop(future)
        from dropviz.studies.train import stopped

        raise stopped(future.result())

    def _moved(self, name: str) -> None:
        controls, steering = self._panel.controls, self._worker.steering
        try:
            if name == "method":
                controls.fit_method()
                steering.move(recurrent_dropout=controls.by_name["recurrent_dropout"].value)
            elif name in LIVE:
                key = "frozen" if name == "freeze" else name
                steering.move(**{key: controls.by_name[name].value})
            self._panel.follow_controls()
        except DropvizError as error:
            self._worker.fail(error)
            return
        self._worker.look_soon()
        if not self._worker.training:
            self._panel.update(cost=None, verdict=None)
            self._say_ready()

    def _turned(self) -> None:
        worker = self._worker
        worker.look_soon()
        self._panel.draw_thread.want()
        if not worker.training and self._panel.tab == "Gates" and worker.run is not None:
            worker.open_pass()

    def _say_ready(self) -> None:
        self._panel.controls.say(LOADING if self._worker.loading else READY)


def _wire(button: Any, press: Callable[[], object]) -> None:
    button.on_click(lambda _: press())
