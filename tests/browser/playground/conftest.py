"""The page in a browser, and its engine in Node and in two browsers, all without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.write_playground import write_playground
from tests.browser.firefox import Firefox, firefox

from .engines import Engine, FirefoxEngine, PageEngine, node
from .page_driver import MILLISECONDS, Open

BROWSERS = [pytest.param(name, marks=pytest.mark.browser) for name in ("chromium", "firefox")]


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as ``dropviz playground`` writes it."""
    path = tmp_path_factory.mktemp("playground") / "a page.html"
    write_playground(path)
    return path


@pytest.fixture
def opened(chromium: Any, file: Path) -> Iterator[Open]:
    """Opens the page at an address of its own; it may ask for nothing, and no script may fail."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(
        scenario: str = "", width: int = 1366, height: int = 768, script: str = "", **how: Any
    ) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **how)
        context.set_offline(True)
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda line: wrong.append(f"console: {line.text}"))
        page.on("request", lambda request: wrong.append(f"request: {request.url}"))
        if script:
            page.add_init_script(script)
        address = file.as_uri()
        page.goto(f"{address}#{scenario}" if scenario else address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    allowed = ("request: file://", "request: blob:")
    assert [each for each in wrong if not each.startswith(allowed)] == []


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
