"""The lab in a real browser, and in this process: how soon it answers, and what it keeps."""

from __future__ import annotations

import gc
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.pairs import Ratio, paired
from tests.browser.stage import Notebook, browser, end_kernels, server, write

_MIB = 2**20
_MOVES = 40
_SECONDS = 8  # that redraws are counted for
# Resolves once a visible picture's alt text holds the words, after the next key press.
_UNTIL = """
(alt) => { window.answer = new Promise((done) => {
  let pressed = null;
  addEventListener("keydown", () => { pressed ??= performance.now(); },
                   {capture: true, once: true});
  const there = () => [...document.querySelectorAll(".dropviz-scene")].some(
    (scene) => scene.ariaLabel.includes(alt) && scene.offsetParent !== null);
  const watch = new MutationObserver(() => {
    if (pressed === null || !there()) return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - pressed));
  });
  watch.observe(document.body, {childList: true, subtree: true, attributes: true});
}); }
"""
_PAINTED = "() => Number(document.querySelector('.dropviz-lab-content').dataset.painted)"
_HEAP = "() => performance.memory.usedJSHeapSize"
# Pairs of trainings in the kernel of a panel that is seen; the panel answers each picture.
_PACE = """
import dataclasses, json
from benchmarks.lab import pace
print("RESULT" + json.dumps(dataclasses.asdict(pace(panel, {pairs}))))
"""
_GROWN = """
from benchmarks.lab import grown
print("RESULT" + str(grown(panel, {moves}, {trainings})))
"""


@dataclass(frozen=True)
class Browser:
    """What was measured in JupyterLab, with the panel on the screen.

    Attributes:
        visible: Seconds from running the cell to a visible panel, in fresh kernels.
        first: Seconds from pressing Train to the first recorded masks on the screen, Keras
            loaded, of models that are not compiled yet.
        idle: Milliseconds from a key on a slider to the new picture, before training.
        training: The same while a training is under way.
        masks: Redraws a second of the masks, while it trains at full speed.
        curves: The same of the curves.
        bytes: Of a message with the masks of a batch.
        stop: Seconds from pressing Stop to the line that says so.
    """

    visible: list[float]
    first: list[float]
    idle: list[float]
    training: list[float]
    masks: list[float]
    curves: list[float]
    bytes: list[float]
    stop: list[float]


def in_browser(kernels: int = 5) -> Browser:
    """Drives JupyterLab in the system's Chromium."""
    found = Browser([], [], [], [], [], [], [], [])
    cells = ["%load_ext dropviz\n%lstm_lab lstm:u32:d.2:r.5 --into panel", "panel.sender.bytes"]
    for number in range(kernels):
        with _panel(cells) as notebook:
            found.visible.append(notebook.seconds)
            notebook.says("ready: move")
            if number == 0:
                _slide(notebook, found.idle, "dropout={:g} ")
            began = time.perf_counter()
            notebook.press("Train")
            notebook.picture("LSTM layer lstm unrolled")
            found.first.append(time.perf_counter() - began)
            notebook.trained(2)
            if number == 0:
                _slide(notebook, found.training, "input: rate {:g};")
            for tab, rates in (("Masks", found.masks), ("Curves", found.curves)):
                notebook.turn(tab)
                notebook.next_picture(3)
                rates.append(_redraws(notebook))
                if tab == "Masks":
                    notebook.run(1)
                    found.bytes.append(float(notebook.output(1)))
            began = time.perf_counter()
            notebook.press("Stop")
            notebook.says("stopped after")
            found.stop.append(time.perf_counter() - began)
    return found


class _Stage(Notebook):
    """A notebook with a panel.

    Attributes:
        seconds: From running the panel's cell to the visible panel.
    """

    seconds = 0.0

    def output(self, number: int) -> str:
        """What a cell printed or returned last."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        text: str = cell.locator(".jp-OutputArea-output").last.inner_text()
        return text


@contextmanager
def _panel(cells: list[str]) -> Iterator[_Stage]:
    """A panel in JupyterLab, in a kernel of its own."""
    with tempfile.TemporaryDirectory() as name, browser() as chromium:
        folder = Path(name)
        with server(folder) as address:
            page = chromium.new_page(viewport={"width": 1366, "height": 768})
            notebook = _Stage(page, folder)
            write(folder, "lab.ipynb", cells)
            notebook.open(address, "lab.ipynb")
            page.wait_for_timeout(2000)
            began = time.perf_counter()
            notebook.start(0)
            notebook.see('button:text-is("Train")')
            notebook.seconds = time.perf_counter() - began
            page.evaluate("document.querySelector('.dropviz-lab').scrollIntoView()")
            yield notebook
            end_kernels(address)


def _redraws(notebook: Notebook) -> float:
    before, began = notebook.page.evaluate(_PAINTED), time.perf_counter()
    notebook.page.wait_for_timeout(1000 * _SECONDS)
    return float(notebook.page.evaluate(_PAINTED) - before) / (time.perf_counter() - began)


def _slide(notebook: Notebook, found: list[float], words: str) -> None:
    for number in range(_MOVES):
        key, rate = (("ArrowLeft", 0.2), ("ArrowRight", 0.25))[1 - number % 2]
        notebook.page.evaluate(_UNTIL, words.format(rate))
        notebook.slide("dropout", key)
        found.append(notebook.page.evaluate("() => window.answer"))
        notebook.page.wait_for_timeout(150)


def _in_panel(cell: str, scenario: str, tab: str, seconds: float) -> tuple[str, float]:
    """Runs a cell beside a panel that is seen; its result, and MiB by which the page grew."""
    cells = [f"%load_ext dropviz\n%lstm_lab {scenario} --into panel", "panel.train().status", cell]
    with _panel(cells) as notebook:
        notebook.says("ready: move")
        notebook.turn(tab)
        notebook.run(1)
        notebook.page.evaluate("document.querySelector('.dropviz-lab').scrollIntoView()")
        before = notebook.page.evaluate(_HEAP)
        notebook.start(2)
        notebook.page.evaluate("document.querySelector('.dropviz-lab').scrollIntoView()")
        found = notebook.page.locator(".jp-OutputArea-output:has-text('RESULT')")
        found.wait_for(timeout=1000 * seconds)
        grown = (notebook.page.evaluate(_HEAP) - before) / _MIB
        text: str = found.last.inner_text()
    return text.split("RESULT")[1].splitlines()[0], grown


def pace_in_browser(pairs: int = 15, tab: str = "Masks") -> Ratio:
    """A training in a panel that is seen over the same training plain, compiled before.

    Args:
        pairs: How many pairs.
        tab: The tab that is open.

    Returns:
        The ratio, of trainings of 20 epochs.
    """
    found, _ = _in_panel(_PACE.format(pairs=pairs), "lstm:d.2:r.5:e20", tab, 60 * pairs)
    return Ratio(**json.loads(found))


def pace(panel: Any, pairs: int) -> Ratio:
    """Trains in a panel and plain, in turn, in this process."""
    from dropviz.core.tasks import load_task
    from dropviz.studies.fitting import build, fit
    from dropviz.studies.on_and_off import OnAndOff
    from dropviz.studies.progress import CurveCollector

    spec = panel.asked.spec
    task = load_task(spec.task)
    # A layer of constant rates, with the same evaluations, neither recorded nor drawn.
    model = build(spec, task)

    def plain() -> None:
        fit(model, spec, task, [], CurveCollector(None, OnAndOff(model, task).at_once))

    plain()
    panel.train()
    return paired(plain, panel.train, pairs)


def next_batch(moves: int = 50) -> tuple[int, int]:
    """How many moves of a slider acted on the very next batch, and how many there were."""
    from dropviz.core.spec import RunSpec
    from dropviz.core.tasks import load_task
    from dropviz.studies.session import Session
    from dropviz.studies.steering import Steering

    spec = RunSpec(dropout=0.2, recurrent_dropout=0.5, epochs=10, units=8)
    steering, ended = Steering(spec), [0]
    moved: list[int] = []

    def listen(progress: Any) -> None:
        if not progress.batch:
            return
        ended[0] += 1
        if ended[0] % 4 == 0 and len(moved) < moves:
            steering.move(dropout=0.2 + 0.01 * (1 + len(moved)))
            moved.append(ended[0])

    with Session(spec, load_task("digits")) as session:
        run = session.train(spec, steering, listen)
    acted = [change.batch for change in (run.spec or spec).schedule]
    return sum(one == other for one, other in zip(moved, acted, strict=True)), len(moved)


def grown_in_browser(moves: int = 200, trainings: int = 20) -> tuple[float, float]:
    """MiB by which the kernel and the page grew over moves and trainings."""
    cell = _GROWN.format(moves=moves, trainings=trainings)
    found, page = _in_panel(cell, "lstm:u16:d.2:r.5:e2", "Where", 60 * trainings)
    return float(found), page


def grown(panel: Any, moves: int, trainings: int) -> float:
    """MiB by which this process grows over moves and trainings in a panel."""
    before = _resident()
    for number in range(trainings):
        for move in range(moves // trainings):
            panel.dropout = 0.05 * (1 + (number + move) % 15)
        panel.train()
    return _resident() - before


def kept_by_shape(trainings: int = 12) -> float:
    """MiB that stay of each training that is of another shape than the one before."""
    call = f"from benchmarks.lab import _kept_by_shape; _kept_by_shape({trainings})"
    result = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=True
    )
    return float(result.stdout.splitlines()[-1])


def _kept_by_shape(trainings: int) -> None:
    import dropviz
    from dropviz.core.methods import METHODS

    panel = dropviz.lab("lstm:u16:d.2:r.5:e1")
    panel.train()
    before = _resident()
    methods, tasks = itertools.cycle(METHODS), itertools.cycle(("temporal-order", "digits"))
    for number in range(trainings):
        changed = (("units", 17 + number), ("method", next(methods)), ("task", next(tasks)))
        setattr(panel, *changed[number % 3])
        panel.train()
    print((_resident() - before) / trainings)


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / _MIB)


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return statistics.quantiles(values, n=20)[-1]
