"""What is imported stands in pyproject.toml, and tests of plain values import little."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Which extras a folder may count on, besides what dropviz itself requires.
FOLDERS = {
    "dropviz": ("tensorflow", "jax", "torch", "tables", "homework"),
    "tests": ("tensorflow", "jax", "torch", "test"),
    "benchmarks": ("test",),
    "scripts": ("test",),
    "studies": ("tensorflow",),
    "docs": ("docs",),
}
OWN = {"dropviz", "tests", "benchmarks", "notebooks", "scripts", "studies", "docs"}


def named(requirements: list[str]) -> set[str]:
    """The packages of requirements, as PEP 503 writes them."""
    names = (re.match(r"[\w.-]+", each) for each in requirements)
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in names if name}


def imported(folder: str) -> Iterator[tuple[str, str]]:
    """Every package from outside that a folder imports, and where."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [str(node.module)]
            for module in modules:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in OWN:
                    yield top, str(path.relative_to(ROOT))


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_imported_is_required(folder: str) -> None:
    extras = [each for extra in FOLDERS[folder] for each in EXTRAS[extra]]
    allowed = named(PROJECT["dependencies"] + extras)
    distributions = packages_distributions()
    missing = {
        (top, path)
        for top, path in imported(folder)
        if top != "tensorflow"  # of one of two packages
        and allowed.isdisjoint(named(distributions.get(top, [top])))
    }
    assert missing == set()


@pytest.mark.slow
def test_tests_of_values_do_not_wait_for_keras() -> None:
    code = (
        "import sys, pytest\n"
        # All are collected, some are run; the oracle alone is held against Keras.
        "tests = ['tests/core', '--ignore=tests/core/test_oracle.py', '-k', 'schedule']\n"
        "code = pytest.main([*tests, '-q', '-p', 'no:cacheprovider'])\n"
        "print(int(code), sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr
