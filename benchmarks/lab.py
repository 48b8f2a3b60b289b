"""The lab in a real browser, and in this process: how soon it answers, and what it keeps."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.pairs import Ratio, paired
from tests.browser.stage import Notebook, browser, end_kernels, server, write

_MIB = 2**20
_MOVES = 40
# Resolves once a visible picture's alt text holds the words, after the next key press.
_UNTIL = """
(alt) => { window.answer = new Promise((done) => {
  let pressed = null;
  document.addEventListener("keydown", () => { pressed ??= performance.now(); },
                            {capture: true, once: true});
  const there = () => [...document.querySelectorAll("img")].some(
    (img) => img.alt.includes(alt) && img.complete && img.offsetParent !== null);
  const watch = new MutationObserver(() => {
    if (pressed === null || !there()) return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - pressed));
  });
  watch.observe(document.body, {childList: true, subtree: true, attributes: true});
}); }
"""


@dataclass(frozen=True)
class Browser:
    """What was measured in JupyterLab.

    Attributes:
        visible: Seconds from running the cell to a visible panel, in fresh kernels.
        idle: Milliseconds from a key on a slider to the new picture, before training.
        training: The same while a training is under way.
        stop: Seconds from pressing Stop to the line that says so.
    """

    visible: list[float]
    idle: list[float]
    training: list[float]
    stop: list[float]


def in_browser(kernels: int = 5) -> Browser:
    """Drives JupyterLab in the system's Chromium."""
    found = Browser([], [], [], [])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cell = "%load_ext dropviz\n%lstm_lab lstm:u16:d.2:r.5:e2000"
        with server(folder) as address, browser() as chromium:
            for number in range(kernels):
                page = chromium.new_page(viewport={"width": 1500, "height": 1000})
                notebook = Notebook(page, folder)
                write(folder, f"{number}.ipynb", [cell])
                notebook.open(address, f"{number}.ipynb")
                page.wait_for_timeout(2000)
                began = time.perf_counter()
                notebook.start(0)
                notebook.see('button:text-is("Train")')
                found.visible.append(time.perf_counter() - began)
                notebook.says("ready: move")
                if number == 0:
                    _slide(notebook, found.idle, "dropout={:g} ")
                notebook.press("Train")
                notebook.picture("LSTM layer lstm unrolled")
                notebook.trained(4)
                if number == 0:
                    _slide(notebook, found.training, "input: rate {:g};")
                began = time.perf_counter()
                notebook.press("Stop")
                notebook.says("stopped after")
                found.stop.append(time.perf_counter() - began)
                page.close()
                end_kernels(address)
    return found


def _slide(notebook: Notebook, found: list[float], words: str) -> None:
    for number in range(_MOVES):
        key, rate = (("ArrowLeft", 0.2), ("ArrowRight", 0.25))[1 - number % 2]
        notebook.page.evaluate(_UNTIL, words.format(rate))
        notebook.slide("dropout", key)
        found.append(notebook.page.evaluate("() => window.answer"))
        notebook.page.wait_for_timeout(150)


def pace(*, anew: bool, epochs: int = 20, pairs: int = 15) -> Ratio:
    """A training in the panel over the same training plain.

    Args:
        anew: Whether the plain side makes its model, as the panel's code does; else it goes
            on with one that is compiled and traced.
        epochs: Of each training.
        pairs: How many pairs.

    Returns:
        The ratio.
    """
    call = f"_pace({anew}, {epochs}, {pairs})"
    result = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.lab import _pace; {call}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Ratio(**json.loads(result.stdout.splitlines()[-1]))


def _pace(anew: bool, epochs: int, pairs: int) -> None:  # noqa: FBT001
    import dataclasses

    import keras

    import dropviz
    from dropviz.core.scenario_string import Scenario
    from dropviz.core.spec import RunSpec
    from dropviz.core.tasks import load_task
    from dropviz.studies.fitting import build, fit
    from dropviz.studies.on_and_off import OnAndOff
    from dropviz.studies.progress import CurveCollector

    spec = RunSpec(dropout=0.2, recurrent_dropout=0.5, epochs=epochs)
    panel = dropviz.lab(Scenario(spec))
    panel.train()
    task = load_task(spec.task)
    # A layer of constant rates, with the same evaluations, neither recorded nor drawn.
    model = build(spec, task)

    def plain() -> None:
        if anew:
            keras.utils.set_random_seed(spec.seed)
        fitted = build(spec, task) if anew else model
        fit(fitted, spec, task, [], CurveCollector(None, OnAndOff(fitted, task)))

    plain()
    print(json.dumps(dataclasses.asdict(paired(plain, panel.train, pairs))))


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


def grown(moves: int = 200, trainings: int = 20) -> float:
    """MiB by which the process grew from the first training to the last, with moves."""
    result = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.lab import _grown; _grown({moves}, {trainings})"],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(result.stdout.splitlines()[-1])


def _grown(moves: int, trainings: int) -> None:
    import dropviz

    panel = dropviz.lab("lstm:u16:d.2:r.5:e2")
    panel.train()
    slider = panel._panel.controls.by_name["dropout"]
    before = _resident()
    for number in range(trainings):
        for move in range(moves // trainings):
            slider.value = 0.05 * (1 + (number + move) % 15)
            panel._panel.draw_thread.now()
        panel.train()
    print(_resident() - before)


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / _MIB)


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return statistics.quantiles(values, n=20)[-1]
