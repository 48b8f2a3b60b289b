"""Says in a sentence what a new TensorFlow has moved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from dropviz.errors import DropvizError
from dropviz.keras_inside.compiled_cache import FLAGS, keep_compiled, name_as_before

MOVED = (
    "tensorflow/compiler/jit/flags.h: XLA keeps compiled programs otherwise, or reads TF_XLA_FLAGS "
    "earlier; dropviz/keras_inside/compiled_cache.py leans on it."
)
OPTION = "--tf_xla_persistent_cache_directory"
NAMED = """
import sys
import tensorflow as tf
from dropviz.keras_inside.compiled_cache import name_as_before

for number in range(int(sys.argv[1])):
    tf.function(lambda x: tf.sin(x) + number)(tf.ones(3))
name_as_before()
print(tf.function(lambda x: tf.sin(x)).get_concrete_function(tf.TensorSpec([3])).name)
"""
PROGRAM = """
import sys
from pathlib import Path
import tensorflow as tf
from dropviz.keras_inside.compiled_cache import keep_compiled

keep_compiled(Path(sys.argv[1]))
print(tf.function(lambda x: tf.reduce_sum(tf.sin(x) * 3), jit_compile=True)(tf.ones(7)).numpy())
"""


@pytest.fixture(autouse=True)
def _no_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAGS, "")


def test_tensorflow_is_told_of_a_directory_of_its_own(tmp_path: Path) -> None:
    own = keep_compiled(tmp_path / "kept")

    assert own.is_dir()
    assert own.parent == tmp_path / "kept"
    assert own.name.startswith(f"tensorflow-{tf.__version__}-")
    assert os.environ[FLAGS] == f"{OPTION}='{own}'"
    assert keep_compiled(tmp_path / "kept") == own


def test_other_flags_stay_and_another_directory_takes_the_place_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FLAGS, "--tf_xla_clustering_debug=false")

    keep_compiled(tmp_path / "one of two")
    own = keep_compiled(tmp_path / "other")

    assert os.environ[FLAGS] == f"--tf_xla_clustering_debug=false {OPTION}='{own}'"


def test_flags_in_a_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAGS, "/etc/flags")

    with pytest.raises(DropvizError, match=r"^XLA cannot be told .* TF_XLA_FLAGS='/etc/flags'\.$"):
        keep_compiled(tmp_path)
    assert os.environ[FLAGS] == "/etc/flags"


def test_a_path_with_a_quote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="a path without quotes"):
        keep_compiled(tmp_path / "a student's")


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DropvizError, match=r"cannot be made \(.*\)\. Name another\.$"):
        keep_compiled(tmp_path / "file" / "in it")
    assert os.environ[FLAGS] == ""


@pytest.mark.full
def test_what_one_process_compiled_another_finds(tmp_path: Path) -> None:
    directory = tmp_path / "with a space"
    said, files = [], []
    for _ in range(2):
        command = [sys.executable, "-c", PROGRAM, str(directory)]
        said.append(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        kept = {path.name: path.stat().st_mtime_ns for path in directory.rglob("*.pb")}
        files.append(kept)

    assert len(files[0]) == 1, MOVED
    assert files[0] == files[1], MOVED
    assert said[0] == said[1] != ""


@pytest.mark.slow
def test_a_function_has_the_same_name_whatever_the_process_ran_before() -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    names = [
        subprocess.run(
            [sys.executable, "-c", NAMED, before],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for before in ("1", "3")
    ]

    assert names[0] == names[1], (
        "tensorflow/python/framework/ops.py: functions are numbered otherwise; "
        "dropviz/keras_inside/compiled_cache.py leans on uid."
    )


def test_names_go_on_after_a_round_number() -> None:
    def number() -> int:
        traced = tf.function(tf.sin).get_concrete_function(tf.TensorSpec([3]))
        return int(traced.name.decode().rpartition("_")[2])

    number()  # the first one in a process takes a number more
    name_as_before()
    first = number()
    name_as_before()

    assert number() == first + 2**17
