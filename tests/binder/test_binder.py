from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from notebooks.write_lessons import ONE_CORE

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(BINDER, tmp_path / "binder")
    return tmp_path


def test_repo2docker_accepts_the_folder(checkout: Path) -> None:
    tool = Path(sys.executable).with_name("jupyter-repo2docker")
    done = subprocess.run(
        [tool, "--no-build", "--debug", checkout], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    recipe = done.stdout + done.stderr
    assert "Building conda environment for python=3.11" in recipe
    assert "binder/requirements.txt" in recipe
    assert "RUN ./binder/postBuild" in recipe
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in recipe


def test_every_line_is_pinned() -> None:
    lines = (BINDER / "requirements.txt").read_text().split()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_the_pins_are_of_what_the_project_needs() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (BINDER / "requirements.txt").read_text().split()
    }
    project = tomllib.loads((BINDER.parent / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split("[<>=]", each)[0].lower() for each in project["dependencies"]}
    assert "keras" in needed
    assert needed | {"tensorflow-cpu", "ipykernel"} <= pinned
    # The full wheel is twice the size, for a GPU that Binder does not have.
    assert "tensorflow" not in pinned


@pytest.mark.full
def test_the_pins_install_together() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
            *("--python-version", "3.11", "--only-binary", ":all:", "--target", "unused"),
            *("-r", BINDER / "requirements.txt"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", ["postBuild", "start"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    assert os.access(BINDER / script, os.X_OK)
    subprocess.run(["bash", "-n", BINDER / script], check=True)


def test_start_runs_what_it_is_given() -> None:
    done = subprocess.run(
        [BINDER / "start", "printenv", "TF_NUM_INTRAOP_THREADS"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"


def test_lessons_are_written_as_binder_runs_them() -> None:
    exported = re.findall(r"^export (\w+)=(.*)$", (BINDER / "start").read_text(), re.MULTILINE)

    assert dict(exported) == dict(ONE_CORE)
