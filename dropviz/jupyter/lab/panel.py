"""The visible lab: controls to the left, tabs to the right."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from dropviz.core.gates import LSTM_GATES
from dropviz.core.scenario_string import Scenario, magic
from dropviz.errors import DropvizError
from dropviz.jupyter import mime
from dropviz.jupyter.lab.controls import Controls
from dropviz.jupyter.lab.draw_thread import DrawThread
from dropviz.jupyter.lab.quiz import Quiz
from dropviz.jupyter.lab.tabs import TABS, Scene, shown

_GATES = ("all gates", *LSTM_GATES)
_BUTTONS = {"Cost": "Measure", "Verdict": "Experiment"}
_TIPS = {
    "Cost": "Time training batches with these rates and without dropout, in turn.",
    "Verdict": "Find out from outside, by experiment, where this layer drops. Takes seconds.",
}


class Panel:
    """What a person sees, drawn from a scene that may change in any thread.

    Attributes:
        controls: The controls.
        quiz: The quiz.
        draw_thread: Draws the tab that is open.
        box: The widget to show.
        buttons: By tab the button that has something measured.
        mark: A class name of this panel alone.
        closed: Whether it takes and shows nothing any more.
    """

    def __init__(
        self,
        asked: Scenario,
        tasks: Mapping[str, str],
        shapes: Mapping[str, tuple[int, ...]],
        hide: Collection[str],
        lock: Collection[str],
    ) -> None:
        """Makes a panel.

        Args:
            asked: What the controls show at first.
            tasks: Names of tasks with a few words about each.
            shapes: Steps and features of each.
            hide: Controls to leave out.
            lock: Controls that cannot be moved.
        """
        self.closed = False
        self.mark = f"dropviz-{uuid.uuid4().hex[:8]}"
        self._shapes = shapes
        self._lock = threading.RLock()
        self.controls = Controls(asked, tasks, hide, lock)
        self.quiz = Quiz(self._left_quiz)
        self.on_quiz_end: Any = None
        self._scene = Scene(asked.spec, self._shape(asked))
        self._pages = {name: widgets.HTML() for name in TABS}
        self.sample = widgets.BoundedIntText(
            value=1,
            min=1,
            max=64,
            description="sample",
            layout=widgets.Layout(width="160px"),
            style={"description_width": "60px"},
        )
        self.gate = widgets.Dropdown(
            options=_GATES,
            description="gate",
            layout=widgets.Layout(width="190px"),
            style={"description_width": "50px"},
        )
        self.buttons = {
            name: widgets.Button(description=label, tooltip=_TIPS[name], disabled=True)
            for name, label in _BUTTONS.items()
        }
        self.tabs = self._tabbed()
        self.draw_thread = DrawThread(self._draw)
        for chooser in (self.sample, self.gate):
            chooser.observe(lambda _: self._chosen(), names="value")
        self.box = self._arranged()
        self.write_line()

    def _tabbed(self) -> Any:
        extra = {"Masks": [widgets.HBox([self.sample, self.gate])]}
        extra |= {name: [button] for name, button in self.buttons.items()}
        pages = [widgets.VBox([*extra.get(name, []), page]) for name, page in self._pages.items()]
        tabs = widgets.Tab(children=pages, layout=widgets.Layout(min_height="600px"))
        for number, name in enumerate(TABS):
            tabs.set_title(number, name)
        # ipywidgets 7 opens none by itself.
        tabs.selected_index = 0
        return tabs

    def _arranged(self) -> Any:
        # While this panel lives in a page, the page hides the panel's static copy.
        style = widgets.HTML(
            f"<style>.{self.mark}{{display:none}}</style>", layout=widgets.Layout(display="none")
        )
        right = widgets.VBox(
            [self.quiz.box, self.tabs],
            layout=widgets.Layout(flex="1 1 560px", min_width="320px", max_width="920px"),
        )
        return widgets.Box(
            [style, self.controls.box, right],
            layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start", width="100%"),
        )

    @property
    def scene(self) -> Scene:
        """What there is to see now."""
        with self._lock:
            return self._scene

    @property
    def tab(self) -> str:
        """The name of the tab that is open."""
        return list(TABS)[self.tabs.selected_index or 0]

    def update(self, **values: Any) -> None:
        """Changes the scene; nothing is drawn yet."""
        with self._lock:
            self._scene = replace(self._scene, **values)

    def follow_training(self, *, training: bool, paused: bool) -> None:
        """Lets those controls and buttons be used that act now.

        Args:
            training: Whether a training is under way.
            paused: Whether it waits.
        """
        if self.closed:
            return
        self.controls.follow_training(training=training, paused=paused)
        for button in self.buttons.values():
            button.disabled = training

    def close(self, words: str) -> None:
        """Takes the questions away, and has nothing moved or drawn any more.

        Args:
            words: What is said last.
        """
        self.closed = True
        self.draw_thread.close()
        self.quiz.close()
        for control in (*self.controls.by_name.values(), *self.buttons.values()):
            control.disabled = True
        self.controls.say(words, alert=True, last=True)

    def follow_controls(self) -> None:
        """Takes over what the controls show; draws it, unless a training will.

        Raises:
            DropvizError: If the settings cannot act together.
        """
        asked = self.controls.scenario
        self.update(spec=asked.spec, shape=self._shape(asked))
        self.write_line()
        if not self.scene.training:
            self.draw_thread.want()

    def write_line(self) -> None:
        """Shows what the settings will do, and the line that does the same."""
        try:
            spec = self.controls.scenario.spec
        except DropvizError as error:
            self.controls.say(str(error), alert=True)
            return
        self.controls.line.value = (
            '<div style="font-size:.85em;opacity:.8">the same without the panel:</div>'
            + mime.code(magic(spec), _PRE)
        )
        self.controls.note.value = _note(spec.method, spec.dropout, spec.recurrent_dropout)

    def _shape(self, asked: Scenario) -> tuple[int, int]:
        steps, features = self._shapes[asked.spec.task]
        return steps, features

    def _chosen(self) -> None:
        gate = None if self.gate.value == _GATES[0] else self.gate.value
        self.update(sample=self.sample.value - 1, gate=gate)
        self.draw_thread.want()

    def _left_quiz(self) -> None:
        if self.on_quiz_end is not None:
            self.on_quiz_end()

    def _draw(self) -> None:
        name = self.tab
        try:
            drawn = shown(self.scene, name).html
        # A picture that fails must not take the panel with it.
        except Exception as error:  # noqa: BLE001
            self.controls.say(f"{name} could not be drawn: {error}", alert=True)
            return
        self._pages[name].value = drawn


_PRE = (
    "white-space:pre-wrap;word-break:normal;line-height:1.35;margin:0;font-size:.85em;"
    "background:rgba(128,128,128,.12);padding:.5em"
)


def _note(method: str, dropout: float, recurrent_dropout: float) -> str:
    said = ""
    if method == "keras" and recurrent_dropout:
        inputs = ", for the inputs too," if dropout else ""
        said = (
            f"recurrent_dropout above 0: Keras draws four masks, one for each gate{inputs} and "
            "cuDNN is ruled out."
        )
    elif method == "keras" and dropout:
        said = "recurrent_dropout is 0: one input mask serves all four gates."
    elif method != "keras":
        said = f"{method} is a layer of dropviz with Keras's weights."
    return f'<div style="line-height:1.35;font-size:.92em;opacity:.8;min-height:2.7em">{said}</div>'
