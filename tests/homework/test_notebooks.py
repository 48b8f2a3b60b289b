"""What is handed out: built from one source each, without solutions."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dropviz.core.tasks import TASKS
from dropviz.errors import DropvizError
from dropviz.homework import landlock, practice, seccomp, study
from dropviz.homework.assignments import ASSIGNMENTS
from dropviz.homework.experiment_judge import METHODS
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.judge import judge
from dropviz.homework.key_file import Key
from dropviz.homework.notebooks import build
from dropviz.homework.study_judge import judge_practice
from dropviz.homework.submission import read_notebook, read_submission
from dropviz.homework.variants import Variant, variant_of, variants
from scripts.write_doors import repository

SOURCE = Path(__file__).parents[2] / "notebooks" / "homework"
KEY = Key(bytes(range(32)))
STUDENTS = ["ada", "bo"]


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "out"
    build(SOURCE, out, KEY, STUDENTS)
    return out


def solved_lines(name: str) -> list[str]:
    """The lines of a source's solutions that stand nowhere else in it."""
    inside = False
    lines: list[str] = []
    others: list[str] = []
    for line in (SOURCE / f"{name}.py").read_text().splitlines():
        marked = line.strip().startswith("### ")
        inside = inside != marked
        # A text may show the form of an answer, with another question.
        (lines if inside and not marked else others).append(line.removeprefix("# ").strip())
    return [line for line in lines if len(line) > 8 and line not in others]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_solution_is_in_a_students_file(handout: Path, name: str) -> None:
    lines = solved_lines(name)
    assert len(lines) > 3
    solution = (handout / "solution" / f"{name}.ipynb").read_text()
    in_json = [json.dumps(line)[1:-1] for line in lines]
    assert all(line in solution for line in in_json)
    for student in STUDENTS:
        text = (handout / "student" / student / f"{name}.ipynb").read_text()
        assert not [line for line in in_json if line in text]
        assert "SOLUTION" not in text
        assert "__" not in text.replace("__init__", "")
        assert bytes(range(32)).hex() not in text


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_students_file_says_whose_it_is_and_what_is_asked(handout: Path, name: str) -> None:
    found = read_submission(handout / "student" / "bo" / f"{name}.ipynb", handout / "student")

    assert (found.student, found.assignment, found.edition) == ("bo", name, KEY.edition)
    if name == "build-the-mask":
        assert f"asked = {variant_of(KEY, 'bo').plain!r}" in found.cells[0]


@pytest.mark.parametrize("name", ASSIGNMENTS)
@pytest.mark.parametrize("there", [False, True])
def test_a_students_notebook_brings_dropviz_where_there_is_none(
    handout: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    # As on Colab. Where a notebook installs it from is carried there by scripts.write_doors.
    cells, _ = read_notebook(handout / "student" / "bo" / f"{name}.ipynb")
    run: list[tuple[str, ...]] = []
    shell = SimpleNamespace(run_line_magic=lambda *words: run.append(words))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object() if there else None)
    space: dict[str, Any] = {"get_ipython": lambda: shell}

    exec(cells[0], space)  # noqa: S102 (a notebook of our own)

    words = ("pip", f"install --quiet git+https://github.com/{repository()}")
    assert run == ([] if there else [words])
    assert space["student"] == "bo"
    assert space["homework"].check is practice.check


def test_a_student_reads_what_each_unnamed_method_masks() -> None:
    text = (SOURCE / "unnamed-layers.py").read_text()

    assert re.findall(r"^# \| `([\w-]+)` \| \w.+ \|$", text, re.MULTILINE) == list(METHODS)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_nbgraders_source_has_its_cells(handout: Path, name: str) -> None:
    path = handout / "nbgrader" / "source" / name / f"{name}.ipynb"
    cells = json.loads(path.read_text())["cells"]
    graded = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]

    assert sum(each.get("points", 0) for each in graded if each["grade"]) == ASSIGNMENTS[name].of
    assert [each["locked"] for each in graded if each["grade"]] == [True]
    solutions = [cell for cell in cells if "### BEGIN SOLUTION" in "".join(cell["source"])]
    assert solutions
    assert all(cell["metadata"]["nbgrader"]["solution"] for cell in solutions)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_who_may_put_an_id_in_is_told_so(handout: Path, name: str) -> None:
    own = (handout / "student" / "ada" / f"{name}.ipynb").read_text()
    of_a_class = (handout / "nbgrader" / "source" / name / f"{name}.ipynb").read_text()

    assert own.count("Do not change the next cell") == 1
    assert "your-id" not in own
    assert of_a_class.count("In the next cell put your id in place of `your-id`") == 1
    assert "Do not change" not in of_a_class


def text_of_the_design() -> str:
    text = (SOURCE / "design-and-defend.py").read_text()
    return " ".join(line.removeprefix("#").strip() for line in text.splitlines())


def test_the_form_of_a_design_is_one_and_earns_no_more_than_it_says() -> None:
    text = (SOURCE / "design-and-defend.py").read_text().replace("\n# ", "\n")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    form = ast.literal_eval(code.partition("=")[2].strip())

    checks, _ = judge_practice(form)

    assert {check.name for check in checks if not check.points} == {"seeds", "control", "measure"}
    said = "It earns no points for its seeds, for a value to compare with, or for its measure."
    assert said in text_of_the_design()
    assert study.design_from(form).specs("units")


def test_the_limits_of_a_design_are_the_judge_s() -> None:
    text = text_of_the_design()
    (listed,) = re.findall(r"the tasks that need no download: (.*?)\. ", text)

    assert re.findall(r"`([\w-]+)`", listed) == [name for name in TASKS if TASKS[name].offline]
    assert f"at most {study._MOST_TRAININGS} trainings (one for each value and seed)" in text
    assert f"{study._MOST_UNITS} units and {study._MOST_EPOCHS} epochs" in text
    assert f"must be {study._APART:g} apart or more".replace("0.", ".") in text


def test_the_table_of_variants_is_read_again(handout: Path) -> None:
    table = handout / "nbgrader" / "source" / "build-the-mask" / "variants.csv"

    assert practice.asked(table, "ada") == variant_of(KEY, "ada").plain
    with pytest.raises(DropvizError, match="'eve' is not in"):
        practice.asked(table, "eve")
    with pytest.raises(DropvizError, match="cannot be read"):
        practice.asked(handout / "none.csv", "ada")


def test_what_was_handed_out_is_not_overwritten(handout: Path) -> None:
    with pytest.raises(DropvizError, match="is not empty"):
        build(SOURCE, handout, KEY, STUDENTS)


@pytest.mark.parametrize(
    ("students", "said"),
    [
        ([], "Received: none"),
        (["a", "a"], "doubled"),
        (["a b"], "Received: 'a b'"),
        (["ada", "bo", "Ada"], r"doubled \['Ada', 'ada'\]"),
        (["b.O@x", "b.o@X"], "more than upper and lower case"),
        (["stra\u00dfe", "STRASSE"], "doubled"),
    ],
)
def test_a_bad_list_of_students_is_said(tmp_path: Path, students: list[str], said: str) -> None:
    with pytest.raises(DropvizError, match=said):
        build(SOURCE, tmp_path, KEY, students)


def test_a_missing_source_is_said(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="There is no source"):
        build(tmp_path, tmp_path / "out", KEY, STUDENTS)


@pytest.mark.full
@pytest.mark.few("unnamed-layers")
@pytest.mark.parametrize("name", ["build-the-mask", "unnamed-layers"])
def test_the_solution_earns_all(
    handout: Path, name: str, server: ForkServer, tmp_path: Path
) -> None:
    cells, _ = read_notebook(handout / "solution" / f"{name}.ipynb")
    text = json.dumps({"cells": [_cell(cell) for cell in cells]})
    asked = repr(Variant("recurrent", "sequence", "tied", 0.4).plain)
    path = tmp_path / "ada" / "n.ipynb"
    path.parent.mkdir()
    assert asked in text or name != "build-the-mask"
    path.write_text(text.replace(asked, repr(variant_of(KEY, "ada").plain)))

    unlocked = not (landlock.version() and seccomp.is_known())
    report = judge(server, read_submission(path, tmp_path), KEY, unlocked=unlocked)

    assert report.lines[0] == f"{report.of} of {report.of} points."
    assert report.reason == ""


def _cell(source: str) -> dict[str, object]:
    return {"cell_type": "code", "source": source}


# ---------------------------------------------------------------- practice


def test_practice_says_that_it_is_practice() -> None:
    found = practice.check("design-and-defend", design={"vary": 3})

    assert found.lines[0].startswith("This is practice. Points come from the judge")
    assert "Not looked at further: the design cannot be carried out" in found.lines[1]


@pytest.mark.full
def test_practice_looks_as_the_judge_does() -> None:
    import keras

    def make(units: int, rate: float) -> keras.Layer:
        return keras.layers.LSTM(units, recurrent_dropout=rate)

    asked = Variant("recurrent", "step", "tied", 0.4)
    found = practice.check("build-the-mask", make=make, asked=asked.plain)

    marks = {line.partition(":")[0] for line in found.lines[1:]}
    assert marks == {
        "+ site",
        "- life",
        "- sharing",
        "+ rate",
        "+ scaling",
        "+ samples",
        "+ equations",
    }


@pytest.mark.few("moon")
@pytest.mark.parametrize("method", METHODS)
def test_a_layer_that_is_known_can_be_asked_what_the_judge_s_can(method: str) -> None:
    layer = practice.known_layer(method)
    features, units = layer.features, layer.units
    # i shut, f and o open: what comes out is the memory that went in, where no mask is on it.
    biases = np.repeat([-20.0, 20.0, 0.0, 20.0], units)
    layer.set_weights([np.zeros((features, 4 * units)), np.zeros((units, 4 * units)), biases])
    states = [np.full((256, units), 0.7), np.full((256, units), 0.5)]

    out = layer(np.zeros((256, 1, features)), states, training=True)

    assert out.shape == (256, units)
    assert ((out == 0).mean() > 0.2) == (method == "moon")
    assert not hasattr(layer, "method")


def test_a_layer_of_no_such_method_is_not_made() -> None:
    with pytest.raises(DropvizError, match="Did you mean 'moon'"):
        practice.known_layer("mooon")


def test_what_cannot_be_practised_is_said() -> None:
    with pytest.raises(DropvizError, match="build-the-mask needs asked= and make="):
        practice.check("build-the-mask")
    with pytest.raises(DropvizError, match="build-the-mask"):
        practice.check("build-the-masc")
    for given, said in (
        (("unnamed-layers", {}), r"needs identify=\. Received: no answer\."),
        (("design-and-defend", {}), r"needs design=\. Received: no answer\."),
        (("build-the-mask", {"make": print}), r"asked= and make=\. Received: make=\."),
        (("unnamed-layers", {"make": print, "asked": 1}), r"Received: asked= and make=\."),
    ):
        with pytest.raises(DropvizError, match=said):
            practice.check(given[0], **given[1])
    with pytest.raises(DropvizError, match="Put the cell back"):
        practice.check("build-the-mask", make=print, asked={"site": "moon"})
    with pytest.raises(DropvizError, match=r"must give back a Keras layer\. Received: None"):
        practice.check("build-the-mask", make=lambda **_: None, asked=variants()[0].plain)
