"""Two places to run cells in: a real kernel, and a shell in this process."""

from __future__ import annotations

import atexit
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from dropviz.figures.theme import Picture
from dropviz.jupyter.lab.lab import close_all, lab

from .lab.panels import SECONDS as PATIENCE
from .lab.panels import OpenedPanel, Pace, paced, threads, tiny

ROOT = Path(__file__).parents[2]
SECONDS = 120  # for one cell, on two shared cores
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# A cell that makes a small model and its data.
MODEL = """
import keras
import numpy as np
x = np.random.default_rng(0).normal(size=(64, 6, 3)).astype("float32")
y = x.sum(axis=(1, 2))
model = keras.Sequential([keras.Input((6, 3)), keras.layers.LSTM(4, dropout=.3, name='lstm'),
                          keras.layers.Dense(1)])
model.compile("adam", "mse")
"""

Shell = Any  # InteractiveShell's methods carry no types
Output = Mapping[str, Any]


def plain(text: str) -> str:
    """Text without its terminal colours."""
    return _COLOURS.sub("", text)


# ---------------------------------------------------------------- a real kernel


@dataclass(frozen=True)
class Cell:
    """A cell as it stands in the saved notebook, and what was sent while it ran."""

    saved: Any
    sent: tuple[Output, ...]

    @property
    def count(self) -> int | None:
        count: int | None = self.saved.execution_count
        return count

    @property
    def outputs(self) -> list[Output]:
        return list(self.saved.outputs)

    def stream(self, name: str) -> str:
        return "".join(each["text"] for each in self.outputs if each.get("name") == name)

    @property
    def bundles(self) -> list[Output]:
        """The data of what was displayed or returned, by MIME type."""
        return [each["data"] for each in self.outputs if "data" in each]

    @property
    def pictures(self) -> list[Output]:
        return [each for each in self.outputs if "image/png" in each.get("data", {})]

    @property
    def value(self) -> str:
        """The value of the last expression, as text."""
        (value,) = (each for each in self.outputs if each["output_type"] == "execute_result")
        text: str = value["data"]["text/plain"]
        return text

    @property
    def errors(self) -> list[Output]:
        return [each for each in self.outputs if each["output_type"] == "error"]

    @property
    def error(self) -> str:
        """What a person reads of the only error."""
        (error,) = self.errors
        return plain("\n".join(error["traceback"]))

    def sent_as(self, kind: str) -> list[Output]:
        return [each["content"] for each in self.sent if each["msg_type"] == kind]


@dataclass(frozen=True)
class Executed:
    """A notebook that was run, its cells by the names that a test gave them."""

    notebook: Any
    cells: dict[str, Cell]

    def __getitem__(self, name: str) -> Cell:
        return self.cells[name]

    @property
    def outputs(self) -> list[Output]:
        return [output for cell in self.cells.values() for output in cell.outputs]


def words(executed: Executed, name: str) -> Any:
    """The bundle that holds the words of the report."""
    (bundle,) = (each for each in executed[name].bundles if "<strong>" in each.get("text/html", ""))
    return bundle


class _Client(NotebookClient):  # type: ignore[misc]
    def __init__(self, notebook: Any, **kwargs: Any) -> None:
        super().__init__(notebook, **kwargs)
        self.sent: dict[int, list[Output]] = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        self.sent.setdefault(cell_index, []).append(msg)
        return super().process_message(msg, cell, cell_index)


@dataclass
class Kernel:
    """A kernel that runs one notebook after the other, as *Run All* does.

    Its environment is a stranger's: nothing quietens TensorFlow or chooses a backend.
    """

    folder: Path
    _manager: Any = field(default_factory=lambda: AsyncKernelManager(kernel_name="python3"))

    def run_all(self, cells: Mapping[str, str], *, allow_errors: bool = True) -> Executed:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells.values()],
            metadata={
                "kernelspec": {
                    "name": "python3",
                    "display_name": "Python 3",
                    "language": "python",
                }
            },
        )
        # As every front end joins what one stream says in a row, in however many messages it came.
        how = {"timeout": SECONDS, "allow_errors": allow_errors, "coalesce_streams": True}
        client = _Client(notebook, km=self._manager, **how)
        try:
            client.execute(env=self._environment(), cwd=str(self.folder))
        except CellExecutionError:
            assert not allow_errors
        finally:
            client.kc.stop_channels()
        return Executed(
            notebook,
            {
                name: Cell(notebook.cells[number], tuple(client.sent.get(number, ())))
                for number, name in enumerate(cells)
            },
        )

    def _environment(self) -> dict[str, str]:
        ours = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(self.folder)}
        quiet = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")
        return {name: value for name, value in os.environ.items() if name not in quiet} | ours

    def stop(self) -> None:
        run_sync(self._manager.shutdown_kernel)(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("kernel"))
    yield started
    started.stop()


# ---------------------------------------------------------------- a shell in this process


@dataclass(frozen=True)
class Ran:
    """What a cell showed in a shell of this process."""

    stdout: str
    stderr: str
    shown: list[Output]
    error: BaseException | None

    @property
    def texts(self) -> list[str]:
        return [each["data"]["text/plain"] for each in self.shown]

    @property
    def report(self) -> str:
        """The words of the report."""
        (words,) = (
            each["data"]["text/plain"]
            for each in self.shown
            if not each["update"] and "<strong>" in each["data"].get("text/html", "")
        )
        text: str = words
        return text


@dataclass(frozen=True)
class InProcess:
    """A shell of this process, without a kernel."""

    shell: Shell

    @property
    def names(self) -> dict[str, Any]:
        names: dict[str, Any] = self.shell.user_ns
        return names

    def run(self, cell: str) -> Ran:
        with capture_output() as captured:
            result = self.shell.run_cell(cell, store_history=True)
        return Ran(
            plain(captured.stdout),
            captured.stderr,
            [
                {"data": each.data, "metadata": each.metadata, "update": each.update}
                for each in captured.outputs
            ],
            result.error_before_exec or result.error_in_exec,
        )


@contextmanager
def shell_of(kind: Any) -> Iterator[Shell]:
    config = Config()
    config.HistoryManager.enabled = False
    made = kind(config=config)
    yield made
    made.atexit_operations()
    atexit.unregister(made.atexit_operations)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Shell]:
    """IPython's only shell of this process; the extension is not loaded yet."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    # A shell puts its own module in this place.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    InteractiveShell.clear_instance()
    with shell_of(InteractiveShell.instance) as made:
        yield made
    InteractiveShell.clear_instance()


@pytest.fixture
def other_shell(shell: Shell) -> Iterator[Shell]:
    """A second shell, with the extension loaded."""
    del shell
    with shell_of(InteractiveShell) as made:
        made.run_line_magic("load_ext", "dropviz")
        yield made


@pytest.fixture
def ipython(shell: Shell) -> InProcess:
    """A shell with the extension loaded."""
    shell.run_line_magic("load_ext", "dropviz")
    return InProcess(shell)


# ---------------------------------------------------------------- panels of the lab


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that train at once, without seconds of compiling; pictures of no pixels."""
    compiled = keras.Sequential.compile
    monkeypatch.setattr(Picture, "frame", lambda *_: b"")
    monkeypatch.setattr(
        keras.Sequential, "compile", functools.partialmethod(compiled, run_eagerly=True)
    )


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pace]:
    with paced(monkeypatch) as hand:
        yield hand


@pytest.fixture
def notebook(shell: Shell) -> Shell:
    """A shell that looks like a kernel's."""
    shell.kernel = object()
    return shell


@pytest.fixture
def opened(notebook: Shell, pace: Pace) -> Iterator[Callable[..., OpenedPanel]]:
    """Opens panels of a tiny task, as a cell does; closes them at the end."""
    del notebook

    def make(scenario: str = "lstm:u4:d.2:r.5:e1:s3", **given: Any) -> OpenedPanel:
        panel = OpenedPanel(lab(scenario, **({"task": tiny()} | given)))
        panel.lab.show()
        return panel

    yield make
    pace.go()
    close_all()
    for thread in threads():
        thread.join(PATIENCE)
    assert threads() == []
