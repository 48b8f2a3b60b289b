from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dropviz

ROOT = Path(dropviz.__file__).parents[1]
INSTALL = 'python -m pip install "dropviz[cpu]"'

# What TensorFlow 2.21's C++ side writes at import, whatever its log level is.
CHATTER = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1760000000.000000    1234 port.cc:153] oneDNN custom operations are on.
I0000 00:00:1760000000.000000    1234 cpu_feature_guard.cc:227] This TensorFlow binary ...
To enable the following instructions: AVX2 AVX512F, in other operations, rebuild TensorFlow.
"""
_WRITE = "import os\nos.write(2, {text!r}.encode())\n"


def fresh(
    code: str, *, path: Path | None = None, backend: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own that has imported nothing yet.

    Args:
        code: What to run.
        path: A folder whose modules come before the installed ones.
        backend: What ``KERAS_BACKEND`` says; not set where empty.
    """
    hidden = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["PYTHONPATH"] = os.pathsep.join([*([str(path)] if path else []), str(ROOT)])
    if backend:
        environment["KERAS_BACKEND"] = backend
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def standing_in(folder: Path, keras: str) -> Path:
    """Makes modules that stand in for Keras and TensorFlow, so that the start is quick."""
    (folder / "keras.py").write_text(keras, encoding="utf-8")
    (folder / "tensorflow.py").write_text("", encoding="utf-8")
    return folder


READY = "from dropviz.keras_inside.start_keras import ready\n"
WITHOUT_TENSORFLOW = "import sys\nsys.modules['tensorflow'] = None\n"


@pytest.mark.slow
def test_a_fresh_process_gets_keras_without_a_word() -> None:
    done = fresh(READY + "ready()\nimport sys\nprint('keras' in sys.modules)")

    assert done.stderr == ""
    assert done.stdout == "True\n"


@pytest.mark.parametrize("look", ["dropviz.run", "dropviz.record", "dropviz.redraw"])
def test_without_tensorflow_one_sentence_says_what_to_install(look: str) -> None:
    done = fresh(f"{WITHOUT_TENSORFLOW}import dropviz\n{look}")

    last = done.stderr.splitlines()[-1]
    assert last.startswith("dropviz.errors.DropvizError: No TensorFlow was found")
    assert INSTALL in last
    assert done.returncode == 1


def test_without_tensorflow_keras_is_not_half_imported() -> None:
    code = (
        "try:\n    ready()\nexcept ValueError:\n"
        "    print(any(name.split('.')[0] == 'keras' for name in sys.modules))"
    )

    assert fresh(WITHOUT_TENSORFLOW + READY + code).stdout == "False\n"


def test_another_backend_is_keras_s_to_find(tmp_path: Path) -> None:
    path = standing_in(tmp_path, "print('keras came')")

    done = fresh(f"{WITHOUT_TENSORFLOW}{READY}ready()", path=path, backend="openvino")

    assert (done.stdout, done.stderr) == ("keras came\n", "")


def test_once_keras_is_there_nothing_is_asked_any_more() -> None:
    code = "import sys\nsys.modules['keras'] = sys.modules['tensorflow'] = None\n"

    assert fresh(f"{code}{READY}ready()").returncode == 0


def test_the_start_of_tensorflow_is_kept_quiet(tmp_path: Path) -> None:
    path = standing_in(tmp_path, _WRITE.format(text=CHATTER))

    assert fresh(f"{READY}ready()", path=path).stderr == ""


def test_other_lines_pass_through_in_their_order(tmp_path: Path) -> None:
    lines = ["E0000 00:00:1 cuda failed", "note: not I0000 at its start", "über", ""]
    text = "\n".join([lines[0], CHATTER.rstrip(), *lines[1:]])
    path = standing_in(tmp_path, _WRITE.format(text=text))

    done = fresh(f"{READY}ready()", path=path)

    assert done.stderr.splitlines() == lines[:3]


def test_what_python_itself_warns_about_passes_through(tmp_path: Path) -> None:
    path = standing_in(tmp_path, "import sys\nprint('from Python', file=sys.stderr)\n")

    assert fresh(f"{READY}ready()", path=path).stderr == "from Python\n"


def test_what_comes_after_the_start_is_nobody_s_to_hold_back(tmp_path: Path) -> None:
    path = standing_in(tmp_path, "")
    later = _WRITE.format(text="I0000 later\n")

    assert fresh(f"{READY}ready()\n{later}", path=path).stderr == "I0000 later\n"


def test_an_error_in_the_import_is_not_swallowed(tmp_path: Path) -> None:
    text = CHATTER + "about to fail\n"
    path = standing_in(tmp_path, _WRITE.format(text=text) + "raise ImportError('broken wheel')\n")

    first, *_, last = fresh(f"{READY}ready()", path=path).stderr.splitlines()

    assert first == "about to fail"
    assert last == "ImportError: broken wheel"


@pytest.mark.parametrize(("given", "kept"), [(None, "3"), ("0", "0")])
def test_a_log_level_that_the_user_has_set_stays(
    given: str | None, kept: str, tmp_path: Path
) -> None:
    path = standing_in(tmp_path, "import os\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])\n")
    set_it = f"import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = {given!r}\n" if given else ""

    assert fresh(f"{set_it}{READY}ready()", path=path).stdout == f"{kept}\n"
