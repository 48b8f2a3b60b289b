from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dropviz.__main__ import main
from dropviz.errors import StoppedError
from tests.command_line import dropviz_in

# ---------------------------------------------------------------- ends that are not good


def refused(*_: Any, **__: Any) -> None:
    raise AssertionError("trained")


def test_a_folder_that_is_not_there_is_refused_before_anything_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dropviz.studies.train.run", refused)

    status = main(["demo", "--out", str(tmp_path / "nowhere" / "demo.html")])

    assert status == 1
    said = capsys.readouterr()
    assert said.err == f"The folder {str(tmp_path / 'nowhere')!r} does not exist. Make it first.\n"
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_a_file_is_refused_before_anything_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dropviz.studies.train.run", refused)

    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_an_interrupt_ends_with_one_line_and_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise StoppedError("stopped after epoch 1 of 15; results kept")

    monkeypatch.setattr("dropviz.studies.train.run", interrupted)

    assert main(["demo", "--out", str(tmp_path / "demo.html")]) == 130
    assert capsys.readouterr().err == "\nstopped after epoch 1 of 15; results kept\n"


@pytest.mark.parametrize("words", [[], ["dmeo"], ["demo", "--units", "3"]], ids=str)
def test_a_wrong_command_line_shows_its_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: dropviz")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "demo" in said
    assert "doctor" in said


# ---------------------------------------------------------------- doctor


def test_the_doctor_comes_from_the_command_line(tmp_path: Path) -> None:
    done = dropviz_in(tmp_path, "doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "Ready."
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_it_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dropviz", "doctor"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 1
    assert said.endswith("What was written is kept; run it again without that.\n")
    assert "Broken pipe" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "default"),
    [
        (["demo"], "dropviz-demo.html"),
        (["playground"], "dropviz-playground.html"),
        (["homework", "build"], "handout"),
        (["homework", "build"], "notebooks/homework"),
        (["homework", "grade"], "homework.key"),
        (["homework", "grade"], "reports"),
    ],
)
def test_help_names_what_is_taken_where_nothing_is_given(
    words: list[str], default: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    assert f"({default})" in " ".join(capsys.readouterr().out.split())
