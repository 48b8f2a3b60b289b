"""A panel in a real kernel, with trainings below it in the same cell and in others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.jupyter.conftest import Executed, Kernel, Output

pytestmark = [pytest.mark.slow, pytest.mark.full]

VIEW = "application/vnd.jupyter.widget-view+json"
SCENARIO = "lstm:u4:d.2:r.5:e1"
# What a panel says of itself: the newest is open, its thread lives, nothing went wrong.
STATE = """
from dropviz.jupyter.lab import lab as labs
(one,) = labs._newest
str((one is panel, one._worker._thread.is_alive(), one.error, one.scenario))
"""
CELLS = {
    "load": "%load_ext dropviz\nimport dropviz",
    "panel": f"panel = %lstm_lab {SCENARIO}\npanel",
    "line": f"%lstm_dropout {SCENARIO}",
    "after a line": STATE,
    "run": "run = dropviz.run(units=4, epochs=1)",
    "after a run": STATE,
    "train": "panel.train().title.partition(',')[0]",
    "lab in the middle": f"%lstm_lab {SCENARIO}\n%lstm_dropout {SCENARIO} --into kept",
    "begin": (
        f"panel = %lstm_lab {SCENARIO}0000\n"
        "future = panel._actions.press_train()\n"
        "import time\n"
        "while not panel.moment.layer: time.sleep(.05)"
    ),
    "line meanwhile": f"%lstm_dropout {SCENARIO}",
    "stop": "panel._actions.press_stop()\nstr((future.result().status, panel.error))",
}


@pytest.fixture(scope="module")
def ran(kernel: Kernel) -> Executed:
    return kernel.run_all(CELLS)


def views(cell: Any) -> list[Output]:
    return [bundle for bundle in cell.bundles if VIEW in bundle]


def copies(cell: Any) -> list[str]:
    texts = [bundle["text/plain"] for bundle in cell.bundles]
    return [text for text in texts if text.startswith("LSTM dropout lab.")]


def test_every_cell_ran(ran: Executed) -> None:
    assert [name for name, cell in ran.cells.items() if cell.errors] == []


@pytest.mark.parametrize("cell", ["panel", "lab in the middle", "begin"])
def test_a_panel_is_seen_wherever_its_line_stands(ran: Executed, cell: str) -> None:
    assert len(views(ran[cell])) == 1
    assert len(copies(ran[cell])) == 1


def test_a_training_below_a_panel_shows_its_own_report(ran: Executed) -> None:
    kinds = [list(bundle) for bundle in ran["lab in the middle"].bundles]

    assert VIEW in kinds[0]
    assert sum("image/png" in kind for kind in kinds) == 3
    for name in ("line", "line meanwhile"):
        assert len(ran[name].pictures) == 3
        assert views(ran[name]) == []


@pytest.mark.parametrize("state", ["after a line", "after a run"])
def test_a_training_in_another_cell_leaves_the_panel_as_it_is(ran: Executed, state: str) -> None:
    scenario = "lstm:u4:d.2:r.5:m=keras:task=digits:e1:s7"
    assert ran[state].value == repr(str((True, True, None, scenario)))


def test_the_panel_trains_after_it_and_its_copy_is_brought_up_to_date(ran: Executed) -> None:
    assert ran["train"].value == "'digits'"
    (copy,) = copies(ran["panel"])
    assert copy.startswith("LSTM dropout lab. Last training: digits, 4 units")


def test_a_panel_trains_on_while_a_line_trains_below_it(ran: Executed) -> None:
    assert ran["stop"].value == repr(str(("stopped", None)))
