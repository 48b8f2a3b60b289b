"""Scripts in Node, without a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.stage import REQUIRED


def node_path() -> str:
    """Where Node is; without it the test is skipped, and in CI fails."""
    found = shutil.which("node")
    if found is None and not REQUIRED:
        pytest.skip("no Node was found; install the system's package `nodejs`, or run -m browser")
    assert found is not None
    return found


def said_in_node(script: str, folder: Path) -> str:
    """What a script writes when it runs as a module.

    Args:
        script: The module's text.
        folder: Where it is written.
    """
    path = folder / "script.mjs"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run([node_path(), str(path)], capture_output=True, text=True, check=True)
    return done.stdout
