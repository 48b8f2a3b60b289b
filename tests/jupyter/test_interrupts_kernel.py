"""An interrupt while a fresh kernel loads Keras: a broken import is never made good."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.full]

LOAD = "%load_ext dropviz\nimport os, signal, threading"
ARM = "threading.Timer({}, os.kill, (os.getpid(), signal.SIGINT)).start()"
LINE = "%lstm_dropout --units 2 --epochs 1 --into run"
WAYS = {
    "line": {"stop": f"{ARM}\n{LINE}"},
    # The magic must come first in its cell.
    "cell": {"arm": ARM, "stop": "%%lstm_dropout --into run\nran = True"},
}


@pytest.mark.few("cell-0.5", "line-1.5")
@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.5])
@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_while_keras_is_loaded_acts_once_it_is_there(
    tmp_path: Path, way: str, seconds: float
) -> None:
    kernel = Kernel(tmp_path)
    try:
        cells = {name: body.format(seconds) for name, body in WAYS[way].items()}
        stopped = kernel.run_all(
            {"load": LOAD, **cells, "next": "went_on = True"}, allow_errors=False
        )
        after = kernel.run_all(
            {
                "went on": "'went_on' in globals(), 'ran' in globals()",
                "again": LINE,
                "status": "run.status, run.curves.epochs",
            }
        )
    finally:
        kernel.stop()

    assert re.fullmatch("stopped before anything ran", stopped["stop"].error)
    assert stopped["stop"].bundles[-1]["text/plain"] == "stopped before anything ran"
    assert after["went on"].value == "(False, False)"
    assert not after["again"].errors
    assert after["status"].value == "('done', 1)"
