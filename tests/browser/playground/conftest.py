"""The engine of the page in two places: quickly in Node, and in a browser without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .engines import Engine, PageEngine, node

BOTH = ["node", pytest.param("chromium", marks=pytest.mark.browser)]


@pytest.fixture(scope="session", params=BOTH)
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
    folder: Path = tmp_path_factory.mktemp("node")
    with node(folder) as started:
        yield started
