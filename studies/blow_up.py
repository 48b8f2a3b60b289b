"""The GRU whose outputs reached 1e25 (keras-team/keras#20276): what made it, and what mended it.

In Keras 3.2 to 3.7 the mask of ``recurrent_dropout`` multiplied the state that a GRU carries on.
Kept units, times 1/(1-p) at every step, grow with the power of the steps: what Semeniuta et al.
2016 (arXiv:1603.05118) warn of. Since Keras 3.8 it multiplies a copy that the gates see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_SCRIPT = Path(__file__).with_name("gru_states.py")


@dataclass(frozen=True)
class Size:
    """How much is run.

    Attributes:
        old: A version of Keras that has the mistake; installed for the study, beside and not
            instead of the one that is there. Empty to leave it out.
        rates: Of ``recurrent_dropout``.
        seeds: Seeds of weights, masks and inputs.
        steps: Steps of the sequences.
    """

    old: str = "3.7.0"
    rates: tuple[float, ...] = (0.2, 0.5)
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    steps: int = 160


QUICK = Size("", (0.5,), (1, 2), steps=30)


def measure(size: Size, folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """Runs untrained GRUs.

    Args:
        size: How much.
        folder: Not used: the whole study takes a minute.
        tell: Told how it goes.

    Returns:
        A row for each version of Keras, rate and seed: the largest entry of the state after each
        step, None where it is not finite. "masked" says what the mask multiplied: the "state",
        or a "copy" of it; "keras" by which version, and "cell" whether by its GRU or by a cell
        of ours on top of it.

    Raises:
        subprocess.CalledProcessError: If the old Keras cannot be installed.
    """
    del folder
    rows = _ran("layer", "copy", size)
    tell("blow-up: the Keras that is here")
    rows += _ran("state", "state", size)
    tell("blow-up: a cell that masks the state")
    if size.old:
        with tempfile.TemporaryDirectory() as place:
            _install(size.old, place)
            rows += _ran("layer", "state", size, place)
        tell(f"blow-up: Keras {size.old}")
    return rows


def _install(version: str, place: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place]
    subprocess.run([*command, f"keras=={version}"], check=True, capture_output=True)


def _ran(what: str, masked: str, size: Size, place: str = "") -> list[Row]:
    began = time.perf_counter()
    asked = json.dumps([what, size.rates, size.seeds, size.steps])
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": place}
    ran = subprocess.run(
        [sys.executable, "-P", str(_SCRIPT), asked],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    seconds = (time.perf_counter() - began) / len(told["rows"])
    cell = "keras.layers.GRU" if what == "layer" else "StateMasked"
    return [
        {"keras": told["keras"], "cell": cell, "masked": masked, **row, "seconds": seconds}
        for row in told["rows"]
    ]
