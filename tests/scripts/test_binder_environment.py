from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.binder_environment import base_packages, environment_of


@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_the_versions_are_those_of_repo2docker(python: str) -> None:
    found = base_packages(python)

    assert all(re.fullmatch(r"[\w-]+==\d+[\w.]*", each) for each in found)
    assert {each.split("==")[0] for each in found} == {
        "jupyterlab",
        "notebook",
        "ipykernel",
        "jupyter_server",
        "jupyterhub",
    }


def test_a_session_inherits_nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")

    found = environment_of(Path("/built/environment/bin"))

    assert set(found) == {"PATH", "HOME", "LANG"}
    assert found["PATH"].startswith("/built/environment/bin")
