"""What a class hands in, the bad with the good: files, reports, and a second grading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropviz.errors import DropvizError
from dropviz.homework import landlock, seccomp
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.grade import Graded, grade
from dropviz.homework.judge import judge
from dropviz.homework.report import Check, Report, report_from
from dropviz.homework.report_files import (
    changes,
    page,
    path_for,
    read_report,
    read_reports,
    write_report,
)
from dropviz.homework.sandbox import Child
from dropviz.homework.submission import Submission

from .handed_in import KEY, hand_in, notebook

UNLOCKED = not (landlock.version() and seccomp.is_known())


LOAD = Child.load
ODD = "def make(units, rate):\n    return 3"


def test_the_bad_are_told_in_a_sentence_and_all_others_graded(
    server: ForkServer, tmp_path: Path
) -> None:
    folder, reports = tmp_path / "submitted", tmp_path / "reports"
    large = notebook(ODD)
    large["cells"][1]["outputs"] = [{"output_type": "stream", "text": "x" * (50 << 20)}]
    old = notebook(ODD)
    old["cells"][0]["source"] = ['assignment = "build-the-mask 2025ab"']
    handed_in: dict[str, dict[str, Any] | str] = {
        "a/n.ipynb": "no notebook",
        "b/n.ipynb": {"cells": [{"cell_type": "code", "source": ["x = 1"]}]},
        "c/n.ipynb": large,
        "d/n.ipynb": old,
        "e/n.ipynb": notebook(ODD, name="build-a-house"),
        "f/one.ipynb": notebook(ODD),
        "f/two.ipynb": notebook(ODD),
        "ee/good.ipynb": notebook(ODD),  # so that its folder of reports is there
        "ee/n.ipynb": notebook(ODD, name="a" * 300),
        "flat.ipynb": notebook(ODD),
        "g/n.ipynb": notebook("x = 1"),
        "h/n.ipynb": notebook("def make(:"),
        "i/mask/n.ipynb": notebook(ODD),
        "j.ipynb": notebook(ODD, student="jo"),
        "j_too.ipynb": notebook(ODD, student="\U0001d4b6" * 64),
        "k l/n.ipynb": notebook(ODD, student="kim"),
    }
    for name, content in handed_in.items():
        hand_in(folder / name, content)

    graded = {str(each.path): each for each in _grade(server, folder, reports)}

    assert {name: each.sentence.split(".")[0] for name, each in graded.items() if each.failed} == {
        "a/n.ipynb": "It is no notebook, or damaged",
        "b/n.ipynb": "It names no assignment",
        "c/n.ipynb": "It is 50 MiB large, 16 at the most, which outputs make",
        "d/n.ipynb": "It is of another edition, as of another year",
        "e/n.ipynb": "There is no assignment 'build-a-house'",
        "f/one.ipynb": "Several files are the build-the-mask of f, so none of them is graded",
        "f/two.ipynb": "Several files are the build-the-mask of f, so none of them is graded",
        "ee/n.ipynb": f"There is no assignment '{'a' * 79} ",
        "flat.ipynb": "A student's id must be 1 to 64 letters, digits or ",
        "j_too.ipynb": "A student's id must be 1 to 64 letters, digits or ",
    }
    read = [each for each in read_reports(reports) if isinstance(each, Report)]
    written = {each.student: each.reason for each in read}
    assert written == {
        "ee": _NO_LAYER,
        "g": "its code says NameError: the notebook defines no make",
        "h": "its code says NameError: the notebook defines no make (code cell 2, line 1: "
        "invalid syntax)",
        "i": _NO_LAYER,
        "jo": _NO_LAYER,
        "kim": _NO_LAYER,
    }


_NO_LAYER = "its code says TypeError: make must give back a Keras layer, not int"


def _grade(server: ForkServer, folder: Path, reports: Path, *, again: bool = False) -> list[Graded]:
    return list(grade(server, folder, reports, KEY, again=again, unlocked=UNLOCKED))


def test_a_second_grading_keeps_reports_or_says_what_changed(
    server: ForkServer, tmp_path: Path
) -> None:
    folder, reports = tmp_path / "submitted", tmp_path / "reports"
    hand_in(folder / "ada" / "n.ipynb", notebook(ODD))
    _grade(server, folder, reports)
    path = path_for(reports, "ada", "build-the-mask")
    before = path.read_bytes()

    hand_in(folder / "ada" / "n.ipynb", notebook("x = 1"))
    (kept,) = _grade(server, folder, reports)
    assert path.read_bytes() == before
    (changed,) = _grade(server, folder, reports, again=True)
    (same,) = _grade(server, folder, reports, again=True)
    path.write_text("{")
    (mended,) = _grade(server, folder, reports, again=True)

    assert kept.sentence.startswith("has a report already, which is kept")
    assert changed.sentence == (
        "0 of 11 points. reason: its code says NameError: the notebook defines no make"
    )
    assert same.sentence == "0 of 11 points. Nothing changed."
    assert mended.sentence == "0 of 11 points. The report that was there could not be read."
    assert not list(reports.rglob(".*"))  # nothing is left of writing it as a whole


def test_an_error_of_the_system_fails_the_answer_under_way_and_no_other(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "bo", "cy"):
        hand_in(tmp_path / student / "n.ipynb", notebook(ODD))

    def judged(server: ForkServer, submission: Submission, *given: Any, **more: Any) -> Report:
        if submission.student == "bo":
            raise OSError(24, "Too many open files")
        return judge(server, submission, *given, **more)

    monkeypatch.setattr("dropviz.homework.grade.judge", judged)

    graded = _grade(server, tmp_path, tmp_path / "reports")

    assert [(each.failed, each.sentence.split(".")[0]) for each in graded] == [
        (False, "0 of 11 points"),
        (True, "This machine did not let it be graded (Too many open files)"),
        (False, "0 of 11 points"),
    ]


def test_an_error_of_the_judge_itself_is_no_students_fault(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "ada" / "n.ipynb", notebook(ODD))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Child, "load", broken)
    _grade(server, tmp_path, tmp_path / "reports")

    report = read_report(path_for(tmp_path / "reports", "ada", "build-the-mask"))
    assert report.reason == "the experiment could not be finished (ZeroDivisionError)"


def test_a_server_that_ends_fails_the_answer_under_way_and_no_other(
    bare: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "bo", "cy", "di"):
        hand_in(tmp_path / student / "n.ipynb", notebook(ODD))
    loads = iter((LOAD, _killed, LOAD, LOAD))

    def load(child: Child, *given: Any) -> None:
        next(loads)(child, *given)

    monkeypatch.setattr(Child, "load", load)

    graded = [
        (each.path.parts[0], each.failed, each.sentence.split(".")[0])
        for each in grade(bare, tmp_path, tmp_path / "reports", KEY, unlocked=True)
    ]

    gone = "The process that answers are run in did not start or has ended"
    assert graded == [
        ("ada", False, "0 of 11 points"),
        ("bo", True, gone),
        ("cy", False, "0 of 11 points"),
        ("di", False, "0 of 11 points"),
    ]
    assert not path_for(tmp_path / "reports", "bo", "build-the-mask").exists()


def _killed(child: Child, *given: Any) -> None:
    (server,) = (each for each in psutil.Process().children() if each.children())
    server.kill()
    LOAD(child, *given)


def test_a_notebook_in_anothers_folder_is_graded_as_theirs_and_named(
    server: ForkServer, tmp_path: Path
) -> None:
    hand_in(tmp_path / "in" / "ada" / "n.ipynb", notebook(ODD, student="bo"))
    hand_in(tmp_path / "in" / "bo" / "n.ipynb", notebook(ODD, student="bo"))

    graded = _grade(server, tmp_path / "in", tmp_path / "reports")

    theirs, own = (each.sentence for each in graded)
    assert own == "0 of 11 points."
    assert theirs == (
        f"{own} It says that it is of 'bo', and was graded as that of ada, in whose folder it lies."
    )


def test_who_says_that_he_is_a_neighbour_takes_nobodys_place(
    server: ForkServer, tmp_path: Path
) -> None:
    hand_in(tmp_path / "in" / "ada" / "n.ipynb", notebook(ODD, student="ada"))
    hand_in(tmp_path / "in" / "Mallory S_123" / "x.ipynb", notebook(ODD, student="ada"))
    hand_in(tmp_path / "in" / "x.ipynb", notebook(ODD, student="ada"))

    graded = {
        str(each.path): (each.failed, each.sentence)
        for each in _grade(server, tmp_path / "in", tmp_path / "reports")
    }

    failed, told = graded["ada/n.ipynb"]
    assert not failed
    assert told == (
        "0 of 11 points. What lies elsewhere ('Mallory S_123') and says that it is of the same "
        "student is not graded."
    )
    ends = "the one in the folder ada is graded, and this is not. Ask whose it is, and"
    for name, where in {"Mallory S_123/x.ipynb": "the folder 'Mal", "x.ipynb": "no folder"}.items():
        failed, told = graded[name]
        assert failed
        assert told.startswith(f"It says that it is of ada, and lies in {where}")
        assert ends in told


def test_an_id_that_comes_from_the_notebook_is_told(server: ForkServer, tmp_path: Path) -> None:
    hand_in(tmp_path / "in" / "Eve Jones_5" / "n.ipynb", notebook(ODD, student="bob"))

    (graded,) = _grade(server, tmp_path / "in", tmp_path / "reports")

    assert graded.sentence == (
        "0 of 11 points. Its folder 'Eve Jones_5' is no id, so it was graded as that of bob, whose "
        "it says that it is."
    )


def test_two_in_folders_that_are_no_ids_are_both_named(server: ForkServer, tmp_path: Path) -> None:
    for name in ("Ada A_1", "Eve E_2"):
        hand_in(tmp_path / "in" / name / "n.ipynb", notebook(ODD, student="ada"))

    graded = _grade(server, tmp_path / "in", tmp_path / "reports")

    assert [each.sentence.split(",")[0] for each in graded if each.failed] == [
        "Several files are the build-the-mask of ada"
    ] * 2


def test_a_student_without_a_notebook_is_named(server: ForkServer, tmp_path: Path) -> None:
    folder = tmp_path / "submitted"
    hand_in(folder / "ada" / "N.IPYNB", notebook(ODD))
    hand_in(folder / "bo" / "n.ipynb.txt", notebook(ODD))
    hand_in(folder / "cy" / "mask" / "n.pdf", "%PDF")
    (folder / "di").mkdir()
    (folder / "list of names.txt").write_text("ada")

    graded = _grade(server, folder, tmp_path / "reports")

    nothing = "There is no notebook of this student's. Expected NAME.ipynb. Received: "
    assert {str(each.path): (each.failed, each.sentence) for each in graded} == {
        "ada/N.IPYNB": (False, "0 of 11 points."),
        "bo": (True, f"{nothing}['n.ipynb.txt']. Ask for it."),
        "cy": (True, f"{nothing}['mask', 'n.pdf']. Ask for it."),
        "di": (True, f"{nothing}an empty folder. Ask for it."),
    }


# ---------------------------------------------------------------- reports

LIFE = Check("life", 0, 2, "a mask that lives for one sequence", "one step")
REPORT = Report("ada", "build-the-mask", "abc123", (LIFE,), 11, locks=("files",))


def test_a_report_says_what_was_asked_and_what_was_measured() -> None:
    assert REPORT.lines == [
        "0 of 11 points.",
        "0/2 life: Asked: a mask that lives for one sequence. Measured: one step.",
    ]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_report(write_report(tmp_path, REPORT)) == REPORT


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = write_report(tmp_path, REPORT)
    with monkeypatch.context() as during:
        during.setattr(os if fails == "fsync" else Path, fails, full)
        with pytest.raises(DropvizError, match="what was there is as it was"):
            write_report(tmp_path, Report("ada", "build-the-mask", "", (), 11))

    assert read_report(path) == REPORT
    assert sorted(each.suffix for each in path.parent.iterdir()) == [".html", ".json"]


def test_what_an_answer_says_is_escaped_in_its_page() -> None:
    hostile = Check("<b>", 0, 1, "a&b", "<script>\x1b[2J\u202e")
    report = Report("ada", "x", "", (hostile,), 1, reason="its code says <img src=x>")

    shown = page(report)

    assert "<script>" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;\\x1b[2J\\u202e" in shown


@pytest.mark.parametrize(
    "change",
    [
        {"checks": [{"name": "x"}]},
        {"checks": 3},
        {"student": 3},
        {"of": "11"},
        {"of": -1},
        {"colour": "red"},
        {"checks": [{**LIFE.__dict__, "points": 1.5}]},
    ],
)
def test_what_is_no_report_is_told_from_one(change: dict[str, Any]) -> None:
    assert report_from(REPORT.to_dict()) == REPORT
    with pytest.raises(ValueError, match=r".*"):
        report_from({**REPORT.to_dict(), **change})


def test_changes_are_told_check_by_check() -> None:
    right = Check("life", 2, 2, LIFE.asked, "one sequence")
    rate = Check("rate", 1, 1, "rate 0.4", "between 0.39 and 0.41")
    new = Report("ada", "build-the-mask", "abc123", (right, rate), 11)

    assert changes(REPORT, new) == ["life: 0 -> 2 (one sequence)", "rate: new, 1"]
    assert changes(new, REPORT) == ["life: 2 -> 0 (one step)", "rate: no longer looked at"]
    assert changes(new, new) == []
