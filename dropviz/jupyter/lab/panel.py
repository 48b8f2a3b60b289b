"""The visible lab: one widget, whose traits are what a person can move and is told."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import anywidget
from traitlets import Bool, Dict, Enum, Float, Int, List, Unicode, observe, validate

from dropviz.core.gates import LSTM_GATES
from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.schedule import Change
from dropviz.errors import is_known, unknown_name, visible
from dropviz.jupyter.lab import settings
from dropviz.jupyter.lab.contents import TABS, content
from dropviz.jupyter.lab.hear import listen
from dropviz.jupyter.lab.moment import SHOWS, Moment
from dropviz.jupyter.lab.picture_sender import PictureSender
from dropviz.jupyter.lab.quiet import Quiet
from dropviz.jupyter.lab.quiz import Quiz
from dropviz.jupyter.lab.script import script, style

Press = Callable[[], object]
Moved = Callable[[str], object]


class Panel(anywidget.AnyWidget):
    """What a person sees and moves. Every trait may be observed and linked, in any thread.

    The rates are a view of what is wanted: that is in the trainings' ``Steering``. What each
    trait may be is said once, of ``Lab``, the panel that a person has.
    """

    _esm = script()
    _css = style()

    dropout = Float().tag(sync=True)
    recurrent_dropout = Float().tag(sync=True)
    method = Unicode("keras").tag(sync=True)
    task = Unicode().tag(sync=True)
    units = Int(1, min=1).tag(sync=True)
    epochs = Int(None, min=1, allow_none=True).tag(sync=True)
    seed = Int(0, min=0).tag(sync=True)
    freeze = Bool().tag(sync=True)
    quiz = Bool().tag(sync=True)
    speed = Unicode("full").tag(sync=True)
    scenario = Unicode().tag(sync=True)

    tab = Enum(list(TABS), "Where").tag(sync=True)
    sample = Int(0, min=0).tag(sync=True)
    gate = Unicode().tag(sync=True)
    time = Int(0, min=0).tag(sync=True)

    status = Unicode().tag(sync=True)
    alert = Bool().tag(sync=True)
    state = Unicode("loading").tag(sync=True)
    progress = Float().tag(sync=True)
    able = Dict().tag(sync=True)
    question = Dict().tag(sync=True)
    note = Unicode().tag(sync=True)
    copies = Dict().tag(sync=True)
    hidden: Any = List().tag(sync=True)
    offers = Dict().tag(sync=True)
    mark = Unicode().tag(sync=True)

    def __init__(
        self,
        asked: Scenario,
        tasks: Mapping[str, str],
        shapes: Mapping[str, tuple[int, int]],
        hide: Collection[str] = (),
        lock: Collection[str] = (),
        *,
        endless: bool = False,
    ) -> None:
        """Makes a panel.

        Args:
            asked: What the controls show at first.
            tasks: Names of tasks with a few words about each.
            shapes: Steps and features of each.
            hide: Controls to leave out.
            lock: Controls that cannot be moved.
            endless: Whether *epochs* is empty: Train goes on until it is stopped.

        Raises:
            UnknownNameError: If there is no such control to hide or lock.
        """
        for name in (*hide, *lock):
            if not is_known(name, settings.NAMES):
                raise unknown_name("control", name, settings.NAMES)
        self._moment_lock = threading.RLock()
        self._quiet, self._over = Quiet(), False
        self._locked = frozenset(lock)
        self._shapes, self._endless, self._own = shapes, endless, asked.spec
        self._presses: dict[str, Press] = {}
        self._moved: Moved | None = None
        self._moment = Moment(asked.spec, shapes[asked.spec.task], concealed=asked.quiz)
        self.sender = PictureSender(self._content, self._sent)
        self.questions = Quiz(self)
        given = {
            "mark": f"dropviz-{uuid.uuid4().hex[:8]}",
            "hidden": sorted(hide),
            "able": {n: n not in (*self._locked, "pause", "stop") for n in settings.NAMES},
            "offers": settings.offers(tasks) | {"gates": list(LSTM_GATES), "tabs": list(TABS)},
        }
        super().__init__(**given)
        self.show_scenario(asked)
        listen(self)

    def __del__(self) -> None:
        """Does nothing: ipywidgets would close whatever was refused before it was whole."""

    # ------------------------------------------------------------ what the controls ask for

    @property
    def asked(self) -> Scenario:
        """What the controls ask for.

        Raises:
            DropvizError: If the settings cannot act together.
        """
        values = {name: getattr(self, name) for name in (*settings.SETTINGS, *settings.SWITCHES)}
        return settings.scenario_of(values, self._own)

    @property
    def rests(self) -> bool:
        """Whether the method has nothing for the second slider to act on."""
        return settings.is_idle(self.method, self._own)

    def show_scenario(self, asked: Scenario) -> None:
        """Puts every control where a scenario says."""
        self._own = asked.spec
        shown = {name: getattr(asked.spec, name) for name in settings.SETTINGS}
        if self._endless:
            shown["epochs"] = None
        if settings.is_idle(asked.spec.method, asked.spec):
            shown["recurrent_dropout"] = self.recurrent_dropout
        self.move(**shown, freeze=False, quiz=asked.quiz)
        if not self.moment.training:
            self.update(concealed=asked.quiz)
        self.follow_controls()

    def show_rates(self, wanted: Change) -> None:
        """Puts the controls that act while it trains where they are wanted."""
        self.move(
            dropout=wanted.dropout,
            recurrent_dropout=self.recurrent_dropout if self.rests else wanted.recurrent_dropout,
            freeze=wanted.frozen,
        )

    def move(self, **values: Any) -> None:
        """Puts some controls somewhere without telling what listens to a person's moves.

        What a control may be is not checked here, beyond the type of its trait.
        """
        with self._quiet:
            for name, value in values.items():
                setattr(self, name, value)

    def on_press(self, presses: Mapping[str, Press]) -> None:
        """Says what the buttons do, by their names."""
        self._presses |= presses

    def on_move(self, listener: Moved) -> None:
        """Calls a listener with the name of whatever is moved that is no button."""
        self._moved = listener

    def press(self, name: str) -> None:
        """Presses a button.

        Args:
            name: The button's name; of one that is none, or cannot be pressed now, nothing comes.
        """
        if self.able.get(name, True) and name in self._presses:
            self._presses[name]()

    def follow_controls(self) -> None:
        """Takes over what the controls show, and says what it means.

        Raises:
            DropvizError: If the settings cannot act together.
        """
        self.take_over()
        self.say_what_controls_mean()

    def take_over(self) -> None:
        """Takes over what the controls show, and says nothing yet; as ``follow_controls``."""
        spec = self.asked.spec
        self.update(spec=spec, shape=self._shapes[spec.task])

    def say_what_controls_mean(self) -> None:
        """Says what was taken over in words and in lines that do the same elsewhere."""
        asked = self.asked
        self.write_copies()
        self.move(scenario=str(asked))
        note = settings.note_of(asked.spec, self.recurrent_dropout)
        self.note = "" if self.moment.concealed else note
        self._allow(recurrent_dropout=not self.rests)

    def write_copies(self) -> None:
        """Writes the lines that do the same elsewhere: those of the run that is shown."""
        self.copies = settings.copies_of(Scenario(self.moment.ran, self.quiz), self.moment.cut)

    # ------------------------------------------------------------ what there is to see

    @property
    def moment(self) -> Moment:
        """What there is to see now."""
        with self._moment_lock:
            return self._moment

    def update(self, **values: Any) -> None:
        """Changes what there is to see; nothing is sent yet."""
        with self._moment_lock:
            self._moment = replace(self._moment, **values)

    def say(self, status: str, *, alert: bool = False, last: bool = False) -> None:
        """Says what is going on, or what went wrong.

        Args:
            status: A sentence.
            alert: Whether something went wrong.
            last: Whether it stays whatever is said later, by a thread that is ending.
        """
        if self._over:
            return
        self._over = last
        self.alert, self.status = alert, visible(status)

    def follow(self, state: str) -> None:
        """Lets those controls be used that act in a state.

        Args:
            state: One of those of ``state``.
        """
        if self.closed:
            return
        self.update(state=state)
        able = settings.able_while(training=self.moment.training)
        self._allow(**able | {"recurrent_dropout": not self.rests})
        self.state = state
        if self.closed:
            self.state = "closed"  # it was closed meanwhile, by another thread

    @property
    def closed(self) -> bool:
        """Whether it does nothing any more but show what was recorded."""
        return self.moment.closed

    def shut(self, words: str) -> None:
        """Takes the questions away, and has nothing moved any more but what is looked at.

        Args:
            words: What is said last.
        """
        self.update(closed=True)
        self.state = "closed"
        self.questions.close()
        self.able = dict.fromkeys(self.able, False)
        self.say(words, alert=True, last=True)

    # ------------------------------------------------------------ how it hangs together

    @validate(*settings.CHECKED, "sample")
    def _checked(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if self._quiet.on:
            return value
        if name == "sample":
            # What is wanted is kept for larger batches; the trait says what is shown.
            self.update(sample=value)
            return self.moment.shown_sample
        return settings.checked(name, value, self._shapes)

    @observe(*settings.SETTINGS, *settings.SWITCHES, "speed", "scenario", *SHOWS)
    def _on_trait(self, change: Any) -> None:
        name = change["name"]
        if self._quiet.on or self._moved is None or (self.closed and name not in SHOWS):
            return
        if name == "scenario":
            self._endless = not settings.says_epochs(change["new"])
            self.show_scenario(parse(change["new"]))
            name = "dropout"  # whatever moved, the wanted rates are those of now
        if name in SHOWS:
            self.update(gate=self.gate if self.gate in LSTM_GATES else None)
        self._moved(name)

    def _content(self) -> dict[str, Any]:
        moment = self.moment
        try:
            made = content(moment, self.tab)
            self.move(sample=moment.shown_sample)
        # A picture that fails must not take the panel with it.
        except Exception as error:  # noqa: BLE001
            self.say(f"{self.tab} could not be drawn: {error}", alert=True)
            return {"tab": self.tab, "words": []}
        return made

    def _sent(self, message: Mapping[str, Any]) -> int:
        # As text, which the kernel writes once more as one string: no walk through its lists.
        text = json.dumps(message, separators=(",", ":"))
        self.send({"kind": "picture", "text": text})
        return len(text)

    def _allow(self, **able: bool) -> None:
        """Lets controls be moved or not; those that are locked, or of a closed one, never are."""
        with self._moment_lock:
            locked = self.able if self.closed else self._locked
            allowed = {name: yes and name not in locked for name, yes in able.items()}
            if {**self.able, **allowed} != self.able:
                self.able = {**self.able, **allowed}
