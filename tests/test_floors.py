"""Who may import whom: read from the source, imports inside functions included."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import dropviz

PACKAGE = Path(dropviz.__file__).parent
MOST_LINES = 320

_KERAS = {"errors", "core", "keras_inside", "methods"}
_UPPER = {
    "recording",
    "experiment",
    "traps",
    "figures",
    "browser",
    "studies",
    "homework",
    "checkup",
    "jupyter",
}
_FLOORS = _KERAS | _UPPER

# What each floor may import of dropviz, besides itself; the lowest first.
BELOW: Mapping[str, set[str]] = {
    "errors": set(),
    "core": {"errors"},
    "keras_inside": {"errors"},
    "methods": {"errors", "core", "keras_inside"},
    "recording": _KERAS,
    "experiment": {*_KERAS, "recording"},
    "traps": _KERAS,
    "figures": {"errors", "core"},
    "browser": {"errors", "core", "figures"},
    "studies": {*_KERAS, "recording", "experiment"},
    "homework": {*_KERAS, "recording", "experiment", "studies", "figures"},
    "checkup": {"errors", "core", "keras_inside"},
    "jupyter": _FLOORS - {"jupyter"},
    "top": _FLOORS,
}
TOP = ("dropviz", "dropviz.__main__")

# Where each library from outside may be imported: a floor, or a single module.
HOMES: Mapping[str, set[str]] = {
    "numpy": {*_FLOORS} - {"errors", "keras_inside"},
    "keras": {"keras_inside", "methods", "recording", "experiment", "traps", "studies", "homework"},
    "tensorflow": {"keras_inside", "dropviz.recording.tensorflow_store"},
    "jax": {"keras_inside", "dropviz.recording.jax_store"},
    "torch": {"keras_inside", "dropviz.recording.torch_store"},
    "matplotlib": {"figures"},
    "PIL": {"figures"},
    "IPython": {"jupyter", "dropviz.homework.extract"},
    "ipywidgets": {"jupyter"},
    "anywidget": {"jupyter"},
    "traitlets": {"jupyter", "dropviz.homework.nbgrader_preprocessors"},
    "sklearn": set(),  # but in texts of core/task_data.py, which tests/core/test_tasks.py looks at
    "scipy": {"dropviz.studies.seed_statistics"},
    "loky": {"dropviz.studies.worker_pool", "dropviz.checkup.machine"},
    "pandas": {"dropviz.core.study_result"},
    "jupytext": {"dropviz.homework.percent_source"},
    "nbformat": {"dropviz.homework.notebooks", "dropviz.homework.nbgrader_preprocessors"},
    "nbgrader": {"dropviz.homework.nbgrader_preprocessors"},
}

# Where private names of other packages may be used, and packages that are private as a whole.
SEAMS = {"keras_inside", "dropviz.jupyter.ipykernel_inside", "dropviz.jupyter.ipython_inside"}
PRIVATE_PACKAGES = ("keras.src", "tensorflow.python", "jax._src")

Sources = Mapping[str, str]


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    module: str
    line: int


def sources() -> dict[str, str]:
    """The package's source by module name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text(encoding="utf-8")
    return found


def floor_of(module: str) -> str:
    """Names the floor that a module of dropviz stands on."""
    return "top" if module in TOP else module.split(".")[1]


def imports(module: str, every: Sources) -> list[Import]:
    """Lists what a module imports, at any depth, but not for the type checker alone."""
    is_package = any(name.startswith(f"{module}.") for name in every)
    finder = _Finder(module if is_package else module.rpartition(".")[0], every)
    finder.visit(ast.parse(every[module]))
    return finder.found


class _Finder(ast.NodeVisitor):
    def __init__(self, package: str, every: Sources) -> None:
        self.found: list[Import] = []
        self._package = package
        self._every = every

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for each in node.orelse:
                self.visit(each)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [Import(alias.name, node.lineno) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = node.module or ""
        if node.level:
            up = self._package.split(".")
            base = up[: len(up) - node.level + 1]
            source = ".".join([*base, *([source] if source else [])])
        for alias in node.names:
            whole = f"{source}.{alias.name}"
            # `from dropviz.core import result_files` imports the module, not its package.
            own = source.partition(".")[0] == "dropviz" and whole not in self._every
            self.found.append(Import(source if own else whole, node.lineno))

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("import_module", "__import__") and node.args:
            named = node.args[0]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                self.found.append(Import(named.value, node.lineno))
        self.generic_visit(node)


def complaints(every: Sources) -> Iterator[str]:
    """Finds whatever in the sources breaks the rules of the house."""
    for module in every:
        yield from complaints_about(module, every)
    for circle in circles(every):
        yield f"a circle of imports: {' -> '.join(circle)}"


def complaints_about(module: str, every: Sources) -> Iterator[str]:
    """Finds whatever in one module breaks the rules of the house."""
    lines = len(every[module].splitlines())
    if lines > MOST_LINES:
        yield f"{module} has {lines} lines, {MOST_LINES} at the most"
    if floor_of(module) not in BELOW:
        yield f"{module} stands on no known floor"
        return
    for each in imports(module, every):
        wrong = _wrong(module, each.module)
        if wrong:
            yield f"{module}, line {each.line}: {wrong}"
    if not SEAMS & {floor_of(module), module}:
        for name, line in private_names(module, every):
            yield f"{module}, line {line}: {name} is private to another package"


def private_names(module: str, every: Sources) -> Iterator[tuple[str, int]]:
    """Finds the private attributes in a module that no module of dropviz defines."""
    ours = frozenset[str]().union(*map(_defined_in, every.values()))
    for node in ast.walk(ast.parse(every[module])):
        # Names such as __dict__ and _repr_html_ are protocols, for everybody to use.
        if not isinstance(node, ast.Attribute) or node.attr in ours:
            continue
        if re.fullmatch(r"_.*[^_]", node.attr):
            yield node.attr, node.lineno


@cache
def _defined_in(source: str) -> frozenset[str]:
    return frozenset(_defined(ast.parse(source)))


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            yield node.attr


def _wrong(module: str, imported: str) -> str:
    floor, library = floor_of(module), imported.partition(".")[0]
    if imported.startswith(PRIVATE_PACKAGES) and not SEAMS & {floor, module}:
        return f"{imported} is private; use it in keras_inside"
    if {"pyplot", "pylab"} & set(imported.split(".")):
        return f"{imported} keeps state of its own; draw on a Figure"
    if library == "dropviz":
        below = floor_of(imported)
        if below != floor and below not in BELOW[floor]:
            return f"{floor} may not import {imported}"
    elif library not in sys.stdlib_module_names and not HOMES.get(library, set()) & {floor, module}:
        return f"{floor} may not import {library}"
    return ""


def circles(every: Sources) -> list[list[str]]:
    """Finds modules that import each other in a circle, each circle once."""
    edges = {
        module: sorted({each.module for each in imports(module, every)} & set(every) - {module})
        for module in every
    }
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in done:
            for other in edges[module]:
                walk(other, [*path, module])
            done.add(module)

    for module in every:
        walk(module, [])
    return found


# ---------------------------------------------------------------- the house itself


@pytest.mark.parametrize("module", sources())
def test_a_module_keeps_to_its_floor(module: str) -> None:
    assert list(complaints_about(module, sources())) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(sources()) == []


def test_the_whole_house_is_looked_at() -> None:
    modules = set(sources())

    assert {"dropviz", "dropviz.errors", "dropviz.__main__", "dropviz.core.masks"} <= modules
    assert {floor_of(module) for module in modules} == set(BELOW)


def test_the_imports_that_are_known_are_found() -> None:
    every = sources()

    def found(module: str) -> set[str]:
        return {each.module for each in imports(module, every)}

    assert "dropviz.studies.session" in found("dropviz.jupyter.lab.worker")
    assert "dropviz.core.result_files" in found("dropviz.core.recording")
    assert "tensorflow" in found("dropviz.recording.tensorflow_store")
    assert "dropviz.keras_inside.start_keras" in found("dropviz")


def reached(module: str, every: Sources) -> set[str]:
    """All that is imported with a module, at any remove."""
    found: set[str] = set()
    left = [module]
    while left:
        new = {each.module for each in imports(left.pop(), every)} - found
        found |= new
        left += [each for each in new if each in every]
    return found


SCENES = [module for module in sources() if re.fullmatch(r"dropviz\.figures\..*scene", module)]


@pytest.mark.parametrize("module", [*SCENES, "dropviz.figures.colours"])
def test_a_scene_is_made_without_matplotlib(module: str) -> None:
    painters = [
        each for each in reached(module, sources()) if each.startswith(("matplotlib", "PIL"))
    ]

    assert len(SCENES) > 5
    assert painters == []
    assert "matplotlib.axes.Axes" in reached("dropviz.figures.unrolled", sources())


# ---------------------------------------------------------------- the checker itself


def house(module: str, source: str) -> dict[str, str]:
    """A small sound house, with one module put in."""
    sound = {
        "dropviz": "",
        "dropviz.errors": "import difflib",
        "dropviz.core": "",
        "dropviz.core.masks": "import numpy as np\nfrom dropviz.errors import DropvizError",
        "dropviz.recording": "",
        "dropviz.recording.recorder": "import keras\nfrom dropviz.core.masks import Masks",
        "dropviz.experiment": "",
        "dropviz.experiment.explain": "from dropviz.recording.record import record",
        "dropviz.studies": "",
        "dropviz.studies.train": "from dropviz.recording.record import record",
        "dropviz.figures": "",
        "dropviz.figures.theme": "from matplotlib.figure import Figure\nfrom PIL import Image",
        "dropviz.jupyter": "",
        "dropviz.jupyter.magics": "from IPython.core.magic import Magics",
    }
    return sound | {module: source}


FINE = {
    "a floor below": ("dropviz.studies.new", "from dropviz.core.masks import Masks"),
    "its own floor": ("dropviz.core.new", "from dropviz.core import masks"),
    "a neighbour": ("dropviz.core.new", "from .masks import Masks"),
    "for the type checker": (
        "dropviz.core.new",
        "if TYPE_CHECKING:\n    from dropviz.studies.train import run\n    import keras",
    ),
    "the standard library": ("dropviz.core.new", "import json, os.path\nfrom pathlib import Path"),
    "the top": ("dropviz.__main__", "from dropviz.jupyter.magics import load"),
    "a private name of one's own": (
        "dropviz.core.new",
        "class A:\n    def __init__(self):\n        self._x = 1\n\ndef f(a):\n    return a._x",
    ),
    "private names where they belong": (
        "dropviz.keras_inside.new",
        "from keras.src.backend import common\n\ndef f(layer):\n    return layer._flatten_layers()",
    ),
    "its home": ("dropviz.recording.tensorflow_store", "def f():\n    import tensorflow as tf"),
}

BAD = {
    "upwards": (
        "dropviz.core.new",
        "from dropviz.recording.record import record",
        "core may not import dropviz.recording.record",
    ),
    "upwards in a function": (
        "dropviz.core.new",
        "def f():\n    def g():\n        import dropviz.recording.recorder",
        "line 3: core may not import dropviz.recording.recorder",
    ),
    "upwards by a relative import": (
        "dropviz.core.new",
        "from ..studies import train",
        "core may not import dropviz.studies.train",
    ),
    "upwards by name": (
        "dropviz.core.new",
        "import importlib\nimportlib.import_module('dropviz.jupyter.magics')",
        "core may not import dropviz.jupyter.magics",
    ),
    "upwards by the package": (
        "dropviz.core.new",
        "from dropviz import studies",
        "core may not import dropviz.studies",
    ),
    "the public names from inside": (
        "dropviz.core.new",
        "import dropviz",
        "core may not import dropviz",
    ),
    "upwards where types are not checked": (
        "dropviz.core.new",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import dropviz.recording.recorder",
        "line 4: core may not import dropviz.recording.recorder",
    ),
    "pictures from trainings": (
        "dropviz.studies.new",
        "from dropviz.figures import theme",
        "studies may not import dropviz.figures.theme",
    ),
    "trainings from pictures": (
        "dropviz.figures.new",
        "from dropviz.studies.train import run",
        "figures may not import dropviz.studies.train",
    ),
    "recordings from pictures": (
        "dropviz.figures.new",
        "import dropviz.recording.recorder",
        "figures may not import dropviz.recording.recorder",
    ),
    "the notebook from recordings": (
        "dropviz.recording.new",
        "from dropviz.jupyter import magics",
        "recording may not import dropviz.jupyter.magics",
    ),
    "keras in core": ("dropviz.core.new", "import keras", "core may not import keras"),
    "keras in figures": (
        "dropviz.figures.new",
        "def f():\n    from keras import layers",
        "line 2: figures may not import keras",
    ),
    "keras in jupyter": ("dropviz.jupyter.new", "import keras", "jupyter may not import keras"),
    "tensorflow beside its home": (
        "dropviz.recording.new",
        "import tensorflow as tf",
        "recording may not import tensorflow",
    ),
    "jax beside its home": (
        "dropviz.recording.new",
        "import jax.numpy as jnp",
        "recording may not import jax",
    ),
    "torch in another's home": (
        "dropviz.recording.jax_store",
        "def f():\n    import torch",
        "line 2: recording may not import torch",
    ),
    "a private package of JAX": (
        "dropviz.recording.jax_store",
        "from jax._src import core",
        "jax._src.core is private",
    ),
    "matplotlib in jupyter": (
        "dropviz.jupyter.new",
        "from matplotlib.figure import Figure",
        "jupyter may not import matplotlib",
    ),
    "pillow in jupyter": ("dropviz.jupyter.new", "import PIL.Image", "jupyter may not import PIL"),
    "pyplot": (
        "dropviz.figures.new",
        "import matplotlib.pyplot as plt",
        "matplotlib.pyplot keeps state",
    ),
    "pyplot by name": (
        "dropviz.figures.new",
        "from matplotlib import pyplot",
        "matplotlib.pyplot keeps state",
    ),
    "ipython in studies": (
        "dropviz.studies.new",
        "import IPython",
        "studies may not import IPython",
    ),
    "ipython on top": ("dropviz.__main__", "import IPython", "top may not import IPython"),
    "widgets in figures": (
        "dropviz.figures.new",
        "import ipywidgets",
        "figures may not import ipywidgets",
    ),
    "scikit-learn beside its home": (
        "dropviz.core.masks",
        "from sklearn import datasets",
        "core may not import sklearn",
    ),
    "the experiment from recordings": (
        "dropviz.recording.new",
        "from dropviz.experiment import explain",
        "recording may not import dropviz.experiment.explain",
    ),
    "trainings from traps": (
        "dropviz.traps.new",
        "import dropviz.studies.train",
        "traps may not import dropviz.studies.train",
    ),
    "values from the seams": (
        "dropviz.keras_inside.new",
        "from dropviz.core.masks import Masks",
        "keras_inside may not import dropviz.core.masks",
    ),
    "a private package of Keras": (
        "dropviz.recording.new",
        "from keras.src.backend import common",
        "keras.src.backend.common is private",
    ),
    "a private name of Keras": (
        "dropviz.recording.new",
        "def f(layer):\n    return layer._flatten_layers()",
        "line 2: _flatten_layers is private to another package",
    ),
    "a private name of IPython": (
        "dropviz.jupyter.new",
        "def f(shell):\n    shell._showtraceback()",
        "line 2: _showtraceback is private to another package",
    ),
    "joblib in core": ("dropviz.core.new", "import joblib", "core may not import joblib"),
    "numpy in errors": ("dropviz.errors", "import numpy", "errors may not import numpy"),
    "a stranger": ("dropviz.studies.new", "import pandas", "studies may not import pandas"),
    "a new floor": ("dropviz.cellar.new", "", "stands on no known floor"),
    "a long file": ("dropviz.core.new", "x = 1\n" * 321, "has 321 lines"),
}


@pytest.mark.parametrize("name", FINE)
def test_the_checker_lets_pass_what_is_fine(name: str) -> None:
    assert list(complaints(house(*FINE[name]))) == []


@pytest.mark.parametrize("name", BAD)
def test_the_checker_finds_what_is_bad(name: str) -> None:
    module, source, said = BAD[name]

    (complaint,) = complaints(house(module, source))

    assert complaint.startswith(module)
    assert said in complaint


def test_the_checker_finds_a_circle_through_three_modules() -> None:
    every = house("dropviz.core.a", "import dropviz.core.b") | {
        "dropviz.core.b": "def f():\n    from dropviz.core import c",
        "dropviz.core.c": "from .a import anything",
    }

    (complaint,) = complaints(every)

    assert complaint == (
        "a circle of imports: dropviz.core.a -> dropviz.core.b -> dropviz.core.c -> dropviz.core.a"
    )
