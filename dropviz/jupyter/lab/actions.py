"""Behind the lab's buttons and sliders: what a person asks of the worker, and when."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

from dropviz.core.number_forms import MOST
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.follower import LOADING, READY
from dropviz.jupyter.lab.moment import NOTHING, SHOWS
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.settings import SPEEDS
from dropviz.jupyter.lab.worker import Worker


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
        panel.on_move(self._moved)
        panel.on_press(
            {
                "train": self.press_train,
                "step": self.press_step,
                "pause": self.press_pause,
                "stop": self.press_stop,
                "reset": self.press_reset,
                "cost": worker.measure,
                "verdict": worker.explain,
            }
        )
        panel.questions.on_end = worker.go_on

    def press_train(
        self, *, quiz: bool | None = None, step: bool = False, to_its_end: bool = False
    ) -> Future[Run]:
        """Begins a training, as soon as Keras is there.

        Args:
            quiz: Whether to ask before it shows; as its switch says, unless given.
            step: Whether it waits after its first batch.
            to_its_end: Whether it ends after the epochs of the scenario, though the panel's
                field of epochs is empty.

        Returns:
            What will hold its run, as ``Worker.train`` says.
        """
        under_way = self._worker.under_way
        if under_way is not None:
            return under_way
        try:
            asked = self._panel.asked
        except DropvizError as error:
            self._worker.fail(error)
            refused: Future[Run] = Future()
            refused.set_exception(error)
            return refused
        spec = asked.spec
        if self._panel.epochs is None and not to_its_end:
            spec = replace(spec, epochs=MOST)
        return self._worker.train(spec, quiz=asked.quiz if quiz is None else quiz, step=step)

    def press_step(self) -> None:
        """Trains one batch, and waits; begins a training where there is none."""
        if self._worker.under_way is None:
            self.press_train(step=True)
        elif not self._panel.questions.open:
            self._worker.steering.step()

    def press_pause(self) -> None:
        """Pauses, or goes on."""
        # As its label says: while a step is under way the steering is paused already.
        if self._panel.state == "paused":
            self._worker.go_on()
        else:
            self._worker.pause()

    def press_stop(self) -> None:
        """Ends the training, if one is under way."""
        if self._worker.under_way is None:
            return
        self._worker.steering.stop()
        self._panel.questions.close()
        self._panel.say("stopping ...")

    def press_reset(self) -> None:
        """Goes back to the settings that the panel began with."""
        panel = self._panel
        panel.update(**NOTHING)
        panel.show_scenario(self._asked)
        panel.progress = 0.0
        self._want(frozen=False)
        self._say_ready()
        panel.sender.want()

    def train_and_wait(self) -> Run:
        """Trains and waits for the end; asks no questions.

        Returns:
            The run of this training, whatever is pressed meanwhile.

        Raises:
            DropvizError: If it cannot be trained, or the panel is closed.
            StoppedError: If it is interrupted; its ``run`` holds what was done.
        """
        future = self.press_train(quiz=False, to_its_end=True)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._worker.stop(future)
        from dropviz.studies.train import stopped

        raise stopped(future.result())

    def _moved(self, name: str) -> None:
        panel, worker = self._panel, self._worker
        if name in SHOWS:
            self._looked_elsewhere(name)
            return
        try:
            if name == "speed":
                worker.steering.pace(SPEEDS[panel.speed])
                return
            if name == "quiz" and not worker.training:
                panel.update(concealed=panel.quiz)
            self._want(frozen=panel.freeze)
            panel.take_over()
        except DropvizError as error:
            worker.fail(error)
            return
        worker.follower.fresh = True
        # A page takes one message after the other: first the picture, which is waited for.
        if worker.training:
            worker.follower.announce()
        else:
            panel.update(cost=None, verdict=None)
            if not panel.moment.current:
                panel.update(opened=None)
            self._say_ready()
            panel.sender.want()
        panel.say_what_controls_mean()

    def _looked_elsewhere(self, name: str) -> None:
        """Shows another tab, sample or gate; opens a sequence where nothing is under way."""
        panel, worker = self._panel, self._worker
        panel.sender.want()
        if name == "gate" or panel.closed:
            return  # there is nothing to open, or nobody left who could
        worker.follower.fresh = True
        if not worker.training or worker.steering.paused:
            worker.look()

    def _want(self, *, frozen: bool) -> None:
        """Has the next batch use the rates that the controls show."""
        panel = self._panel
        recurrent = 0.0 if panel.rests else panel.recurrent_dropout
        self._worker.steering.move(
            dropout=panel.dropout, recurrent_dropout=recurrent, frozen=frozen
        )

    def _say_ready(self) -> None:
        self._panel.say(LOADING if self._worker.loading else READY)
