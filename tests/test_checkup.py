from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import dropviz
from dropviz.checkup import _verdict

INSTALL = 'python -m pip install "dropviz[cpu]"'


def found(**changed: str) -> dict[str, str]:
    return {"keras": "3.15.1", "tensorflow": "2.21.0", "tensorflow-cpu": ""} | changed


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    dropviz.doctor()
    return capsys.readouterr().out.splitlines()


def test_the_doctor_is_content_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys)[-1] == "Ready."


@pytest.mark.parametrize("name", ["keras", "numpy", "matplotlib", "scikit-learn", "ipython"])
def test_the_doctor_tells_the_versions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = {line.split()[0]: line.split()[1] for line in told(capsys)[:-1]}

    assert lines[name] == version(name)


def test_the_doctor_tells_the_python_and_the_backend(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    first, *_, backend, device, _ = told(capsys)

    assert first.split()[:2] == ["Python", ".".join(map(str, sys.version_info[:3]))]
    assert backend.startswith("Keras backend   tensorflow (")
    assert device.startswith("device          ")


def test_the_doctor_lines_up_what_it_tells(capsys: pytest.CaptureFixture[str]) -> None:
    *rows, _ = told(capsys)

    assert all(row[15] == " " and row[16] != " " for row in rows)


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


@pytest.mark.parametrize(
    "packages",
    [
        {},
        {"tensorflow": "", "tensorflow-cpu": "2.21.0"},
        {"keras": "3.8.0"},
        {"keras": "3.10.0rc1"},
        {"keras": "4.0"},
        {"keras": "4"},
    ],
    ids=str,
)
def test_what_dropviz_can_work_with_is_ready(packages: dict[str, str]) -> None:
    assert _verdict(found(**packages), "tensorflow") == "Ready."


@pytest.mark.parametrize(
    ("packages", "backend", "said"),
    [
        ({"tensorflow": ""}, "tensorflow", f"Not ready: no TensorFlow. Run: {INSTALL}"),
        ({"keras": ""}, "tensorflow", f"Not ready: no Keras. Run: {INSTALL}"),
        ({"keras": "3.7.0"}, "tensorflow", "Not ready: Keras 3.7.0; dropviz needs 3.8 or later."),
        ({"keras": "2.15.0"}, "tensorflow", "Not ready: Keras 2.15.0; dropviz needs 3.8 or later."),
        ({}, "jax", 'Not ready: no JAX. Run: python -m pip install "dropviz[jax]"'),
        ({}, "torch", 'Not ready: no PyTorch. Run: python -m pip install "dropviz[torch]"'),
        (
            {},
            "openvino",
            "Not ready: dropviz records on tensorflow, jax, torch; set KERAS_BACKEND to one.",
        ),
    ],
    ids=[
        "no tensorflow",
        "no keras",
        "an old keras",
        "a very old keras",
        "no jax",
        "no torch",
        "another backend",
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    packages: dict[str, str], backend: str, said: str
) -> None:
    assert _verdict(found(**packages), backend) == said


@pytest.mark.parametrize(("name", "number"), [("jax", "0.10.2"), ("torch", "2.14.1")])
def test_another_backend_that_is_there_is_ready(name: str, number: str) -> None:
    assert _verdict({"keras": "3.15.1", name: number}, name) == "Ready."


@pytest.mark.parametrize("value", ["1", "True", "true"])
def test_the_keras_2_of_tf_keras_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", value)
    assert _verdict(found(), "tensorflow").startswith("Not ready: TF_USE_LEGACY_KERAS makes tf.")


@pytest.mark.parametrize("value", ["", "0", "False", "yes"])
def test_keras_3_that_was_asked_for_is_ready(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", value)
    assert _verdict(found(), "tensorflow") == "Ready."
