"""The lessons run from top to bottom, on one core, as on Binder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nbformat
import pytest

from dropviz.homework.chat_lines import read_lines
from notebooks.write_lessons import made, run, stored
from notebooks.write_lessons import stored as without_widgets
from tests.notebooks import lesson_files
from tests.notebooks.lesson_files import (
    LESSONS,
    SOURCE_OF,
    answers_code,
    code_cells,
    outputs,
    said,
    words_of,
)
from tests.notebooks.measure_children import Taken, on_one_core

SECONDS = 180  # of one core
MIB = 1.2 * 1024
QUICKEST = "01-where-does-it-act"

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.slow,
    pytest.mark.longest,
    pytest.mark.timeout(1200),  # five minutes are for one test, on an idle machine
]
one_of_them = [
    pytest.param(name, marks=() if name == QUICKEST else pytest.mark.full) for name in LESSONS
]


@dataclass(frozen=True)
class Ran:
    """A lesson that ran, its answers after it, and what it took."""

    name: str
    lesson: Any
    answers: list[Any]
    taken: Taken


@pytest.fixture(scope="module", params=one_of_them)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    lesson = made(SOURCE_OF[request.param])
    cells = len(lesson.cells)
    lesson.cells += [nbformat.v4.new_code_cell(code) for code in answers_code(lesson)]
    with on_one_core() as taken:
        run(lesson, tmp_path_factory.mktemp("lesson"))
    answers = lesson.cells[cells:]
    del lesson.cells[cells:]
    return Ran(request.param, lesson, answers, taken)


def test_it_runs_without_an_error_or_a_word_on_standard_error(ran: Ran) -> None:
    shown = [*outputs(ran.lesson), *(each for cell in ran.answers for each in cell.outputs)]

    assert [each for each in shown if each.output_type == "error"] == []
    # A UsageError leaves no error output, only a line here.
    assert [each for each in shown if each.get("name") == "stderr"] == []


def test_every_answer_shows_something(ran: Ran) -> None:
    assert ran.answers
    assert all(said(cell).strip() for cell in ran.answers)


def test_it_keeps_to_one_core_s_time_and_to_its_memory(ran: Ran) -> None:
    # With the answers, which nobody has to run.
    assert 0 < ran.taken.total < SECONDS
    assert 0 < ran.taken.mib < MIB


def test_what_is_stored_says_what_a_fresh_run_says(ran: Ran) -> None:
    without_widgets(ran.lesson)
    before, now = code_cells(lesson_files.stored(ran.name)), code_cells(ran.lesson)

    for old, new in zip(before, now, strict=True):
        assert words_of(new) == words_of(old)


@pytest.mark.full
def test_a_student_s_predictions_come_out_again(tmp_path: Any) -> None:
    lesson = made(SOURCE_OF[QUICKEST])
    first, *_, last = code_cells(lesson)
    # As if the first choice were typed into each cell.
    first.source += (
        "\nasked_before = dropviz.predict"
        "\ndropviz.predict = lambda question, choices: asked_before("
        "question, choices, answer=list(choices)[0])"
    )
    last.source = last.source.replace("student = None", "student = 'ada'")

    run(lesson, tmp_path)
    stored(lesson)

    measured = [cell for cell in code_cells(lesson) if ".against(" in cell.source]
    assert measured
    assert all("You predicted: " in said(cell) for cell in measured)
    told, damaged = read_lines(said(code_cells(lesson)[-1]))
    assert damaged == []
    assert [each.student for each in told] == ["ada"]
    assert len(told[0].predictions) == 6
