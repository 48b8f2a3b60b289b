"""A magic that is interrupted: the model works, the run says so, and nothing is left."""

from __future__ import annotations

import random

import pytest

from tests.interrupts import (
    CELL,
    LINE,
    RECORD,
    SETUP,
    After,
    AtLine,
    Line,
    Moment,
    Stopped,
    at,
    interrupt,
    run_interrupted,
)

from .conftest import InProcess

CELLS = {"cell": CELL, "line": LINE, "record": RECORD}
# In the order in which they come.
MOMENTS = {
    "cell": {
        "before the cell": ("studies/watch.py", "watched = Watched(recorder, listener, built)"),
        "while a layer is traced": (
            "recording/attached_cell.py",
            "layout, masks = read_masks(cell, sequences.shape[0])",
        ),
        "while it trains": ("studies/progress.py", "self._tell(batch + 1, logs)"),
        "while hooks are taken away": ("recording/recorder.py", "self.store.release()"),
        "while it is drawn": (
            "figures/unrolled_scene.py",
            'said = f"{shortened(titled(recorded), _NAME)}',
        ),
    },
    "line": {
        "before the model is built": ("studies/fitting.py", "layers = [keras.Input("),
        "while a layer is traced": (
            "recording/attached_cell.py",
            "layout, masks = read_masks(cell, sequences.shape[0])",
        ),
        "while it is measured": (
            "studies/on_and_off.py",
            "passes.append(self._figures(training=True))",
        ),
        "while it is proved": ("recording/trace.py", "if not calls:"),
        "while it is drawn": ("jupyter/mime.py", "safe_point()"),
    },
    "record": {
        "before the block": ("recording/record.py", "recorder.attach(each.layer, each.path)"),
        "while a layer is traced": (
            "recording/attached_cell.py",
            "layout, masks = read_masks(cell, sequences.shape[0])",
        ),
        "while hooks are taken away": ("recording/recorder.py", "self.store.release()"),
    },
}
EACH = {f"{kind}, {when}": (kind, when) for kind, moments in MOMENTS.items() for when in moments}
RANDOM = 50  # of each
ROOMS = ("core", "keras_inside", "methods", "recording", "studies", "figures", "jupyter")


@pytest.fixture
def ready(ipython: InProcess) -> InProcess:
    """A shell in which the model of the cell can be made."""
    assert ipython.run(SETUP).error is None
    return ipython


@pytest.mark.parametrize(("kind", "when"), EACH.values(), ids=EACH)
def test_a_moment_is_a_line_that_is_there(kind: str, when: str) -> None:
    # Where others come only in the full tier, a line that moved would be seen long after.
    (file, number), (expected, _) = at(*MOMENTS[kind][when]).line or ("", 0), MOMENTS[kind][when]

    assert (file, number > 0) == (expected, True)


@pytest.mark.full
@pytest.mark.few(*list(EACH)[1::2])
@pytest.mark.parametrize(("kind", "when"), EACH.values(), ids=EACH)
def test_an_interrupt_leaves_all_whole(ready: InProcess, kind: str, when: str) -> None:
    moment = at(*MOMENTS[kind][when])

    stopped = interrupt(ready.shell, CELLS[kind], moment, again=True)

    assert moment.sent
    assert stopped.faults == []


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", CELLS)
def test_an_interrupt_at_a_random_moment_leaves_all_whole(ready: InProcess, kind: str) -> None:
    # The first run of a session takes longer than the others.
    seconds = [run_interrupted(ready.shell, CELLS[kind], Moment()).seconds for _ in range(2)][-1]
    chance = random.Random(7)  # noqa: S311 (moments, not secrets)

    stops: list[Stopped] = []
    while len(stops) < RANDOM:
        stop = interrupt(ready.shell, CELLS[kind], After(chance.uniform(0, seconds)))
        if stop.moment.sent:
            stops.append(stop)
        else:
            seconds = stop.seconds  # quicker than it was

    assert [(stop.moment, stop.faults) for stop in stops if stop.faults] == []


@pytest.mark.nightly
@pytest.mark.timeout(5 * 3600)
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("kind", CELLS)
def test_an_interrupt_at_any_line_of_ours_leaves_all_whole(
    ready: InProcess, kind: str, room: str
) -> None:
    # What others run too is interrupted in the cell.
    others = lines_of(ready, "cell") if kind != "cell" else []
    lines = [line for line in lines_of(ready, kind) if line not in others]
    stops = [
        interrupt(ready.shell, CELLS[kind], AtLine(line))
        for line in lines
        if line[0].startswith(f"{room}/")
    ]

    assert lines
    assert [(stop.moment, stop.faults) for stop in stops if stop.faults] == []


def lines_of(ready: InProcess, kind: str) -> list[Line]:
    """The lines of dropviz that a cell runs once it minds interrupts."""
    every = AtLine()
    run_interrupted(ready.shell, CELLS[kind], every)
    minds = at("keras_inside/interrupts.py", "signal.signal(_NUMBER, self.hear)").line
    order = list(every.lines)
    assert minds in order
    return order[order.index(minds) + 1 :]
