"""The judge's Keras is on TensorFlow, whatever the environment says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import pytest

import dropviz
from dropviz.__main__ import main
from dropviz.homework.key_file import make_key

ROOT = Path(dropviz.__file__).parents[1]
# Stands in for Keras, and ends the process as soon as it is imported.
_KERAS = "import os\nraise SystemExit('on ' + os.environ['KERAS_BACKEND'])\n"


@pytest.mark.parametrize(
    "code",
    [
        "from dropviz.__main__ import main; main(['homework', 'grade', '.', '--key', 'key'])",
        pytest.param(
            "from dropviz.homework.nbgrader_preprocessors import Judge; Judge().preprocess(0, {})",
            marks=pytest.mark.skipif(find_spec("nbgrader") is None, reason="needs nbgrader"),
        ),
    ],
)
def test_keras_is_imported_on_tensorflow_before_anything_is_judged(
    tmp_path: Path, code: str
) -> None:
    (tmp_path / "keras.py").write_text(_KERAS)
    make_key(tmp_path / "key")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == "on tensorflow\n"


def test_nothing_is_judged_where_keras_is_on_another_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_key(tmp_path / "key")
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")

    assert main(["homework", "grade", str(tmp_path), "--key", str(tmp_path / "key")]) == 1

    told = capsys.readouterr().err
    assert "Received: KERAS_BACKEND='jax'." in told
    assert told.count("\n") == 1
