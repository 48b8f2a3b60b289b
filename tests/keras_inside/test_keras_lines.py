"""The lines of Keras that cards of pictures show stand in the Keras that is installed."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.setting import Setting
from dropviz.figures.keras_lines import keras_line

PACKAGE = Path(keras.__file__).parent
CASES = [
    ("LSTM", "input", False),
    ("LSTM", "input", True),
    ("LSTM", "recurrent", False),
    ("GRU", "input", False),
    ("GRU", "input", True),
    ("GRU", "recurrent", False),
    ("SimpleRNN", "input", True),
    ("SimpleRNN", "recurrent", True),
]


def line(kind: str, site: str, method: str = "keras", *, tied: bool) -> str:
    layer = LayerRecording("lstm", kind, 4, 0, {}, setting=Setting(method))
    return keras_line(layer, site, tied=tied)


@pytest.mark.parametrize(("kind", "site", "tied"), CASES)
def test_the_line_stands_in_its_file_and_function(kind: str, site: str, *, tied: bool) -> None:
    file, function, code = line(kind, site, tied=tied).replace(": ", ", ").split(", ")
    name, _, method = function.partition(".")

    source = (PACKAGE.parent / file).read_text(encoding="utf-8")

    body = source.partition(f"class {name}(")[2].partition(f"def {method}(")[2]
    assert code in body.partition("\n    def ")[0]


def test_no_line_is_told_for_what_is_not_keras_s() -> None:
    assert not line("LSTM", "candidate", tied=True)
    assert not line("LSTM", "input", "semeniuta", tied=True)
    assert not line("OwnCell", "input", tied=True)
