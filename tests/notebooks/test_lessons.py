"""The lessons as they are stored: what a student reads without running anything."""

from __future__ import annotations

import ast
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from notebooks.write_lessons import AT_FIRST, FOLDER, made
from tests.notebooks.lesson_files import (
    LESSONS,
    SOURCE_OF,
    answers,
    answers_code,
    code_cells,
    images,
    in_prose,
    numbers,
    outputs,
    path_of,
    said,
    stored,
    texts,
)

BYTES = 1_000_000  # code-hosting pages show no larger notebooks
WIDGET = "application/vnd.jupyter.widget-view+json"
# Words that need an explanation, each where it comes first: set off from the others.
EXPLAINED = (
    *("tied", "untied", "inverted", "test-time", "cuDNN", "ensemble", "candidate"),
    *("inference", "update", "spread", "sample", "site"),
)
# What a heading or an aim would tell before anybody has predicted it.
_TELLING = re.compile(r"\b(fails?|mistakes?|wrong|changes|above|below|wider)\b")
_ASKED = re.compile(r"^(\w+) = dropviz\.predict\(", re.MULTILINE)
_MEASURED = re.compile(r"\b(\w+)\.against\(")
_WORKING = re.compile(r"dropviz\.(run|explain|compare|sweep|mc|traps|trace|doubt_card)\(|\.fit\(")
_LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)")

every_lesson = pytest.mark.parametrize("name", LESSONS)


def test_there_are_these_lessons_and_no_others() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.ipynb"))) == LESSONS
    assert tuple(SOURCE_OF) == LESSONS


@every_lesson
def test_the_notebook_is_made_from_its_source(name: str) -> None:
    notebook, source = stored(name), made(SOURCE_OF[name])

    assert [cell.source for cell in notebook.cells] == [cell.source for cell in source.cells]
    # Without it JupyterLab opens a dialog instead of the notebook.
    assert notebook.metadata.kernelspec.name == "python3"


@every_lesson
def test_every_cell_ran_in_order_without_an_error(name: str) -> None:
    notebook = stored(name)

    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert not [each for each in outputs(notebook) if each.output_type == "error"]
    assert not [each for each in outputs(notebook) if each.get("name") == "stderr"]


@every_lesson
def test_it_says_at_first_what_it_is_for_and_at_last_how_to_end(name: str) -> None:
    first, *_, last = texts(stored(name))

    assert first.startswith(f"# Lesson {int(name[:2])}: ")
    assert all(f"* **{head}" in first for head in ("You will", "Minutes:", "Know before:"))
    assert first.endswith(AT_FIRST)
    assert last.startswith("**Shut down this kernel**")


@every_lesson
def test_exercises_have_folded_answers(name: str) -> None:
    text = "\n".join(texts(stored(name)))
    exercises = text.partition("## For you to try")[2]

    asked = re.findall(r"^\*\*[^*]+\.\*\*|^\*\*[^*]+\?\*\*", exercises, re.MULTILINE)
    assert len(asked) >= 3
    assert len(answers(stored(name))) == len(asked)
    assert answers_code(stored(name))
    assert text.count("<details>") == text.count("</details>\n<br>\n") == len(asked)


def test_masks_are_listed_in_the_order_of_the_gates() -> None:
    tree = ast.parse(SOURCE_OF["01-where-does-it-act"].read_text(encoding="utf-8"))
    names: dict[str, Any] = {"np": np}
    found = [each for each in tree.body if getattr(each, "name", "") == "masks_of_one"]
    exec(compile(ast.Module(found, []), "lesson 1", "exec"), names)  # noqa: S102 (a lesson's)
    gates = np.array([[2, 0], [0, 2], [2, 2], [0, 0]])
    masks = SimpleNamespace(of_batch=lambda: gates[None, :, None])

    np.testing.assert_array_equal(names["masks_of_one"](masks), gates)


@pytest.mark.parametrize(
    ("apart", "said_of_it"),
    [
        ("raised ValueError", "none: Keras refuses the rate"),
        (0.0, "none of them"),
        (0.4, "all of them"),
    ],
)
def test_a_rate_of_one_is_told_of_the_layer_that_was_asked_about(
    apart: float | str, said_of_it: str
) -> None:
    tree = ast.parse(SOURCE_OF["06-museum-of-traps"].read_text(encoding="utf-8"))
    told = "trap.evidence['LSTM']", "one.against("
    lines = [each for each in tree.body if any(part in ast.unparse(each) for part in told)]
    heard: list[str] = []
    # On JAX a GRU drops all and the LSTM nothing, and the trap does not hold.
    trap = SimpleNamespace(evidence={"LSTM": apart, "GRU": 0.8}, holds=False)
    names = {"trap": trap, "one": SimpleNamespace(against=heard.append)}
    exec(compile(ast.Module(lines, []), "lesson 6", "exec"), names)  # noqa: S102 (a lesson's)

    assert heard == [said_of_it]


# ---------------------------------------------------------------- predictions


@every_lesson
def test_a_prediction_stands_in_a_cell_before_what_was_measured(name: str) -> None:
    cells = code_cells(stored(name))
    asked = {each: at for at, cell in enumerate(cells) for each in _ASKED.findall(cell.source)}
    measured = [
        (at, each) for at, cell in enumerate(cells) for each in _MEASURED.findall(cell.source)
    ]

    assert len(asked) >= 6
    assert sorted(each for _, each in measured) == sorted(asked)
    assert all(asked[each] < at for at, each in measured)


@every_lesson
def test_a_cell_that_asks_measures_nothing(name: str) -> None:
    for cell in code_cells(stored(name)):
        if _ASKED.search(cell.source):
            assert not _WORKING.search(cell.source)
            assert not [each for each in cell.outputs if "image/png" in each.get("data", {})]


@every_lesson
def test_no_heading_and_no_aim_tells_what_will_be_measured(name: str) -> None:
    first, *others = texts(stored(name))
    aims = first.partition("* **You will**")[2].partition("* **Minutes:**")[0]
    headings = re.findall(r"^#+ .*", "\n".join([first, *others]), re.MULTILINE)

    assert aims
    assert [each for each in (aims, *headings) if _TELLING.search(each)] == []


@every_lesson
def test_what_is_stored_was_predicted_by_nobody(name: str) -> None:
    cells = code_cells(stored(name))

    for cell in cells:
        measured = _MEASURED.findall(cell.source)
        assert said(cell).count("No prediction was made; measured: ") == len(measured)
    assert "student = None" in cells[-1].source
    assert cells[-1].outputs == []


@every_lesson
def test_the_line_for_the_chat_asks_for_all_predictions(name: str) -> None:
    *cells, last = code_cells(stored(name))

    asked = [each for cell in cells for each in _ASKED.findall(cell.source)]
    (listed,) = re.findall(r"asked = \[(.*)\]", last.source)
    assert listed.split(", ") == asked


# ---------------------------------------------------------------- words and numbers


@every_lesson
def test_a_number_in_the_text_stands_in_the_output_above(name: str) -> None:
    above: set[str] = set()
    first, *cells = stored(name).cells
    for cell in cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"lessons?\s\d(?:\s(?:and|to)\s\d)?", "", in_prose(cell.source))
            assert numbers(text) <= above, text
        elif not _ASKED.search(cell.source):
            above = numbers(said(cell))
    assert numbers(first.source)


@every_lesson
def test_a_word_is_explained_where_it_comes_first(name: str) -> None:
    before: dict[str, str] = {}
    known = re.search(r"\*\*Know before:\*\*(.*)", texts(stored(name))[0])
    assert known is not None
    for cell in stored(name).cells:
        shown = cell.source if cell.cell_type == "markdown" else said(cell)
        for word in EXPLAINED:
            if re.search(rf"(?<![\w-]){word}s?(?![\w-])", shown, re.IGNORECASE):
                before.setdefault(word, shown)
    for word, shown in before.items():
        set_off = re.search(rf"\*{word}s?\*", shown, re.IGNORECASE)
        assert word in known[1] or set_off, word


@every_lesson
def test_the_candidate_is_g_and_the_memory_is_c(name: str) -> None:
    notebook = stored(name)
    shown = "\n".join([*texts(notebook), *(said(cell) for cell in code_cells(notebook))])

    assert not re.search(r"candidate \$?[ch]\b|memory \$?[gh]\b|oracle", shown)


@every_lesson
def test_links_lead_to_something(name: str) -> None:
    for text in texts(stored(name)):
        assert [each for each in _LINKED.findall(text) if not (FOLDER / each).is_file()] == []


# ---------------------------------------------------------------- pictures and size


@every_lesson
def test_every_picture_has_words(name: str) -> None:
    pictures = [each for each in outputs(stored(name)) if "image/png" in each.get("data", {})]

    assert all(len(each.metadata["image/png"]["alt"]) > 20 for each in pictures)
    assert len(pictures) > 0 or name == "06-museum-of-traps"
    for output in outputs(stored(name)):
        for image in images(output.get("data", {}).get("text/html", "")):
            assert len(image.get("alt") or "") > 20


@every_lesson
def test_it_is_small_and_shows_no_widget_without_its_kernel(name: str) -> None:
    assert path_of(name).stat().st_size < BYTES
    assert not [each for each in outputs(stored(name)) if WIDGET in each.get("data", {})]
    assert "widgets" not in stored(name).metadata
