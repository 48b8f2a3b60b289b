"""How a cell that ran under the magic leaves the shell."""

from __future__ import annotations

import re
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


def test_an_error_can_be_shown_again(ipython: InProcess) -> None:
    ipython.run("%%lstm_dropout\n1 / 0")

    assert "ZeroDivisionError" in ipython.run("%tb").stdout


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
