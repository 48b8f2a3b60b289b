"""The lab: sliders that change dropout while a real LSTM trains."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from IPython import get_ipython
from IPython.display import display

from dropviz.core.quiz_questions import Answered
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import TASKS, check_own_name
from dropviz.errors import DropvizError, received
from dropviz.jupyter.ipython_inside import once_the_cell_ended
from dropviz.jupyter.lab.actions import Actions
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.settings import says_epochs
from dropviz.jupyter.lab.static_copy import StaticCopy
from dropviz.jupyter.lab.worker import Worker

Shell = Any  # InteractiveShell's methods carry no types
START = "lstm:d.2:r.5:e20"
_REPLACED = "Closed: a newer panel took its place. Run this cell again to come back."
_newest: list[Lab] = []


def lab(
    scenario: str | Scenario | None = None,
    task: Task | None = None,
    hide: Collection[str] = (),
    lock: Collection[str] = (),
    student: str = "",
) -> Lab:
    """Opens a panel of sliders that act on a real LSTM while it trains.

    There is one panel at a time: a new one closes the one before. Like ``dropviz.run``
    a training seeds Keras, NumPy, TensorFlow and Python.

    Args:
        scenario: The panel's state, as in "lstm:u16:d.2:r.5:m=keras:task=digits:s7";
            what is left out is as in ``dropviz.run``. Where no epochs are given, the button
            Train goes on until it is stopped. Without any the panel begins with rates above
            0, so that there is something to see.
        task: Data of one's own, in place of the tasks that come with dropviz, and of the one that
            the scenario names.
        hide: Controls to leave out: dropout, recurrent_dropout, method, task, units,
            epochs, seed, freeze, quiz, speed, train, step, pause, stop, reset.
        lock: Controls that cannot be moved, by the same names.
        student: Chooses the questions of the quiz: the same for the same name and seed.

    Returns:
        The panel, a widget; it shows itself as the last value of a cell. ``train()`` trains the
        epochs of the scenario and waits, ``run`` is the last training, ``answers`` what was
        answered in the quiz. Its traits ``dropout``, ``recurrent_dropout``, ``status`` and
        ``scenario`` can be observed and linked to widgets of one's own.

    Raises:
        UnknownNameError: If there is no such control, or no such task or method as the scenario
            names.
        DropvizError: If the scenario is not understood or out of range, ``task`` is no
            ``dropviz.Task`` or has the name of another, or ``hide`` or ``lock`` is no list. The
            panel before stays open then.
    """
    given = START if scenario is None else scenario
    asked = given if isinstance(given, Scenario) else parse(given)
    endless = scenario is None or (isinstance(given, str) and not says_epochs(given))
    _check_arguments(task, hide, lock)
    if task is None:
        asked.spec.check_task()
    else:
        check_own_name(task)
        asked = Scenario(_of_task(asked.spec, task), asked.quiz)
    made = Lab(asked, task, hide, lock, student, endless=endless)
    close_all(_REPLACED)
    _newest.append(made)
    return made


def _check_arguments(task: object, hide: object, lock: object) -> None:
    if task is not None and not isinstance(task, Task):
        raise DropvizError(f"task must be a dropviz.Task. Received: task={received(task)}.")
    for name, value in (("hide", hide), ("lock", lock)):
        # Not every collection is one that can be gone through, as an array without axes.
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise DropvizError(
                f'{name} must be a list of names, as in {name}=["seed"]. '
                f"Received: {name}={received(value)}."
            )


def close_all(words: str = "Closed.") -> None:
    """Closes the panel that is open, if there is one."""
    while _newest:
        _newest.pop().close(words)


def _of_task(spec: RunSpec, task: Task) -> RunSpec:
    return replace(spec, task=task.name)


class Lab(Panel):
    """A panel: what ``dropviz.lab`` returns.

    A trait that is set to what it cannot be raises ``DropvizError``, or traitlets's ``TraitError``,
    and stays as it was. Where settings cannot act together, or a number is too large, ``status``
    says so.

    Attributes:
        dropout: Drop rate for the inputs, ``0 <= rate < 1``. It acts from the next batch on, while
            it trains too, as ``recurrent_dropout`` and ``freeze`` do.
        recurrent_dropout: Drop rate of the method's other site, likewise. Where the method has
            none it keeps its value and does not act.
        method: A key of ``dropviz.core.methods.METHODS``, for the next training; so are the four
            that follow.
        task: A name in ``dropviz.core.tasks.TASKS``, or that of the task that was given.
        units: LSTM units, 1 to 2**31 - 1.
        epochs: Passes over the training data, 1 to 2**31 - 1; None for no end.
        seed: Seed, 0 to 2**32 - 1.
        freeze: Whether each batch meets the same masks, until it is False again.
        quiz: Whether a training stops after two batches and asks, before anything is shown.
        speed: "full", or "slow", of at least half a second from batch to batch.
        scenario: What the controls show, as one string; another one moves them all.
        tab: "Where", "Masks", "Curves", "Inside", "Cost", "Code" or "Verdict".
        sample: The sequence of the batch that is shown, from 0; the last where there are fewer.
        gate: The gate whose masks are shown, of i f g o; all with any other text.
        time: The time step that is shown, from 0; the last where there are fewer.
        status: What is going on, in a sentence.
        alert: Whether that is something that went wrong.
        state: "loading", "ready", "compiling", "training", "paused" or "closed".
        progress: The share of the training that is done, 0 to 1; 0 of one without an end.
        able: By the name of a control, whether it can be moved or pressed now.
        question: The open question of the quiz, as plain data; empty without one.
        note: What the settings mean, in a sentence; may be empty.
        copies: The lines that do the same elsewhere, by "magic", "scenario" and "link".
        hidden: The names of the controls that are left out.
        offers: What the menus offer, as plain data.
        mark: A name of its own, by which it hides its static copy.
    """

    def __init__(
        self,
        asked: Scenario,
        task: Task | None,
        hide: Collection[str],
        lock: Collection[str],
        student: str,
        *,
        endless: bool,
    ) -> None:
        tasks = {name: entry.title for name, entry in TASKS.items()}
        shapes = {name: (entry.steps, entry.features) for name, entry in TASKS.items()}
        if task:
            tasks, shapes = {task.name: task.title}, {task.name: (task.steps, task.features)}
        super().__init__(asked, tasks, shapes, hide, lock, endless=endless)
        self._worker = Worker(self, asked.spec, task, student)
        self._actions = Actions(self, self._worker, asked)
        self._static_copy = StaticCopy(self)
        self._worker.on_rest = self._static_copy.update
        self._begun = self._in_line = False

    @property
    def run(self) -> Run | None:
        """The last training that ended; None before the first."""
        return self._worker.run

    @property
    def error(self) -> BaseException | None:
        """What the last training or look ended with, where that was an error."""
        return self._worker.error

    @property
    def answers(self) -> tuple[Answered, ...]:
        """What was answered in the last quiz: question, prediction, answer, points, seconds.

        Points are 0 to 1 for each question (``dropviz.core.quiz_questions.Answered``).
        """
        return self.questions.answers

    def train(self) -> Run:
        """Trains the scenario's epochs and waits for the end, as headless notebooks must.

        It asks no questions. Where a training is under way, that one is waited for.

        Returns:
            The run.

        Raises:
            DropvizError: If it cannot be trained, or the panel is closed; the panel says so too.
            StoppedError: If it is interrupted; its ``run`` holds what was done.
        """
        self._begin()
        return self._actions.train_and_wait()

    def close(self, words: str = "Closed.") -> None:
        """Ends the training and the panel's threads; what was recorded is kept.

        Args:
            words: What the panel says then.
        """
        self._worker.close(words)
        if self in _newest:
            _newest.remove(self)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._worker.begin()

    def show(self) -> None:
        """Shows the panel, as the last value of a cell does by itself."""
        if not hasattr(get_ipython(), "kernel"):
            display(self._static_copy.bundle(), raw=True)
            return
        bundle: Any = self._repr_mimebundle_()
        data, metadata = bundle
        # Where no widget can be shown the static copy stands, and nothing above it.
        display(data | {"text/plain": ""}, metadata=metadata, raw=True)
        # Made here, so that a headless notebook holds the picture when the cell ends.
        self._static_copy.show()
        self._begin()

    def show_in_line(self, shell: Shell) -> None:
        """Shows the panel where its line stands, and not again as the value of that cell.

        A cell shows the value of its last line alone: with a ``%lstm_dropout`` below it, a
        panel that is only a value would be opened and never seen.

        Args:
            shell: The IPython shell that runs the cell.
        """

        def ended() -> None:
            self._in_line = False

        self.show()
        self._in_line = True
        once_the_cell_ended(shell, ended)

    def _ipython_display_(self) -> None:
        if not self._in_line:
            self.show()

    def __repr__(self) -> str:
        return f"<Lab {self.scenario}>"
