"""Runs dropviz as a command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dropviz


def dropviz_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "LOG_LEVEL" not in name}
    return subprocess.run(
        [sys.executable, "-m", "dropviz", *words],
        env=environment | {"PYTHONPATH": str(Path(dropviz.__file__).parents[1])},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
