"""``%lstm_lab``, and scenarios in ``%lstm_dropout``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dropviz.core.scenario_string import parse
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import TASKS, TaskEntry
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.lab import Lab, close_all
from tests.jupyter.conftest import InProcess

from .panels import SECONDS, OpenedPanel, threads, tiny

TEXT = "lstm:u16:d.2:r.5:m=keras:task=digits:e20:s7"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()
    for thread in threads():
        thread.join(SECONDS)


# ---------------------------------------------------------------- %lstm_lab


def test_a_line_opens_a_panel_that_shows_itself(ipython: InProcess) -> None:
    ran = ipython.run(f"%lstm_lab {TEXT}")

    assert ran.error is None
    (shown,) = ran.texts
    assert f"Settings: {TEXT}" in shown.splitlines()


def test_into_keeps_the_panel_and_shows_it_once(ipython: InProcess) -> None:
    ran = ipython.run(f"%lstm_lab {TEXT} --into panel")

    panel = ipython.names["panel"]
    assert isinstance(panel, Lab)
    assert panel.scenario == TEXT
    assert len(ran.texts) == 1


@pytest.mark.parametrize(
    "cell",
    [
        "%lstm_lab {}\nnumber = 1",
        "%lstm_lab {}\n%lstm_explain nothing_of_this_name",
        "panel = %lstm_lab {}",
        "panel = %lstm_lab {}\npanel",
        "if True:\n    %lstm_lab {}",
        "%lstm_lab {} --into panel\nnumber = 1",
    ],
)
def test_a_panel_is_shown_once_where_its_line_stands(ipython: InProcess, cell: str) -> None:
    ran = ipython.run(cell.format(TEXT))

    (shown,) = ran.texts
    assert f"Settings: {TEXT}" in shown.splitlines()


def test_a_panel_is_a_value_too_and_is_shown_again_by_another_cell(ipython: InProcess) -> None:
    ipython.run(f"%lstm_lab {TEXT}")
    panel = ipython.names["_"]

    ran = ipython.run("_")

    assert isinstance(panel, Lab)
    (shown,) = ran.texts
    assert f"Settings: {TEXT}" in shown.splitlines()


@pytest.mark.parametrize("text", ["", "lstm:u4:m=moon:d.1:r.2:quiz"])
def test_a_line_asks_for_what_the_function_asks_for(ipython: InProcess, text: str) -> None:
    ipython.run("import dropviz\none = dropviz.lab(%s)" % (repr(text) if text else ""))
    ipython.run(f"%lstm_lab {text} --into other")

    if text:
        assert ipython.names["one"].scenario == str(parse(text))
    # A line without a scenario begins as one of zero rates, or as the function does.
    assert ipython.names["other"].scenario == ipython.names["one"].scenario


def test_flags_hide_lock_and_name_the_student(ipython: InProcess) -> None:
    ipython.run("%lstm_lab --hide method,seed --lock units --student ada --into panel")

    panel = OpenedPanel(ipython.names["panel"])
    assert set(panel.lab.hidden) == {"method", "seed"}
    assert panel.at("units").disabled
    assert panel.lab._worker.follower._student == "ada"


def test_a_scenario_may_come_from_a_variable(ipython: InProcess) -> None:
    ipython.names["text"] = TEXT

    ipython.run("%lstm_lab $text --into panel")

    assert ipython.names["panel"].scenario == TEXT


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lstm:u16:banana", "the part 'banana' is not understood"),
        ("u16", "A scenario begins with 'lstm'"),
        ("lstm:task=digit", "Did you mean 'digits'"),
        ("--hide sed", "Did you mean 'seed'"),
        ("--lok seed", "Did you mean --lock"),
        ("--into 1", "--into needs a name"),
        ("lstm:u4 lstm:u5", "unrecognized arguments"),
    ],
)
def test_nonsense_is_one_line_and_opens_nothing(ipython: InProcess, line: str, said: str) -> None:
    error = ipython.run(f"%lstm_lab {line}").error

    assert isinstance(error, DropvizError)
    assert said in str(error)
    assert "\n" not in str(error)
    assert threads() == []


def test_a_line_that_runs_again_closes_the_panel_before(ipython: InProcess) -> None:
    ipython.run(f"%lstm_lab {TEXT} --into one")
    ipython.run(f"%lstm_lab {TEXT} --into two")

    assert "a newer panel took its place" in OpenedPanel(ipython.names["one"]).said
    assert not OpenedPanel(ipython.names["two"]).at("train").disabled


def test_unloading_the_extension_closes_the_panel(ipython: InProcess) -> None:
    ipython.run(f"%lstm_lab {TEXT} --into panel")

    ipython.run("%unload_ext dropviz")
    for thread in threads():
        thread.join(SECONDS)

    assert OpenedPanel(ipython.names["panel"]).said == "Closed."
    assert threads() == []


@pytest.mark.parametrize("flag", ["--hide", "--lock", "--student", "--into"])
def test_help_shows_an_example_and_every_flag(ipython: InProcess, flag: str) -> None:
    text = ipython.shell.object_inspect_text("%lstm_lab")

    assert "%lstm_lab lstm:u16:d.2:r.5" in text
    assert flag in text.partition("options:")[2]


# ---------------------------------------------------------------- scenarios in %lstm_dropout


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """What was to be trained; nothing is."""
    specs: list[RunSpec] = []

    def train(spec: RunSpec, *_: Any) -> None:
        specs.append(spec)
        raise DropvizError("no need to train")

    monkeypatch.setattr("dropviz.studies.train.train", train)
    monkeypatch.setitem(TASKS, "digits", TaskEntry(lambda: tiny("digits"), 64, 4, 3, ""))
    return specs


@pytest.mark.parametrize(
    "text",
    [
        "lstm",
        "lstm:u8:d.2:r.5:m=keras:task=digits:e3:s1",
        "lstm:u8:m=moon:life=step:d.1:r.2",
        "lstm:u8:d.2:@20,d.3:@40,r.1,freeze",
    ],
)
def test_a_scenario_asks_for_all_settings_at_once(
    ipython: InProcess, asked: list[RunSpec], text: str
) -> None:
    ipython.run(f"%lstm_dropout {text}")

    assert asked == [parse(text).spec]


def test_flags_replace_what_a_scenario_says(ipython: InProcess, asked: list[RunSpec]) -> None:
    ipython.run("%lstm_dropout lstm:u8:d.2:r.5:s1 -r .1 --epochs 2")

    assert asked == [RunSpec(units=8, dropout=0.2, recurrent_dropout=0.1, epochs=2, seed=1)]


@pytest.mark.parametrize("text", ["lstm:banana", "banana", "lstm:u0", "lstm:task=digit"])
def test_a_scenario_that_is_none_is_refused_in_one_line(
    ipython: InProcess, asked: list[RunSpec], text: str
) -> None:
    error = ipython.run(f"%lstm_dropout {text}").error

    assert isinstance(error, DropvizError)
    assert "\n" not in str(error)
    assert asked == []


def test_a_cell_has_no_place_for_a_scenario(ipython: InProcess) -> None:
    ran = ipython.run("%%lstm_dropout lstm:u8\nran = True")

    assert isinstance(ran.error, DropvizError)
    assert "so scenario has nothing to set. Leave it out" in str(ran.error)
    assert "ran" not in ipython.names
