"""Interrupts at chosen moments of a cell, and what must be true after each."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import keras
import numpy as np
from IPython.utils.capture import capture_output

import dropviz
from dropviz.core.tasks import load_task

Shell = Any
Line = tuple[str, int]

HOME = str(Path(dropviz.__file__).parent)
LONGEST = 30  # lines of what a person is shown of an interrupt
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# A model and its data; what is trained is quick to trace.
SETUP = """
import dropviz, keras, numpy as np
x = np.random.default_rng(0).normal(size=(24, 4, 3)).astype("float32")
y = x.sum(axis=(1, 2))
def made():
    model = keras.Sequential([keras.Input((4, 3)),
        keras.layers.LSTM(3, dropout=.3, recurrent_dropout=.2, name="lstm"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model
"""
CELL = """\
%%lstm_dropout --into run
model = made()
model.fit(x, y, validation_data=(x, y), epochs=2, batch_size=8, verbose=0)
figures = model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)
"""
LINE = "%lstm_dropout -d .3 -r .2 --units 3 --epochs 2 --into run"
# A cell of one's own, with no magic: what a person is shown of it is Python's.
RECORD = """\
model = made()
with dropviz.record(model) as recording:
    model.fit(x, y, validation_data=(x, y), epochs=2, batch_size=8, verbose=0)
    figures = model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)
"""


def plain(text: str) -> str:
    return _COLOURS.sub("", text)


# ---------------------------------------------------------------- moments


class Moment:
    """Sends one interrupt while a cell runs, and none outside of it."""

    def __init__(self) -> None:
        self.sent = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        yield

    def send(self) -> None:
        self.sent = True
        signal.raise_signal(signal.SIGINT)


class After(Moment):
    """An interrupt so many seconds after the cell began."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"after {self.seconds:.3f} s"

    @contextmanager
    def armed(self) -> Iterator[None]:
        timer = threading.Timer(self.seconds, self.send)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


class AtLine(Moment):
    """An interrupt as a line of dropviz is about to run; with None, only notes the lines.

    Attributes:
        lines: The lines that ran, each once, in their order.
    """

    def __init__(self, line: Line | None = None) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[Line, None] = {}

    def __repr__(self) -> str:
        return "nowhere" if self.line is None else f"at {self.line[0]}:{self.line[1]}"

    @contextmanager
    def armed(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, event: str, _: object) -> Any:
        if self.sent or not frame.f_code.co_filename.startswith(HOME):
            return None
        del event
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and not self.sent:
            here = str(Path(frame.f_code.co_filename).relative_to(HOME)), frame.f_lineno
            self.lines[here] = None
            if here == self.line:
                sys.settrace(None)
                self.send()
        return self._stepped


def at(file: str, text: str) -> AtLine:
    """An interrupt at the only line of a file of dropviz's that holds a text."""
    lines = (Path(HOME) / file).read_text(encoding="utf-8").splitlines()
    (found,) = (number for number, line in enumerate(lines, 1) if text in line)
    return AtLine((file, found))


# ---------------------------------------------------------------- a cell


@dataclass
class Stopped:
    """What came of a cell in which an interrupt was sent."""

    moment: Moment
    shown: str
    error: BaseException | None
    seconds: float
    faults: list[str] = field(default_factory=list)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Has an interrupt raise inside the block as in a kernel; a late one does no harm."""
    inside = True

    def handle(number: int, frame: FrameType | None) -> None:
        if inside:
            signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        inside = False
        signal.signal(signal.SIGINT, before)


def run_interrupted(shell: Shell, cell: str, moment: Moment) -> Stopped:
    """Runs a cell as a kernel does, with an interrupt at a moment."""
    error: BaseException | None = None
    began = time.perf_counter()
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown), capture_output(stderr=False) as captured:
        try:
            with _interruptible(), moment.armed():
                result = shell.run_cell(cell, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except KeyboardInterrupt as stop:
            error = stop
    took = time.perf_counter() - began
    return Stopped(moment, plain(captured.stdout + shown.getvalue()), error, took)


# ---------------------------------------------------------------- what must be true


@dataclass(frozen=True)
class Before:
    """What dropviz may change only while its cell runs."""

    keras: dict[type, dict[str, Any]]
    shell: dict[str, Any]
    threads: set[threading.Thread]
    handler: Any

    @classmethod
    def of(cls, shell: Shell) -> Before:
        kinds = (
            keras.Model,
            keras.layers.RNN,
            keras.layers.LSTM,
            keras.layers.LSTMCell,
            keras.optimizers.Optimizer,
            keras.optimizers.LossScaleOptimizer,
        )
        there = {kind: dict(vars(kind)) for each in kinds for kind in each.__mro__[:-1]}
        owned = {
            f"{type(owner).__name__}.{name}": vars(owner).get(name)
            for owner, names in (
                (shell, ("_showtraceback", "show_usage_error")),
                (shell.events, ("trigger",)),
                (shell.compile, ("cache",)),
            )
            for name in names
        }
        return cls(there, owned, set(threading.enumerate()), signal.getsignal(signal.SIGINT))

    def left(self, now: Before) -> list[str]:
        found = [
            f"left: {kind.__name__}.{name}"
            for kind, names in now.keras.items()
            for name, value in names.items()
            if self.keras[kind].get(name) is not value and not name.startswith("_abc_")
        ]
        found += [f"left: {k}" for k, v in now.shell.items() if self.shell[k] is not v]
        found += [f"left: {each}" for each in now.threads - self.threads if _ours(each)]
        if now.handler is not self.handler:
            found.append(f"left: handler {now.handler}")
        return found


def _ours(thread: threading.Thread) -> bool:
    return "dropviz" in repr(getattr(thread, "_target", "")) or "ThreadPool" in thread.name


def check_stop(stopped: Stopped, before: Before, after: Before, longest: int | None) -> None:
    """Notes what a person sees, and what is left behind."""
    faults = stopped.faults
    if not isinstance(stopped.error, KeyboardInterrupt):
        faults.append(f"ended with {stopped.error!r}"[:200])
    lines = stopped.shown.strip().splitlines()
    if longest is not None and len(lines) > longest:
        faults.append(f"{len(lines)} lines shown")
    ours = [line for line in lines if re.search(r"dropviz/\w", line)]
    if ours:
        faults.append(f"shows {ours[0].strip()}"[:160])
    faults += before.left(after)


def check_model(stopped: Stopped, name: str, model: Any, x: Any, y: Any) -> None:
    """Notes what a model can no longer do."""
    for layer in model.layers:
        if "inner_loop" in vars(layer):
            stopped.faults.append(f"{name}: inner_loop left")
    able: dict[str, Callable[[], Any]] = {
        "predict": lambda: model.predict(x, verbose=0),
        "fit": lambda: model.fit(x, y, epochs=1, verbose=0),
    }
    for what, do in able.items():
        try:
            if not np.all(np.isfinite(do().history["loss"] if what == "fit" else do())):
                stopped.faults.append(f"{name}: {what} gives no numbers")
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is a fault)
            stopped.faults.append(f"{name}: {what}: {error!r}"[:200])


def interrupt(shell: Shell, cell: str, moment: Moment, *, again: bool = False) -> Stopped:
    """Runs a cell with an interrupt, and says all that is wrong then.

    Args:
        shell: The shell, in which ``SETUP`` was run.
        cell: The cell.
        moment: When.
        again: Whether to run the cell once more, without an interrupt.

    Returns:
        What came of it, with its faults.
    """
    names = shell.user_ns
    for name in ("run", "model"):
        names.pop(name, None)
    before = Before.of(shell)
    stopped = run_interrupted(shell, cell, moment)
    if not moment.sent:
        return stopped
    longest = LONGEST if cell.startswith("%") else None
    check_stop(stopped, before, Before.of(shell), longest)
    run = names.get("run")
    x, y = names["x"], names["y"]
    if run is not None:
        if run.status != "stopped":
            stopped.faults.append(f"run says {run.status}")
        if run.spec is not None and run.model is not None:
            task = load_task(run.spec.task)
            check_model(stopped, "run.model", run.model, task.x[:64], task.y[:64])
    if names.get("model") is not None:
        check_model(stopped, "model", names["model"], x, y)
    if again:
        after = run_interrupted(shell, cell, Moment())
        if after.error is not None or "Traceback" in after.shown:
            stopped.faults.append(f"again: {after.error!r}"[:200])
    return stopped
