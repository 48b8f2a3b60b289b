"""What ``%load_ext dropviz`` adds to a bare IPython, each time in a fresh process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

_CODE = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "dropviz")
print(json.dumps(time.perf_counter() - began))
"""


def milliseconds(times: int = 11) -> float:
    """Median milliseconds of ``%load_ext dropviz``."""
    command = [sys.executable, "-c", _CODE]
    seconds: list[float] = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(times)
    ]
    return 1000 * statistics.median(seconds)
