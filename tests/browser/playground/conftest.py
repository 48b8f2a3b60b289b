"""The engine of the page in Node, quickly, and in two browsers without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.write_playground import write_playground
from tests.browser.firefox import Firefox, firefox

from .engines import Engine, FirefoxEngine, PageEngine, node

BROWSERS = [pytest.param(name, marks=pytest.mark.browser) for name in ("chromium", "firefox")]


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as ``dropviz playground`` writes it."""
    path = tmp_path_factory.mktemp("playground") / "a page.html"
    write_playground(path)
    return path


@pytest.fixture(scope="session")
def in_firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox")) as started:
        yield started


@pytest.fixture(scope="session", params=["node", *BROWSERS])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param == "chromium":
        browser: Any = request.getfixturevalue("chromium")
        context = browser.new_context()
        context.set_offline(True)
        yield PageEngine(context.new_page())
        context.close()
        return
    folder: Path = tmp_path_factory.mktemp("engine")
    if request.param == "firefox":
        yield FirefoxEngine(request.getfixturevalue("in_firefox"), folder)
        return
    with node(folder) as started:
        yield started
