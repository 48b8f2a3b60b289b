"""A server, a browser and a page for all tests of this folder."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from .stage import REQUIRED, Notebook, browser, browser_path, end_kernels, server, write

_SIZE = {"width": 1500, "height": 1000}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    with server(folder) as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if browser_path() is None and not REQUIRED:
        pytest.skip("no Chromium was found; install the system's package `chromium`")
    with browser() as started:
        yield started


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport=_SIZE)
    yield context.new_page()
    context.close()


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def notebook(
    page: Any, folder: Path, address: str, request: pytest.FixtureRequest
) -> Iterator[Notebook]:
    made = Notebook(page, folder)
    yield made
    if request.node.stash.get(_FAILED, False):
        made.shot(f"failed-{request.node.name}")
    end_kernels(address)


@pytest.fixture
def opened(
    notebook: Notebook, address: str, folder: Path, request: pytest.FixtureRequest
) -> Notebook:
    """A notebook of this test alone, in JupyterLab, with the panel's cell not yet run."""
    name = f"{request.node.name.partition('[')[0]}.ipynb"
    write(folder, name, ["%load_ext dropviz\n%lstm_lab lstm:u16:d.2:r.5:e60 --into panel", "0"])
    notebook.open(address, name)
    return notebook
