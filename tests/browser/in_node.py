"""Scripts in Node, without a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stage import REQUIRED


def node_path() -> str:
    """Where Node is; without it the test is skipped, and in CI fails."""
    found = shutil.which("node")
    if found is None and not REQUIRED:
        pytest.skip("no Node was found; install the system's package `nodejs`, or run -m browser")
    assert found is not None
    return found


def answered(process: subprocess.Popen[str], request: dict[str, Any]) -> Any:
    """What a script that answers line by line answers.

    Args:
        process: Of the script; its streams are text.
        request: What it is asked, as JSON has it.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


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
