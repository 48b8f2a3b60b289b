from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = "from dropviz.keras_inside.choose_backend import choose_backend\nprint(choose_backend())"
READY = "from dropviz.keras_inside.start_keras import ready\nready()\n"
KERAS = "import os\nprint(os.environ.get('KERAS_BACKEND', 'unsaid'))\n"


def fresh(
    code: str, home: Path, *installed: str, said: str = "", written: str = "", keras: str = KERAS
) -> subprocess.CompletedProcess[str]:
    """Runs code where only stand-ins of some backends are installed.

    Args:
        code: What to run.
        home: A folder for the stand-ins and Keras's file.
        *installed: The backends that can be imported.
        said: What ``KERAS_BACKEND`` says; not set where empty.
        written: What keras.json says; no file where empty.
        keras: The source of a stand-in for Keras.
    """
    for name in installed:
        (home / f"{name}.py").write_text("", encoding="utf-8")
    (home / "keras.py").write_text(keras, encoding="utf-8")
    if written:
        (home / "keras.json").write_text(f'{{"backend": "{written}"}}', encoding="utf-8")
    hidden = {"tensorflow", "jax", "torch"} - {*installed}
    hide = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in sorted(hidden))
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(home), str(ROOT)]), "KERAS_HOME": str(home)}
    environment |= {"KERAS_BACKEND": said} if said else {}
    return subprocess.run(
        [sys.executable, "-c", hide + code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("installed", "said", "written", "name", "why"),
    [
        (["tensorflow"], "", "", "tensorflow", "no other is installed"),
        (["jax"], "", "", "jax", "no other is installed"),
        (["jax"], "", "tensorflow", "jax", "no other is installed"),
        (["torch"], "", "tensorflow", "torch", "no other is installed"),
        (["jax", "torch"], "", "tensorflow", "jax", "it is installed"),
        (["tensorflow", "jax"], "", "", "tensorflow", "it is installed"),
        (["tensorflow", "jax"], "", "jax", "jax", "Keras's own file keras.json says so"),
        (["tensorflow", "jax"], "torch", "jax", "torch", "KERAS_BACKEND says so"),
        ([], "", "", "tensorflow", "it is Keras's default"),
    ],
)
def test_the_backend_is_what_is_said_else_what_is_installed(
    installed: list[str], said: str, written: str, name: str, why: str, tmp_path: Path
) -> None:
    done = fresh(ASK, tmp_path, *installed, said=said, written=written)

    assert done.stdout == f"Choice(name={name!r}, why={why!r})\n"


@pytest.mark.parametrize(
    ("installed", "came"), [("tensorflow", "unsaid"), ("jax", "jax"), ("torch", "torch")]
)
def test_keras_starts_on_what_is_installed(installed: str, came: str, tmp_path: Path) -> None:
    assert fresh(READY, tmp_path, installed).stdout == f"{came}\n"


@pytest.mark.parametrize(
    ("said", "missing", "extra"),
    [
        ("", "No TensorFlow was found, nor JAX or PyTorch,", "cpu"),
        ("jax", "No JAX was found,", "jax"),
        ("torch", "No PyTorch was found,", "torch"),
    ],
)
def test_what_is_not_there_is_said_with_how_to_install_it(
    said: str, missing: str, extra: str, tmp_path: Path
) -> None:
    done = fresh(READY, tmp_path, said=said)

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"dropviz.errors.DropvizError: {missing} and Keras needs it to train.")
    assert f'python -m pip install "dropviz[{extra}]"' in last


def test_a_backend_that_is_switched_after_the_import_is_said(tmp_path: Path) -> None:
    keras = "class config:\n    backend = staticmethod(lambda: 'tensorflow')\n"
    code = "import keras, os\nos.environ['KERAS_BACKEND'] = 'jax'\n" + READY

    done = fresh(code, tmp_path, "tensorflow", "jax", keras=keras)

    assert done.stderr.splitlines()[-1] == (
        "dropviz.errors.DropvizError: KERAS_BACKEND was set after Keras was imported, which reads "
        "it once. Expected 'tensorflow', which Keras runs on here. Received: 'jax'. Restart the "
        "kernel and set KERAS_BACKEND first, or set it back."
    )
