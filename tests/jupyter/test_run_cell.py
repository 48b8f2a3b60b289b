"""How a cell that ran under the magic leaves the shell."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from dropviz.errors import DropvizError
from dropviz.jupyter.run_cell import run_cell

from .conftest import InProcess, Shell


def test_the_error_that_ended_a_cell_is_handed_back(shell: Shell) -> None:
    assert isinstance(run_cell(shell, "1 / 0"), ZeroDivisionError)


def test_a_cell_that_ends_well_hands_back_nothing(shell: Shell) -> None:
    assert run_cell(shell, "z = 1") is None


def ways_to_show(shell: Shell) -> list[Any]:
    return [shell._showtraceback, shell.showtraceback, shell.show_usage_error, shell.events.trigger]


@pytest.mark.parametrize("body", ["z = 1", "1 / 0", "def f(:", "%nowhere"])
def test_the_shell_is_as_it_was(ipython: InProcess, body: str) -> None:
    before = ways_to_show(ipython.shell)

    ipython.run(f"%%lstm_dropout\n{body}")

    assert ways_to_show(ipython.shell) == before


@pytest.mark.parametrize("body", ["z = 1", "1 / 0", "def f(:"])
def test_the_last_input_is_the_whole_cell_again(ipython: InProcess, body: str) -> None:
    ipython.run(f"%%lstm_dropout --into kept\n{body}")

    assert "--into kept" in ipython.shell.history_manager.input_hist_parsed[-1]


def test_a_way_to_show_tracebacks_that_somebody_installed_stays(ipython: InProcess) -> None:
    seen: list[str] = []
    # As rich.traceback.install does.
    ipython.shell._showtraceback = lambda kind, *_: seen.append(kind.__name__)

    ipython.run("%%lstm_dropout\n1 / 0")
    ipython.run("[][0]")

    assert seen == ["ZeroDivisionError", "IndexError"]


def test_an_error_raised_again_in_a_later_cell_shows_the_later_cell(ipython: InProcess) -> None:
    ipython.run("%%lstm_dropout\nerror = ValueError('a')\nraise error")

    ran = ipython.run("again = True\nraise error")

    assert "again = True" in ran.stdout


FAILING = {
    "in the cell": "1 / 0",
    "in a function of an earlier cell": "fails()",
    "kept, and raised": "try:\n    [][0]\nexcept IndexError as error:\n    kept = error\n    raise",
    "from another": "try:\n    fails()\nexcept ValueError as error:\n    raise OSError from error",
    "an interrupt": "raise KeyboardInterrupt",
}
AGAIN = {
    "shown": "%tb",
    "shown in full": "%xmode Verbose\n%tb\n%xmode Context",
    "raised": "again = True\nraise last",
}


def shown_again(ipython: InProcess, body: str, again: str) -> str:
    """What a later cell shows of the error of a cell, without the numbers of cells."""
    ipython.run("def fails():\n    raise ValueError('a')")
    ipython.names["last"] = ipython.run(body).error
    return without_numbers(ipython.run(again).stdout)


def without_numbers(said: str) -> str:
    """Tracebacks without the numbers of cells, and without a cell's first line."""
    said = re.sub(r"\d+\]|0x\w+|input-\d+-\w+", "_", said)
    return re.sub(r"^ +1 #.*\n", "", said, flags=re.MULTILINE)


@pytest.mark.few("in the cell-shown", "kept, and raised-raised", "from another-shown in full")
@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("body", FAILING)
def test_an_error_is_shown_again_as_without_the_magic(
    ipython: InProcess, body: str, again: str
) -> None:
    without = shown_again(ipython, f"# in its place\n{FAILING[body]}", AGAIN[again])

    shown = shown_again(ipython, f"%%lstm_dropout\n{FAILING[body]}", AGAIN[again])

    assert "Error" in shown or "KeyboardInterrupt" in shown
    assert "dropviz" not in shown
    assert shown == without


def shown_by_rich(ipython: InProcess, body: str) -> str:
    ran = ipython.run(body)
    return ran.stderr + "".join(ran.texts[1:])


@pytest.mark.parametrize("body", ["1 / 0", "fails()", "z = 1\ndef f(:"])
def test_where_rich_shows_tracebacks_that_of_a_cell_is_as_without_the_magic(
    ipython: InProcess, body: str
) -> None:
    ipython.run("def fails():\n    raise ValueError('a')")
    ipython.run("from rich.traceback import install\ninstall(width=80);")
    without = shown_by_rich(ipython, f"# in its place\n{body}")

    shown = shown_by_rich(ipython, f"%%lstm_dropout\n{body}")

    assert "Error" in shown
    assert "dropviz" not in shown
    assert shown == without


def test_rich_shows_all_frames_of_an_error_of_ours(ipython: InProcess) -> None:
    ipython.run("from rich.traceback import install\ninstall(width=80);")

    ran = ipython.run("%lstm_dropout --units 0")

    assert "run_line_magic" in ran.stderr
    assert "DropvizError: units must be a whole number" in " ".join(ran.stderr.split())


LINES = {
    "%lstm_dropout": ("dropviz.core.tasks.load_task", "--units 2 --epochs 1"),
    "%lstm_traps": ("dropviz.traps.run.traps", ""),
    "%lstm_explain": ("dropviz.experiment.cross_check.hear_witnesses", "made"),
    "%lstm_compare": ("dropviz.studies.compare.compare", "none"),
    "%lstm_sweep": ("dropviz.studies.sweep.sweep", ""),
}


@pytest.mark.parametrize("magic", LINES)
def test_what_fails_below_a_line_is_shown_without_the_magics_own_frames(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch, magic: str
) -> None:
    def short(*_: Any, **__: Any) -> None:
        raise MemoryError

    (module, _, name), rest = LINES[magic][0].rpartition("."), LINES[magic][1]
    monkeypatch.setattr(import_module(module), name, short)
    ipython.names["made"] = 1

    shown = ipython.run(f"{magic} {rest}").stdout

    assert "MemoryError" in shown
    assert "dropviz/jupyter" not in shown


SHOWS = {
    "a handler of somebody's": (
        "h = lambda *_, **__: print('mine'); get_ipython().set_custom_exc((OSError,), h)",
        "raise OSError('a')",
    ),
    "a way to show errors of somebody's": (
        "get_ipython().showtraceback = lambda *_, **__: print('mine')",
        "1 / 0",
    ),
    "a debugger that was left": ("import bdb", "raise bdb.BdbQuit"),
}


@pytest.mark.parametrize("case", SHOWS)
def test_what_shows_itself_is_followed_by_nothing_empty(ipython: InProcess, case: str) -> None:
    before, body = SHOWS[case]
    ipython.run(before)
    without = ipython.run(body)

    ran = ipython.run(f"%%lstm_dropout\n{body}")

    assert (ran.stdout, ran.stderr) == (without.stdout, without.stderr)
    assert type(ran.error).__name__ == type(without.error).__name__


_SHOWS = "try:\n        1 / 0\n    except ArithmeticError:\n        show()"
SHOWN_ON_THE_WAY = {
    "and prints": "shows()\nprint('on')",
    "and fails otherwise": "shows()\n[][0]",
    "twice": "shows()\nprint('on')\nshows()",
    "in a thread": "t = Thread(target=shows)\nt.start()\nt.join()\n[][0]",
}


@pytest.mark.parametrize("case", SHOWN_ON_THE_WAY)
def test_a_traceback_that_a_cell_shows_itself_is_shown_there_and_then(
    ipython: InProcess, case: str
) -> None:
    ipython.run("from threading import Thread\nshow = get_ipython().showtraceback")
    ipython.run(f"def shows():\n    {_SHOWS}")
    without = ipython.run(f"# in its place\n{SHOWN_ON_THE_WAY[case]}").stdout

    shown = ipython.run(f"%%lstm_dropout\n{SHOWN_ON_THE_WAY[case]}").stdout

    assert "ZeroDivisionError" in shown
    assert without_numbers(shown) == without_numbers(without)


def test_names_of_the_cell_are_the_users_and_no_others_are_added(ipython: InProcess) -> None:
    ipython.run("%%lstm_dropout\nfirst = 1")
    before = set(ipython.names)

    ipython.run("%%lstm_dropout --into run\nz = 1")

    new = set(ipython.names) - before
    assert {name for name in new if not re.match(r"_i?\d*$", name)} == {"z", "run"}


def test_a_magic_within_itself_works_or_says_in_a_line_why_not(ipython: InProcess) -> None:
    before = ways_to_show(ipython.shell)

    ran = ipython.run("%%lstm_dropout\n%%lstm_dropout\nz = 1")

    assert ran.error is None or isinstance(ran.error, DropvizError)
    assert ways_to_show(ipython.shell) == before
