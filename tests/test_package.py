from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dropviz

ROOT = Path(dropviz.__file__).parents[1]
HEAVY = ("keras", "tensorflow", "jax", "torch", "matplotlib", "ipywidgets", "sklearn", "pandas")

# Modules that need a backend that is not the one of the tests.
ELSEWHERE = {
    module
    for module, backend in (
        *((name, "jax") for name in ("jax_store", "jax_state", "compiled_training_jax")),
        ("torch_store", "torch"),
    )
    if importlib.util.find_spec(backend) is None
}


def imported_by(code: str, folder: Path) -> set[str]:
    """Runs code in a process of its own and lists the packages that it imported."""
    end = (
        "\nimport json, sys\nprint(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + end],
        env=os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


LOAD_EXT = """\
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "dropviz")
assert shell.find_line_magic("lstm_dropout") and shell.find_cell_magic("lstm_dropout")
"""
HELP = LOAD_EXT + 'shell.run_cell("%lstm_dropout?")\n'


@pytest.mark.parametrize(
    "code", ["import dropviz", LOAD_EXT, HELP], ids=["import", "%load_ext", "%lstm_dropout?"]
)
def test_what_comes_first_imports_nothing_heavy(code: str, tmp_path: Path) -> None:
    found = imported_by(code, tmp_path)

    assert "dropviz" in found
    assert found.isdisjoint(HEAVY)


def test_importing_dropviz_imports_the_standard_library_only(tmp_path: Path) -> None:
    before = imported_by("", tmp_path)

    new = imported_by("import dropviz", tmp_path) - before - {"dropviz"}

    assert new <= sys.stdlib_module_names


@pytest.mark.parametrize("code", ["dropviz.Task", "dropviz.DropvizError", "dropviz.doctor"])
def test_plain_names_need_no_keras(code: str, tmp_path: Path) -> None:
    found = imported_by(f"import dropviz\n{code}", tmp_path)

    assert found.isdisjoint({"keras", "tensorflow", "matplotlib", "IPython"})


STUDY = """\
import dropviz
from concurrent.futures import Executor
class Full(Exception): pass
class Nowhere(Executor):
    def submit(self, *given): raise Full
try: {call}
except dropviz.DropvizError as error: assert "Full" in str(error), error
"""


@pytest.mark.parametrize(
    "call",
    [
        "dropviz.compare(['none', 'keras'], executor=Nowhere())",
        "dropviz.sweep([0, .5], [0, .5], executor=Nowhere())",
    ],
)
def test_a_study_leaves_keras_to_its_workers(call: str, tmp_path: Path) -> None:
    found = imported_by(STUDY.format(call=call), tmp_path)

    assert found.isdisjoint({"keras", "tensorflow", "matplotlib"})


def test_loading_a_run_needs_no_keras(tmp_path: Path) -> None:
    assert imported_by("import dropviz\ndropviz.load", tmp_path).isdisjoint({"keras", "tensorflow"})


@pytest.mark.parametrize("name", dropviz.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(dropviz, name)

    assert callable(found)
    assert found.__name__ == name
    assert found.__module__.startswith("dropviz.")


@pytest.mark.parametrize("name", dropviz.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    assert getattr(dropviz, name).__doc__


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}

    exec("from dropviz import *", names)  # noqa: S102

    assert set(dropviz.__all__) <= set(names)


def test_dir_lists_the_public_names() -> None:
    listed = dir(dropviz)

    assert set(dropviz.__all__) <= set(listed)
    assert "__version__" in listed
    assert listed == sorted(set(listed))


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'dropviz' has no attribute 'trian'"):
        dropviz.trian  # noqa: B018


def test_every_module_can_be_imported_by_itself(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted(Path(dropviz.__file__).parent.rglob("*.py"))
        # The last two need what is there where they are loaded: nbgrader, and another backend.
        if path.stem not in ("__init__", "__main__", "nbgrader_preprocessors", *ELSEWHERE)
    ]

    for name in names:
        importlib.import_module(name)

    assert len(names) > 20
    # Floor by floor: none may lean on what another has imported before it.
    assert "dropviz" in imported_by(
        "import importlib, sys\n"
        f"for name in {[name for name in names if '.core.' in name]!r}:\n"
        "    for old in [m for m in sys.modules if m.startswith('dropviz')]:\n"
        "        del sys.modules[old]\n"
        "    importlib.import_module(name)\n",
        tmp_path,
    )


@pytest.mark.full
@pytest.mark.slow
def test_a_room_with_the_name_of_a_function_leaves_it_the_name(tmp_path: Path) -> None:
    code = (
        "import dropviz\n"
        "from dropviz.traps.run import traps\n"
        "import dropviz.traps.masks\n"
        "assert dropviz.traps is traps and dropviz.traps is traps"
    )

    assert "keras" in imported_by(code, tmp_path)
