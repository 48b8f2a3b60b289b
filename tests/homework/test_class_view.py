from __future__ import annotations

import csv
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest

from dropviz.__main__ import main
from dropviz.errors import DropvizError
from dropviz.figures.homework import class_picture
from dropviz.homework.chat_lines import Told, chat_line, read_lines
from dropviz.homework.class_view import class_view, write_predictions, write_table
from dropviz.homework.experiment_judge import judge_experiment, unnamed_layers
from dropviz.homework.practice import write_variants
from dropviz.homework.report import Check, Report
from dropviz.homework.report_files import write_report
from dropviz.homework.study_judge import judge_study
from dropviz.homework.variants import variants

MEASURED = {
    "site": ("h_(t-1)", ["h_(t-1)", "h_(t-1)", "x_t"]),
    "life": ("a mask that lives for one sequence", ["one sequence", "one step"]),
}


def made(student: str, dice: np.random.Generator) -> Report:
    checks = []
    for name, (asked, found) in MEASURED.items():
        pick = str(dice.choice(found))
        checks.append(Check(name, 2 * (pick in asked or pick == asked), 2, asked, pick))
    return Report(student, "build-the-mask", "abc123", tuple(checks), 4)


def a_class(folder: Path, many: int) -> list[Report]:
    dice = np.random.default_rng(1)
    reports = [made(f"s{number:03}", dice) for number in range(many)]
    for report in reports:
        write_report(folder, report)
    return reports


def test_a_class_of_200_is_seen_at_a_glance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = a_class(tmp_path / "reports", 200)
    wrong = sum(report.checks[1].points < 2 for report in reports)
    assert 70 < wrong < 130
    began = time.process_time()

    status = main(
        ["homework", "class", str(tmp_path / "reports"), "--out", str(tmp_path / "c.csv")]
    )

    # A second of this process alone is usual; 2 s of an idle machine are what is promised.
    assert time.process_time() - began < 10
    assert status == 0
    told = capsys.readouterr().out
    assert "200 students, 200 reports." in told
    assert f"{wrong} x asked: a mask that lives for one sequence; found: one step" in told
    assert "s000" not in told
    rows = list(csv.DictReader((tmp_path / "c.csv").read_text().splitlines()))
    assert len(rows) == 200
    assert rows[3]["student"] == "s003"
    assert int(rows[3]["score"]) == reports[3].score
    assert int(rows[3]["build-the-mask: life"]) == reports[3].checks[1].points
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_a_check_that_was_not_come_to_counts_as_not_right() -> None:
    full = made("a", np.random.default_rng(1))
    stopped = Report("b", full.assignment, "", full.checks[:1], 4, "its code says =1+1")

    view = class_view([full, stopped])

    assert [many for _, many in view.shares.values()] == [2, 2]


def test_a_damaged_report_is_told_and_the_others_are_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_class(tmp_path, 3)
    (tmp_path / "s001" / "build-the-mask.json").write_text("{")

    status = main(["homework", "class", str(tmp_path), "--out", str(tmp_path / "c.csv")])

    told = capsys.readouterr()
    assert status == 1
    assert "2 students" in told.out
    assert "it is damaged, or no report" in told.err


def test_one_is_not_counted_as_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_class(tmp_path / "reports", 1)
    (tmp_path / "chat.txt").write_text(chat_line("ada", {"where": "h"}))

    main(["homework", "class", str(tmp_path / "reports"), "--out", str(tmp_path / "c.csv")])
    main(["homework", "class", "--lines", str(tmp_path / "chat.txt"), "--out", str(tmp_path / "d")])

    told = capsys.readouterr().out
    assert "1 student, 1 report.\n" in told
    assert "1 student.\n" in told


def test_a_spreadsheet_takes_no_text_of_an_answer_for_a_formula(tmp_path: Path) -> None:
    write_report(tmp_path, Report("ada", "x", "", (), 4, reason="=HYPERLINK(1)"))

    main(["homework", "class", str(tmp_path), "--out", str(tmp_path / "c.csv")])

    assert ",'=HYPERLINK(1)" in (tmp_path / "c.csv").read_text()


@pytest.mark.parametrize("name", ["class.png", "Class.PNG"])
def test_a_picture_is_not_written_over_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    a_class(tmp_path / "reports", 3)

    status = main(["homework", "class", str(tmp_path / "reports"), "--out", str(tmp_path / name)])

    told = capsys.readouterr().err
    assert status == 1
    assert "--out names the table" in told
    assert told.count("\n") == 1
    assert not (tmp_path / name).exists()


def test_a_table_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "c.csv"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)

    match = "what was there is as it was"
    with pytest.raises(DropvizError, match=match):
        write_table(path, class_view([made("a", np.random.default_rng(1))]))
    with pytest.raises(DropvizError, match=match):
        write_predictions(path, [Told("ada", {"where": "h"})])
    with pytest.raises(DropvizError, match=match):
        write_variants(path, {"ada": variants()[0]})
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


NAME = "Bob Miller copied this"


def test_a_name_that_an_answer_gives_is_seen_by_its_student_alone() -> None:
    layers = unnamed_layers(1)
    checks = judge_experiment(lambda *_: NAME, layers)
    design = {"vary": {"method": [NAME]}, "hold": {}, "seeds": [1], "measure": NAME}
    studied, _ = judge_study(design, None, None, 1)
    reports = [
        Report("x", "unnamed-layers", "", tuple(checks), 12),
        Report("x", "design-and-defend", "", tuple(studied), 14),
    ]

    view = class_view(reports)

    assert all(NAME in str(report) for report in reports)
    assert not any(NAME in line for line in view.lines)
    assert any("taken for 2 x another name" in line for line in view.lines)
    alt = class_picture(view.shares, view.mistakes, view.students).alt
    assert NAME not in alt


def test_what_reports_say_does_nothing_in_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = Check("life", 0, 2, "a mask", "\x1b[2J\u202e")
    write_report(tmp_path, Report("ada", "x", "", (bad,), 2))

    main(["homework", "class", str(tmp_path), "--out", str(tmp_path / "c.csv")])

    told = capsys.readouterr().out
    assert "1 x asked: a mask; found: \\x1b[2J\\u202e" in told
    assert told.replace("\n", "").isprintable()


# ---------------------------------------------------------------- lines of a chat


def test_a_line_of_a_chat_comes_out_as_it_went_in() -> None:
    line = chat_line("ada", {"where": "h", "life": "step"})

    told, damaged = read_lines(f"hi!\n<b>{line}</b> thanks\n")

    assert damaged == []
    assert (told[0].student, told[0].predictions) == ("ada", {"where": "h", "life": "step"})


@pytest.mark.parametrize("place", range(9, 30, 4))
def test_a_letter_that_is_mistyped_is_found(place: int) -> None:
    line = chat_line("ada", {"where": "h", "life": "step"})
    other = "x" if line[place] != "x" else "y"

    told, damaged = read_lines(line[:place] + other + line[place + 1 :])

    assert told == []
    assert len(damaged) == 1


def test_the_last_choice_of_a_student_counts() -> None:
    said = [{"where": "h", "life": "step"}, {"where": "c"}, {"scale": "2"}]
    lines = [chat_line("ada", each) for each in said]

    (told,), _ = read_lines("\n".join(lines))

    assert told.predictions == {"where": "c", "life": "step", "scale": "2"}


def test_what_cannot_stand_in_a_line_is_said() -> None:
    with pytest.raises(DropvizError, match="Received: 'a b=c'"):
        chat_line("ada", {"a b": "c"})
    with pytest.raises(DropvizError, match="Predict first"):
        chat_line("ada", {})


def made_by_hand(body: str) -> str:
    return f"{body}:{hashlib.sha256(body.encode()).hexdigest()[:4]}"


@pytest.mark.parametrize("student", ["-2+3", "+1", "@sum", "\U0001d4b6" * 64])
def test_a_line_of_what_is_no_student_is_damaged(student: str) -> None:
    line = made_by_hand(f"dropviz1:{student}:where=h")

    assert read_lines(line) == ([], [line])


def test_a_spreadsheet_takes_nothing_in_a_line_for_a_formula(tmp_path: Path) -> None:
    told, _ = read_lines(made_by_hand("dropviz1:ada:-2+3=+4"))

    write_predictions(tmp_path / "c.csv", told)

    assert (tmp_path / "c.csv").read_text().splitlines() == ["student,'-2+3", "ada,'+4"]


def test_lines_become_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = [chat_line(name, {"where": choice}) for name, choice in (("ada", "h"), ("bo", "h"))]
    chat = tmp_path / "chat.txt"
    chat.write_text("\n".join([*good, good[0].replace("=h", "=c")]))

    status = main(["homework", "class", "--lines", str(chat), "--out", str(tmp_path / "c.csv")])

    told = capsys.readouterr()
    assert status == 1
    assert "where: 2 x h" in told.out
    assert "lost or mistyped" in told.err
    assert (tmp_path / "c.csv").read_text().splitlines() == ["student,where", "ada,h", "bo,h"]


def test_reports_and_lines_are_one_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homework", "class"]) == 1
    assert "not both, not none" in capsys.readouterr().err


GOOD = chat_line("ada", {"where": "h"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_a_chat_is_read_as_it_was_saved(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chat.txt").write_bytes(f"Jos\xe9: {GOOD}\r\n".encode(encoding))
    Path("class.csv").write_text("points")

    assert main(["homework", "class", "--lines", "chat.txt"]) == 0
    assert Path("predictions.csv").read_text().splitlines() == ["student,where", "ada,h"]
    assert Path("class.csv").read_text() == "points"


@pytest.mark.parametrize("raw", [b"", b"hello", GOOD.encode("utf-16-le"), GOOD[:-1].encode()])
def test_a_chat_without_a_line_overwrites_nothing(
    raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chat, out = tmp_path / "chat.txt", tmp_path / "c.csv"
    chat.write_bytes(raw)
    out.write_text("before")

    assert main(["homework", "class", "--lines", str(chat), "--out", str(out)]) == 1
    assert "There is no whole line of predictions in" in capsys.readouterr().err
    assert out.read_text() == "before"


@pytest.mark.parametrize(
    "line", [f"D{GOOD[1:]}", f"DROPVIZ1{GOOD[8:]}", f"Ada{GOOD}", f"_{GOOD}", f"Ada:{GOOD}"]
)
def test_a_line_counts_with_a_capital_or_glued_to_a_name(line: str) -> None:
    assert read_lines(f"hi\n{line}\n") == ([Told("ada", {"where": "h"})], [])


@pytest.mark.parametrize("line", [f"D{GOOD[1:-1]}", GOOD.upper(), f"{GOOD}Thanks"])
def test_a_line_that_cannot_count_is_named(line: str) -> None:
    assert read_lines(f"hi Ada{line}\n") == ([], [line])


def test_a_chat_that_cannot_be_read_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path, tmp_path / "none.txt", tmp_path / ("n" * 300)):
        assert main(["homework", "class", "--lines", str(path)]) == 1
        told = capsys.readouterr().err
        assert "The chat " in told
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    "said", ["dropviz1: please", "`dropviz1:`", "with dropviz1:.", "dropviz1:"]
)
def test_a_teacher_s_own_mark_is_no_line(said: str) -> None:
    assert read_lines(f"Paste what begins with {said}\n{GOOD}\n") == (
        [Told("ada", {"where": "h"})],
        [],
    )
