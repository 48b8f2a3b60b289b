"""Firefox without a network, driven by Puppeteer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.in_node import answered, node_path
from tests.browser.stage import REQUIRED

_PUPPETEER = "puppeteer-core@25.16.0"
_NAMES = ("firefox-esr", "firefox")


class Firefox:
    """A page of Firefox."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, action: str, **request: Any) -> Any:
        """Has one of the actions of ``firefox.js`` done, and gives its value."""
        answer = answered(self._process, {"action": action, **request})
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def open(self, path: Path, fragment: str = "", *, size: tuple[int, int] = (1366, 768)) -> None:
        """Opens a file."""
        width, height = size
        self.do("open", url=path.as_uri() + fragment, width=width, height=height)

    def evaluate(self, script: str, given: Any = None) -> Any:
        """What a function of the page returns."""
        return self.do("evaluate", script=script, given=given)

    def wait(self, script: str) -> None:
        """Waits until an expression of the page is true."""
        self.do("wait", script=script)


def firefox_path() -> str:
    """Where Firefox is; without it the test is skipped, and in CI fails."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None and not REQUIRED:
        pytest.skip("no Firefox was found; install the system's package `firefox-esr`")
    assert found is not None
    return found


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """A page of Firefox, until the block ends.

    Args:
        folder: Where Puppeteer is installed.
    """
    node, path, npm = node_path(), firefox_path(), shutil.which("npm")
    if npm is None and not REQUIRED:
        pytest.skip("no npm was found; install the system's package `npm`")
    assert npm is not None
    driver = folder / "firefox.mjs"
    driver.write_text(Path(__file__).with_name("firefox.js").read_text("utf-8"), "utf-8")
    quiet = ("--silent", "--no-audit", "--no-fund")
    subprocess.run([npm, "install", *quiet, _PUPPETEER], cwd=folder, check=True)
    with subprocess.Popen(
        [node, str(driver), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        page = Firefox(process)
        yield page
        page.do("close")
        assert process.stdin is not None
        process.stdin.close()
