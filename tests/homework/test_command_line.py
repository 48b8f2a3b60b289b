"""A teacher's commands, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropviz.__main__ import main
from dropviz.errors import DropvizError
from dropviz.homework import landlock, seccomp
from dropviz.homework.key_file import read_key
from dropviz.homework.report import Report
from dropviz.homework.submission import Submission

from .handed_in import hand_in, notebook

SOURCE = Path(__file__).parents[2] / "notebooks" / "homework"


@pytest.mark.slow
def test_a_course_is_built_handed_in_empty_graded_and_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ids.txt").write_text("ada\n\nbo\n")
    unlocked = [] if landlock.version() and seccomp.is_known() else ["--unlocked"]

    assert main(["homework", "key"]) == 0
    assert main(["homework", "build", "--students", "ids.txt", "--source", str(SOURCE)]) == 0
    graded = main(["homework", "grade", "handout/student", *unlocked])
    told = capsys.readouterr().out
    assert main(["homework", "class", "reports"]) == 0

    assert graded == 0
    assert told.count("0 of 11 points.") == told.count("0 of 12 points.") == 2
    assert told.count("0 of 14 points.") == 2
    assert "Locks that hold: memory, time and size of files" in told
    assert "ada/build-the-mask.ipynb" in told
    assert sorted(path.name for path in Path("reports/ada").iterdir()) == [
        f"{name}.{end}"
        for name in ("build-the-mask", "design-and-defend", "unnamed-layers")
        for end in ("html", "json")
    ]
    assert Path("class.csv").exists()
    assert Path("class.png").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "."], "There is no key at 'homework.key'"),
        (["build", "--students", "none.txt", "--key", "k"], "The list of students 'none.txt'"),
        (["key", "none/k"], "in a folder that exists"),
        (["class", "none"], "There is no report in 'none'"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["homework", "key", "k"])

    assert main(["homework", *words]) == 1

    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "ascii"])
def test_a_list_of_students_may_begin_with_a_mark(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["homework", "key", "k"])
    Path("ids.txt").write_bytes("ada\r\nbo\n".encode(encoding))
    asked: list[str] = []

    def build(*given: list[str]) -> list[Path]:
        asked.extend(given[3])
        return []

    monkeypatch.setattr("dropviz.homework.notebooks.build", build)

    assert main(["homework", "build", "--students", "ids.txt", "--key", "k"]) == 0
    assert asked == ["ada", "bo"]


def test_ctrl_c_while_grading_is_one_sentence_and_keeps_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["homework", "key"])
    edition = read_key(Path("homework.key")).edition
    for student in ("ada", "bo"):
        named = notebook("x = 1")
        named["cells"][0]["source"] = [f'assignment = "build-the-mask {edition}"']
        hand_in(Path("in") / student / "n.ipynb", named)
    judged = []

    def stopped(_: object, submission: Submission, *__: object, **___: object) -> Report:
        judged.append(submission.student)
        if submission.student == "bo":
            raise KeyboardInterrupt
        return Report(submission.student, "build-the-mask", edition, (), 11)

    monkeypatch.setattr("dropviz.homework.grade.judge", stopped)
    capsys.readouterr()

    assert main(["homework", "grade", "in", "--unlocked"]) == 130

    told = capsys.readouterr()
    assert judged == ["ada", "bo"]
    assert told.err.strip().startswith("Stopped. What was graded until then has its report.")
    assert told.err.strip().count("\n") == 0
    assert [path.parent.name for path in Path("reports").rglob("*.json")] == ["ada"]


def test_a_key_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(DropvizError, match=r"cannot be read \(Permission denied\)"):
        read_key(tmp_path / "k")
    monkeypatch.undo()
    with pytest.raises(DropvizError, match=r"cannot be read \(Is a directory\)"):
        read_key(tmp_path)
