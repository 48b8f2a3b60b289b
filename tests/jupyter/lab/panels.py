"""A panel of the lab in this process, with hands on its controls and on its training."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.schedule import Change
from dropviz.core.setting import Setting
from dropviz.core.task import Task
from dropviz.jupyter.lab.lab import Lab
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.settings import NAMES
from dropviz.studies.steering import Steering

SECONDS = 180  # that a test waits for a thread before it says that it hangs
BATCHES = 2  # of an epoch of the task below, the last one partial
THREADS = ("dropviz-worker",)


def tiny(name: str = "tiny") -> Task:
    """Makes a task of random sequences, whose class is the sign of their sum."""
    x = np.random.default_rng(0).normal(size=(104, 4, 3)).astype("float32")
    y = (x.sum(axis=(1, 2)) > 0).astype("int64")
    return Task(name, x[:88], y[:88], x[88:], y[88:], learning_rate=0.01, title="a sign")


def of_setting(
    setting: Setting, units: int = 9, batches: int = 3, samples: int = 5
) -> LayerRecording:
    """Makes a recording by hand, with one mask for a sequence and a gate."""
    sites = {}
    for number, rule in enumerate(setting.rules):
        shape = (batches, 1, 4 if rule.tying else 1, samples, units)
        kept = np.random.default_rng(number).random(shape) >= (rule.rate or 0.5)
        sites[rule.site] = Masks(
            layer="lstm",
            site=rule.site,
            values=np.where(kept, np.float32(rule.kept), np.float32(0)),
            rate=rule.rate,
            gates=("i", "f", "g", "o"),
            time_steps=4,
            batch_sizes=(samples,) * batches,
            batches=tuple(range(batches)),
            reason="" if rule.rate else "nothing is dropped: the rate is 0.",
        )
    return LayerRecording("lstm", "LSTM", units, batches, sites, setting=setting)


def text_of(markup: str) -> str:
    """What a person reads of some HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


@dataclass
class Control:
    """One of the panel's controls, as a person meets it."""

    panel: Panel
    name: str

    @property
    def value(self) -> Any:
        return getattr(self.panel, self.name)

    @value.setter
    def value(self, value: Any) -> None:
        setattr(self.panel, self.name, value)

    @property
    def disabled(self) -> bool:
        return not self.panel.able[self.name]

    def click(self) -> None:
        tell(self.panel, kind="press", name=self.name)


def tell(panel: Panel, **message: Any) -> None:
    """Sends a message as a front end does."""
    panel._handle_custom_msg(message, [])


@dataclass
class OpenedPanel:
    """A panel with a front end that paints at once, and what a person does to it."""

    lab: Lab
    pictures: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._new = threading.Condition()
        self.lab.send = self._got

    def _got(self, message: dict[str, Any], buffers: Any = None) -> None:
        del buffers
        picture = json.loads(message["text"])
        with self._new:
            self.pictures.append(picture)
            self._new.notify_all()
        tell(self.lab, kind="painted", number=picture["number"])

    @property
    def steering(self) -> Steering:
        return self.lab._worker.steering

    def at(self, name: str) -> Control:
        """A control by its name."""
        return Control(self.lab, name)

    @property
    def able(self) -> set[str]:
        """The controls that can be moved or pressed."""
        return {name for name in NAMES if self.lab.able[name]}

    def slide(self, **values: Any) -> None:
        for name, value in values.items():
            self.at(name).value = value

    def press(self, name: str) -> None:
        self.at(name).click()

    def open(self, view: str) -> None:
        self.lab.tab = view

    def page(self, view: str) -> dict[str, Any]:
        """What a view showed last."""
        return next(each for each in reversed(self.pictures) if each["tab"] == view)

    def words(self, view: str) -> str:
        """What can be read of it, its alt texts included."""
        page = self.page(view)
        alts = [each["alt"] for each in page.get("pictures", [])]
        return " ".join([*alts, *page.get("words", []), page.get("coming", "")])

    @property
    def said(self) -> str:
        return str(self.lab.status)

    @property
    def alert(self) -> bool:
        return bool(self.lab.alert)

    @property
    def line(self) -> str:
        """The line that does the same without the panel."""
        return str(self.lab.copies["magic"])

    @contextmanager
    def new_picture(self, view: str = "Where") -> Iterator[None]:
        """Waits, at the end of the block, for a view to be shown anew."""
        before = len(self.pictures)
        yield
        with self._new:
            came = lambda: any(each["tab"] == view for each in self.pictures[before:])  # noqa: E731
            assert self._new.wait_for(came, SECONDS)

    def settle(self) -> None:
        """Waits for the thread that trains to have done what it was asked until now."""
        done = threading.Event()
        self.steering.ask("settle", done.set)
        assert done.wait(SECONDS)

    def train(self) -> None:
        """Presses Train and waits for the end."""
        self.press("train")
        self.rest()

    def rest(self) -> None:
        """Waits for every training that was asked for to end, with its static copy."""
        wait(self.lab._worker._waiting, SECONDS)
        assert not self.lab._worker._waiting

    def answer(self, *, anew: bool = False) -> None:
        """Answers all questions of the quiz."""
        while self.lab.question:
            marks = [False] * len(self.lab.question["given"])
            tell(self.lab, kind="reveal", marks=marks, anew=anew)
            tell(self.lab, kind="next")


@dataclass
class Pace:
    """Holds a training before a batch, and lets it go."""

    batch: int | None = None
    asked: list[int] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def hold(self, batch: int) -> None:
        """Has the next training stand still before this batch."""
        self.batch = batch
        self.reached.clear()
        self.free.clear()

    def wait(self) -> None:
        assert self.reached.wait(SECONDS)

    def go(self) -> None:
        self.batch = None
        self.free.set()

    def before(self, batch: int) -> None:
        self.asked.append(batch)
        if batch == self.batch:
            self.reached.set()
            self.free.wait(SECONDS)


@contextmanager
def paced(monkeypatch: Any) -> Iterator[Pace]:
    """Puts a hand on every training in the block."""
    pace, at = Pace(), Steering.at

    def slowed(steering: Steering, batch: int) -> Change:
        pace.before(batch)
        return at(steering, batch)

    monkeypatch.setattr(Steering, "at", slowed)
    yield pace
    pace.go()


def threads() -> list[threading.Thread]:
    """Lists the threads of panels that live."""
    return [each for each in threading.enumerate() if each.name in THREADS]
