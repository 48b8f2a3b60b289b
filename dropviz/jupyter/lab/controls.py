"""The controls of the lab: standard ipywidgets, 7.7 to 8, each with a tooltip."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import Scenario
from dropviz.core.schedule import Change
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.errors import is_known, unknown_name, visible
from dropviz.jupyter.mime import escaped

_WIDE = "330px"
_MOST_SEED = 2**32 - 1
# The names that `hide` and `lock` take; those of the settings are RunSpec's.
SETTINGS = ("dropout", "recurrent_dropout", "method", "task", "units", "epochs", "seed")
SWITCHES = ("freeze", "quiz")
BUTTONS = ("train", "pause", "stop", "reset")
LIVE = ("dropout", "recurrent_dropout", "freeze")  # they act while it trains
NAMES = (*SETTINGS, *SWITCHES, *BUTTONS)
# Notebook 7 takes the arrow keys for itself, whatever has the focus.
_KEYS = "arrows, Page Up and Page Down, Home and End; or type the number beside it."
_TIPS: Mapping[str, str] = {
    "dropout": (
        "Share of x_t that is dropped. Acts from the next batch on, also while it trains. Keys: "
        f"{_KEYS}"
    ),
    "recurrent_dropout": (
        "Share of the method's other site that is dropped: in Keras h_(t-1). Acts from the next "
        f"batch on, also while it trains. Keys: {_KEYS}"
    ),
    "method": "Where dropout acts. keras is keras.layers.LSTM itself.",
    "task": "What the LSTM learns. Only what says so is downloaded, when it first trains.",
    "units": "Units of the LSTM.",
    "epochs": "Passes over the training data.",
    "seed": "The same seed gives the same training, to the bit.",
    "freeze": "Use one mask for all batches until it is released.",
    "quiz": "Train stops after two batches and asks what was dropped, before it shows it.",
    "train": "Train a fresh LSTM with these settings.",
    "pause": "Wait before the next batch; press again to go on.",
    "stop": "End the training before the next batch. What was recorded is kept.",
    "reset": "Back to the settings that the panel began with.",
}


class Controls:
    """Everything that a person can move, and what it says.

    Of the rates they are a view: what is wanted of a training is in its ``Steering``.

    Attributes:
        box: The widget to show.
        by_name: The controls by the names in ``NAMES``.
    """

    def __init__(
        self,
        scenario: Scenario,
        tasks: Mapping[str, str],
        hide: Collection[str],
        lock: Collection[str],
    ) -> None:
        """Makes the controls.

        Args:
            scenario: What they show at first.
            tasks: Names of tasks with a line about each.
            hide: Controls to leave out.
            lock: Controls that cannot be moved.

        Raises:
            UnknownNameError: If there is no such control to hide or lock.
        """
        for name in (*hide, *lock):
            if not is_known(name, NAMES):
                raise unknown_name("control", name, NAMES)
        self._lock = set(lock)
        self._own = scenario.spec  # what no control shows: the options of a method
        self._quiet = self._over = False
        self.by_name = {**_settings(tasks), **_switches(), **_buttons()}
        self.note = widgets.HTML(layout=widgets.Layout(width=_WIDE))
        self.progress = widgets.FloatProgress(
            min=0.0, max=1.0, layout=widgets.Layout(width=_WIDE, height="10px", margin="6px 2px")
        )
        self.status = widgets.HTML(layout=widgets.Layout(width=_WIDE))
        self.line = widgets.HTML(layout=widgets.Layout(width=_WIDE))
        for name in hide:
            self.by_name[name].layout.display = "none"
        for name in lock:
            self.by_name[name].disabled = True
        self.box = self._arranged()
        self.show(scenario)

    def _arranged(self) -> Any:
        named = self.by_name
        title = widgets.HTML('<div style="font-size:1.3em;font-weight:600">LSTM dropout lab</div>')
        row = widgets.HBox([named[name] for name in BUTTONS], layout=_row())
        switches = widgets.HBox([named[name] for name in SWITCHES], layout=_row())
        rates = [named["dropout"], named["recurrent_dropout"], self.note]
        rest = [named[name] for name in SETTINGS[2:]]
        return widgets.VBox(
            [title, *rates, *rest, row, switches, self.progress, self.status, self.line],
            layout=widgets.Layout(width="346px", flex="0 0 346px"),
        )

    @property
    def scenario(self) -> Scenario:
        """What the controls show.

        Raises:
            DropvizError: If the settings cannot act together.
        """
        values = {name: self.by_name[name].value for name in SETTINGS}
        spec = RunSpec(**values, **self._options(values["method"]))
        if self.by_name["freeze"].value:
            spec = replace(spec, schedule=(replace(spec.start, frozen=True),))
        elif spec == replace(self._own, schedule=()):
            spec = self._own  # no control shows a schedule
        return Scenario(spec, bool(self.by_name["quiz"].value))

    def _options(self, method: str) -> dict[str, Any]:
        return {name: getattr(self._own, name) for name in METHODS[method].options}

    def show(self, scenario: Scenario) -> None:
        """Puts every control where a scenario says."""
        self._own = scenario.spec
        shown = {name: getattr(scenario.spec, name) for name in SETTINGS}
        self.move(**shown, freeze=False, quiz=scenario.quiz)
        self.fit_method()

    def show_rates(self, wanted: Change) -> None:
        """Puts the controls that act while it trains where they are wanted."""
        rates = {"dropout": wanted.dropout, "recurrent_dropout": wanted.recurrent_dropout}
        self.move(**rates, freeze=wanted.frozen)

    def move(self, **values: Any) -> None:
        """Puts some controls somewhere without telling those that listen."""
        with self.quietly():
            for name, value in values.items():
                control = self.by_name[name]
                # A scenario may ask for more than the control offers.
                if value > getattr(control, "max", value):
                    control.max = value
                control.value = value

    def fit_method(self) -> None:
        """Lets the second slider rest where the method has nothing for it to act on."""
        method = self.by_name["method"].value
        slider = self.by_name["recurrent_dropout"]
        setting = Setting(method, **self._options(method))
        idle = all(setting.argument(rule) != "recurrent_dropout" for rule in setting.rules)
        if idle and slider.value:
            self.move(recurrent_dropout=0.0)
        slider.disabled = idle or "recurrent_dropout" in self._lock

    def able(self, **able: bool) -> None:
        """Lets controls be moved, or not; those that are locked stay so."""
        for name, yes in able.items():
            self.by_name[name].disabled = not yes or name in self._lock
        self.fit_method()

    def follow_training(self, *, training: bool, paused: bool) -> None:
        """Lets those be moved that act now.

        Args:
            training: Whether a training is under way.
            paused: Whether it waits.
        """
        rest = [name for name in NAMES if name not in (*LIVE, "pause", "stop")]
        self.able(pause=training, stop=training, **dict.fromkeys(rest, not training))
        self.by_name["pause"].description = "Resume" if training and paused else "Pause"
        for name in ("dropout", "recurrent_dropout"):
            # While it trains, each stop of a slider is a change in the schedule.
            self.by_name[name].continuous_update = not training

    def say(self, status: str, *, alert: bool = False, last: bool = False) -> None:
        """Shows a line about what is going on, or about what went wrong.

        Args:
            status: The line.
            alert: Whether something went wrong.
            last: Whether it stays whatever is said later, by a thread that is ending.
        """
        if self._over:
            return
        self._over = last
        role, look = ("alert", _ALERT) if alert else ("status", _MUTED)
        self.status.value = f'<div role="{role}" style="{look}">{escaped(status)}</div>'

    def on_move(self, listener: Any) -> None:
        """Calls a listener with the name of a control that a person has moved."""
        for name in (*SETTINGS, *SWITCHES):
            self.by_name[name].observe(
                lambda _, name=name: None if self._quiet else listener(name), names="value"
            )

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Moves controls inside the block as nobody's doing."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


_MUTED = "line-height:1.35;font-size:.92em;opacity:.8;min-height:2.7em"
_ALERT = (
    "line-height:1.35;font-size:.92em;border-left:4px solid #D55E00;padding:.2em .6em;"
    "min-height:2.7em"
)


def _row() -> Any:
    return widgets.Layout(width=_WIDE, flex_flow="row wrap")


def _tip(kind: Any, name: str) -> dict[str, str]:
    # ipywidgets 7 has no `tooltip` but on buttons; 8 deprecates `description_tooltip`.
    traits = kind.class_trait_names()
    return {"tooltip" if "tooltip" in traits else "description_tooltip": _TIPS[name]}


def _made(kind: Any, name: str, label: str, **how: Any) -> Any:
    return kind(
        description=label,
        style={"description_width": "122px"},
        layout=widgets.Layout(width=_WIDE),
        **_tip(kind, name),
        **how,
    )


def _settings(tasks: Mapping[str, str]) -> dict[str, Any]:
    rate = {"min": 0.0, "max": 0.95, "step": 0.05, "readout_format": ".2f"}
    return {
        "dropout": _made(widgets.FloatSlider, "dropout", "dropout", **rate),
        "recurrent_dropout": _made(
            widgets.FloatSlider, "recurrent_dropout", "recurrent_dropout", **rate
        ),
        "method": _made(widgets.Dropdown, "method", "method", options=list(METHODS)),
        "task": _made(
            widgets.Dropdown,
            "task",
            "task",
            options=[(visible(f"{name}: {title}"), name) for name, title in tasks.items()],
        ),
        "units": _made(widgets.BoundedIntText, "units", "units", min=1, max=10**6),
        "epochs": _made(widgets.BoundedIntText, "epochs", "epochs", min=1, max=10**4),
        "seed": _made(widgets.BoundedIntText, "seed", "seed", min=0, max=_MOST_SEED),
    }


def _switches() -> dict[str, Any]:
    labels = {"freeze": "freeze masks", "quiz": "predict first"}
    layout = {"width": "160px"}
    return {
        name: widgets.Checkbox(
            description=label,
            indent=False,
            layout=widgets.Layout(**layout),
            **_tip(widgets.Checkbox, name),
        )
        for name, label in labels.items()
    }


def _buttons() -> dict[str, Any]:
    return {
        name: widgets.Button(
            description=name.capitalize(),
            button_style="primary" if name == "train" else "",
            tooltip=_TIPS[name],
            layout=widgets.Layout(width="76px"),
        )
        for name in BUTTONS
    }
