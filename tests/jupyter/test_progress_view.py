from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.curves import Curves
from dropviz.figures.theme import Picture
from dropviz.jupyter.progress_view import ProgressView
from dropviz.studies.progress import CurveCollector, Progress

from .conftest import InProcess, Shell

PAUSE = 0.2  # five times a second at most
TICK = 0.001


@dataclass
class Screen:
    """A display with a clock that runs only when told, or when showing takes time."""

    now: float = 0.0
    showing_takes: float = 0.0
    drawing_takes: float = 0.0
    outputs: int = 0
    shown: list[tuple[float, Mapping[str, str]]] = field(default_factory=list)
    drawn: list[Curves] = field(default_factory=list)

    def perf_counter(self) -> float:
        return self.now

    def display(self, bundle: Mapping[str, str], **_: Any) -> Screen:
        self.outputs += 1
        self.update(bundle)
        return self

    def update(self, bundle: Mapping[str, str], **_: Any) -> None:
        self.shown.append((self.now, bundle))
        self.now += self.showing_takes

    def curves(self, drawn: Curves, *, epochs: int) -> Picture:
        del epochs
        self.drawn.append(drawn)
        self.now += self.drawing_takes
        picture = Picture(20, 10)
        picture.alt = f"after {drawn.epochs}"
        return picture

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.shown]

    @property
    def last(self) -> Mapping[str, str]:
        return self.shown[-1][1]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> Screen:
    """A screen where displays are seen to arrive, in what looks like a kernel."""
    made = Screen()
    shell.kernel = object()
    monkeypatch.setattr("dropviz.jupyter.progress_view.time", made)
    monkeypatch.setattr("dropviz.jupyter.progress_view.display", made.display)
    return made


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, notebook: Screen) -> Screen:
    """The same, with pictures that cost only what a test says."""
    monkeypatch.setattr("dropviz.figures.curves.curves", notebook.curves)
    return notebook


NO_EPOCH = Curves()
ONE_EPOCH = Curves({"loss": [2.0]})


def progress(curves: Curves = NO_EPOCH, batch: int = 1) -> Progress:
    return Progress(
        epoch=curves.epochs, epochs=1000, batch=batch, batches=50, curves=curves, seconds=1.0
    )


def training(screen: Screen, epochs: int, seconds: float) -> Iterator[Progress]:
    """A training that tells how it goes a thousand times a second."""
    curves = NO_EPOCH
    for epoch in range(1, epochs + 1):
        ends = screen.now + seconds
        while screen.now < ends:
            yield progress(curves)
            screen.now += TICK
        curves = curves.extended({"loss": 1 / epoch})
        yield progress(curves, batch=0)


def test_the_first_news_is_shown_at_once(screen: Screen) -> None:
    ProgressView()(progress())

    assert screen.last["text/plain"] == "training: epoch 1 of 1000, batch 1 of 50"


def test_at_most_five_updates_are_shown_in_any_second(screen: Screen) -> None:
    view = ProgressView()

    for news in training(screen, epochs=20, seconds=0.5):
        view(news)

    sixth_after = np.array(screen.times[5:]) - np.array(screen.times[:-5])
    assert min(sixth_after) >= 1


def test_the_view_keeps_up_with_the_training(screen: Screen) -> None:
    view = ProgressView()

    for news in training(screen, epochs=20, seconds=0.5):
        view(news)

    assert len(screen.shown) >= 45  # of the 50 that ten seconds have room for


def test_the_pause_counts_from_the_end_of_showing(screen: Screen) -> None:
    screen.showing_takes = 0.5
    view = ProgressView()

    for news in training(screen, epochs=1, seconds=10):
        view(news)

    starts = np.array(screen.times)
    assert len(starts) > 10
    assert min(starts[1:] - (starts[:-1] + screen.showing_takes)) >= PAUSE


def test_nothing_is_drawn_before_an_epoch_has_ended(screen: Screen) -> None:
    view = ProgressView()

    for news in training(screen, epochs=1, seconds=3):
        view(news)

    assert len(screen.shown) > 10
    assert not screen.drawn
    assert "<img" not in screen.last["text/html"]


def test_curves_are_drawn_once_as_long_as_no_epoch_is_added(screen: Screen) -> None:
    view = ProgressView()

    for _ in range(50):
        screen.now += PAUSE + TICK
        view(progress(ONE_EPOCH))

    assert len(screen.shown) == 50
    assert screen.drawn == [ONE_EPOCH]


def test_curves_are_drawn_again_when_an_epoch_is_added(screen: Screen) -> None:
    view = ProgressView()
    more = ONE_EPOCH.extended({"loss": 1.0})

    for curves in (ONE_EPOCH, more):
        screen.now += PAUSE + TICK
        view(progress(curves))

    assert screen.drawn == [ONE_EPOCH, more]


def test_the_last_picture_stays_while_the_line_changes(screen: Screen) -> None:
    view = ProgressView()
    view(progress(ONE_EPOCH, batch=1))
    screen.now += PAUSE + TICK

    view(progress(ONE_EPOCH, batch=2))

    assert "batch 2 of 50" in screen.last["text/html"]
    assert 'alt="after 1"' in screen.last["text/html"]


@pytest.mark.full
@pytest.mark.parametrize("cost", [0.01, 0.06, 0.5])
def test_drawing_takes_a_few_hundredths_of_the_time(screen: Screen, cost: float) -> None:
    screen.drawing_takes = cost
    view = ProgressView()

    for news in training(screen, epochs=1000, seconds=0.1):
        view(news)

    assert len(screen.drawn) * cost / screen.now <= 0.03 + cost / screen.now


@pytest.mark.full
def test_drawing_goes_on_to_the_end_of_a_long_training(screen: Screen) -> None:
    screen.drawing_takes = 0.06
    view = ProgressView()

    for news in training(screen, epochs=1000, seconds=0.1):
        view(news)

    assert screen.drawn[-1].epochs > 950


def test_all_goes_to_one_output(screen: Screen) -> None:
    view = ProgressView()
    for news in training(screen, epochs=5, seconds=1):
        view(news)
    view.close("done")

    assert len(screen.shown) > 20
    assert screen.outputs == 1


def test_closing_leaves_one_line_without_a_picture(screen: Screen) -> None:
    view = ProgressView()
    view(progress(ONE_EPOCH))

    view.close("done: 3 s")

    assert screen.last["text/plain"] == "done: 3 s"
    assert re.fullmatch(r"<div[^>]*>done: 3 s</div>", screen.last["text/html"])


def test_closing_does_not_wait_for_the_next_update(screen: Screen) -> None:
    view = ProgressView()
    view(progress())

    view.close("done")

    assert screen.times == [0.0, 0.0]


def test_nothing_is_shown_where_nothing_happened(screen: Screen) -> None:
    ProgressView().close("done")

    assert not screen.shown


def test_markup_in_a_line_stays_text(screen: Screen) -> None:
    ProgressView().say("<b>1 & 2</b>")

    assert screen.last["text/plain"] == "<b>1 & 2</b>"
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in screen.last["text/html"]


def test_the_real_picture_keeps_its_size_and_has_alt_text(notebook: Screen) -> None:
    view = ProgressView()
    curves = NO_EPOCH
    for loss in (100.0, 1.0, float("nan")):
        curves = curves.extended({"loss": loss, "val_loss": loss})
        notebook.now += 100
        view(progress(curves))

    found = [
        re.search(r'width="(\d+)" height="(\d+)" alt="(.+?)"', bundle["text/html"])
        for _, bundle in notebook.shown
    ]
    assert [match and match.group(1, 2) for match in found] == [("820", "360")] * 3
    assert all(match and match.group(3).startswith("Loss over ") for match in found)


def test_a_real_training_is_followed_to_its_last_epoch(ipython: InProcess) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    view = ProgressView()
    watch = CurveCollector(view)
    ipython.names.update(fit=lambda: model.fit(*DATA, epochs=3, verbose=0, callbacks=[watch]))
    ipython.names.update(view=view)

    shown = ipython.run("fit(); view.close('done')").shown

    assert [each["update"] for each in shown] == [False] + [True] * (len(shown) - 1)
    assert shown[0]["data"]["text/plain"] == "training: epoch 1 of 3"
    assert shown[-1]["data"]["text/plain"] == "done"


DATA = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")


@pytest.mark.full
def test_a_terminal_is_not_flooded(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del shell
    clock = Screen()
    monkeypatch.setattr("dropviz.jupyter.progress_view.time", clock)
    view = ProgressView()

    for news in training(clock, epochs=3, seconds=60):
        view(news)
    view.close("done")

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "done"
    # A terminal cannot take back a line: 5 a second would be 900.
    assert len(lines) <= 3 * 10
