from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dropviz.checkup.front_end import FrontEnd, front_end


def shell(*, kernel: bool, **names: Any) -> Any:
    return SimpleNamespace(kernel=object() if kernel else None, user_ns=names)


@pytest.fixture
def _in(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: request.param  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)


@pytest.mark.usefixtures("_in")
@pytest.mark.parametrize(
    ("_in", "environment", "found"),
    [
        (None, {}, FrontEnd.PYTHON),
        (shell(kernel=False), {}, FrontEnd.TERMINAL),
        (shell(kernel=False), {"VSCODE_PID": "1"}, FrontEnd.TERMINAL),
        (shell(kernel=True), {}, FrontEnd.JUPYTER),
        (shell(kernel=True, __vsc_ipynb_file__="a.ipynb"), {}, FrontEnd.VS_CODE),
        (shell(kernel=True), {"VSCODE_PID": "1"}, FrontEnd.VS_CODE),
        (
            shell(kernel=True),
            {"JUPYTERHUB_USER": "a", "BINDER_LAUNCH_HOST": "b"},
            FrontEnd.BINDER,
        ),
        (shell(kernel=True), {"JUPYTERHUB_USER": "a"}, FrontEnd.JUPYTERHUB),
    ],
    indirect=["_in"],
)
def test_it_is_told_by_the_shell_and_the_environment(
    environment: dict[str, str], found: FrontEnd
) -> None:
    assert front_end(environment) is found


def test_colab_is_told_by_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))

    assert front_end({}) is FrontEnd.COLAB


def test_where_nobody_imported_ipython_it_is_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    assert front_end({}) is FrontEnd.PYTHON
