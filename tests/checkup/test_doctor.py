from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import dropviz
from dropviz.checkup.doctor import lines
from dropviz.checkup.machine import Machine

from .here import HERE, changed


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    dropviz.doctor()
    return capsys.readouterr().out.splitlines()


def rows(said: list[str]) -> list[str]:
    return [line for line in said[:-1] if not line.startswith("Note: ")]


def test_the_doctor_is_content_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys)[-1] == "Ready."


@pytest.mark.parametrize("name", ["keras", "numpy", "matplotlib", "scikit-learn", "anywidget"])
def test_the_doctor_tells_the_versions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = {line.split()[0]: line.split()[1] for line in rows(told(capsys))}

    assert found[name] == version(name)


def test_the_doctor_tells_the_python_and_the_backend(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    said = rows(told(capsys))

    assert said[0].split()[:2] == ["Python", ".".join(map(str, sys.version_info[:3]))]
    assert any(line.startswith("Keras backend   tensorflow (") for line in said)
    assert any(line.startswith("Device          ") for line in said)


def test_the_doctor_lines_up_what_it_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert all(row[15] == " " and row[16] != " " for row in rows(told(capsys)))


def test_what_may_be_used_is_told_beside_what_there_is() -> None:
    said = list(lines(changed(machine=Machine(8, 1, 2**30, 2 * 2**30))))

    assert "Processors      1 of 8" in said
    assert "Memory          1.0 GiB left of the 2.0 that are allowed" in said


def test_what_the_system_does_not_tell_is_left_out() -> None:
    said = list(lines(changed(machine=Machine(2, 2, None, None))))

    assert "Memory          -" in said


def test_what_works_less_well_is_noted_and_no_reason_not_to_begin() -> None:
    said = list(lines(changed(machine=Machine(8, 1, 2**32, None))))

    assert [line[:33] for line in said if line.startswith("Note")] == [
        "Note: TensorFlow counts 8 process"
    ]
    assert said[-1] == "Ready."


def test_what_prevents_it_is_the_verdict() -> None:
    said = list(lines(changed(versions={"keras": ""})))

    assert said[-1] == 'Not ready: no Keras. Run: python -m pip install "dropviz[cpu]"'


def test_where_all_is_well_nothing_is_noted() -> None:
    assert not [line for line in lines(HERE) if line.startswith("Note")]


def test_the_doctor_loads_neither_keras_nor_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys, dropviz\ndropviz.doctor()\n"
        "print(any(name in sys.modules for name in ('keras', 'tensorflow', 'matplotlib')))"
    )
    root = str(Path(dropviz.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": root},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "False"
