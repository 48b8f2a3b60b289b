"""Breaks the source at random places, and counts how many of them the fast tests find.

    python -m benchmarks.mutations --count 60 --seed 0

Each mutant is one small change of one file in a copy of the tree. Its tests run in a process
that is forked from one that has imported Keras and TensorFlow already, in two stages: those of
the file, then those of the rooms that lean on it; with `--rest` also all other fast tests, for
mutants that are left. The store of another backend of Keras is tested in an environment of that,
whose Python is given (`--python jax=PATH`), and counts as not found without. A stage ends at the
first test that fails; in the end, all tests that found something run once more, without any
change, and must pass.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.mutants import ROOT, Mutant, mutants

COPIED = ("dropviz", "tests", "notebooks", "binder", "pyproject.toml", "README.md")
# Files that only run on another backend of Keras, and their tests there.
ELSEWHERE = {
    f"recording/{backend}_store": (backend, ["tests/backends/test_store.py", "tests/backends"])
    for backend in ("jax", "torch")
}
HUNG = 60  # seconds for one test; the slowest takes ten
# pytest's exit codes: all passed; a stage that has no fast test.
NOT_FOUND = (0, 5)

# Tests of a file where they have another name, and of the rooms that lean on its room.
OWN = {
    "core/oracle": "core/test_oracle recording/test_trace",
    "experiment/explain": "experiment/test_experiment experiment/test_explain",
    "experiment/probe": "experiment/test_harness experiment/test_experiment",
    "experiment/decode_masks": "experiment/test_coinciding_outcomes experiment/test_decode_masks",
    "experiment/input_sites": (
        "experiment/test_arrow_probes experiment/test_arrow_looks experiment/test_arrow_bits "
        "experiment/test_reset_gate experiment/test_input_sites"
    ),
    "experiment/find_explainable": "experiment/test_cross_check experiment/test_explain",
    "experiment/harness": "experiment/test_harness experiment/test_harness_runs",
    "experiment/site_verdict": "experiment/test_site_verdict experiment/test_site_rate",
    "experiment/site_notes": "experiment/test_site_notes experiment/test_notes_on_bits",
    "experiment/mask_lives": "experiment/test_life_probes experiment/test_mask_lives",
    "experiment/unexplained": "experiment/test_held_against experiment/test_unexplained",
    "experiment/preconditions": ("experiment/test_parts_that_fit experiment/test_preconditions"),
    "experiment/stored_sites": (
        "experiment/test_stored_parts experiment/test_memory_or_output experiment/test_stored_sites"
    ),
    "recording/log_rows": "recording/test_tensorflow_store",
    "recording/attached_cell": (
        "recording/test_attached_cells recording/test_recorder recording/test_recorded_methods"
    ),
    "recording/readback": "recording/test_readback recording/test_readback_notes",
    "recording/tensorflow_store": (
        "recording/test_tensorflow_store backends/test_store backends/test_store_room"
    ),
    "recording/steps_missed": "recording/test_recorder studies/test_watch",
}
NEAR = {
    "core": "core methods recording experiment",
    "recording": (
        "recording methods/test_variable_rates.py experiment/test_cross_check.py studies "
        "jupyter/test_run_cell.py"
    ),
    "experiment": (
        "experiment recording/test_variable_rates_recorded.py jupyter/test_explain_report.py "
        "jupyter/test_magic_explain.py"
    ),
}

# ---------------------------------------------------------------- tests


def stages(path: str, *, rest: bool) -> list[list[str]]:
    """The tests of a file, nearest first."""
    name = path.removeprefix("dropviz/").removesuffix(".py")
    room, _, stem = name.partition("/")
    own = OWN.get(name, f"{room}/test_{stem}").split()
    first = [f"tests/{each}.py" for each in own if (ROOT / f"tests/{each}.py").exists()]
    found = [first, [f"tests/{each}" for each in NEAR[room].split()], ["tests"] * rest]
    return [stage for stage in found if stage]


class _Failed:
    """Writes down which tests fail; a plugin of pytest."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Notes the name of a test that failed."""
        if report.failed:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def _test(tree: Path, tests: list[str], *options: str) -> int:
    """Runs tests in this process, which was forked for them."""
    import pytest

    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree)
    sys.path[:] = [str(tree), *(p for p in sys.path if p not in ("", str(ROOT)))]
    given = [*tests, *options, "-q", "-p", "no:cacheprovider", "-o", f"timeout={HUNG}"]
    code = pytest.main(given, plugins=[_Failed(tree / "failed.txt")])
    found = Path(str(sys.modules["dropviz"].__file__))
    if not found.is_relative_to(tree):
        raise RuntimeError(f"tested {found} in place of the copy in {tree}")
    return int(code)


def elsewhere(tree: Path, python: str, backend: str, tests: list[str], *options: str) -> int:
    """Starts a process of another environment that runs tests, and returns its number."""
    (tree / "failed.txt").write_text("", "utf-8")
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(tree)}
    given = [*tests, *options, "-q", "-n", "0", "-p", "no:cacheprovider", "-o", f"timeout={HUNG}"]
    with (tree / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "pytest", *given], cwd=tree, env=environment, stdout=log, stderr=log
        )
    return process.pid


def forked(tree: Path, tests: list[str], *options: str) -> int:
    """Forks a process that runs tests, and returns its number."""
    (tree / "failed.txt").write_text("", "utf-8")
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        with (tree / "log.txt").open("wb") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        code = _test(tree, tests, *options)
    finally:
        os._exit(code)


@dataclass
class Work:
    """A mutant on its way through the stages, and what found it."""

    mutant: Mutant
    stages: list[list[str]]
    tree: Path
    backend: str = ""
    python: str = ""
    stage: int = 0
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    by: str = ""

    def start(self) -> int:
        """Forks a process for the next stage, and returns its number."""
        self._write(self.mutant.applied)
        seen = [path for stage in self.stages[: self.stage] for path in stage]
        ignored = [f"--ignore={each}" for each in seen]
        if self.backend:
            tests = self.stages[self.stage]
            return elsewhere(self.tree, self.python, self.backend, tests, *ignored, "-x")
        return forked(self.tree, self.stages[self.stage], *ignored, "-x")

    def ended(self, code: int) -> bool:
        """Whether there is nothing more to run for it."""
        self.stage += 1
        if code in NOT_FOUND and self.stage < len(self.stages):
            return False
        self.seconds = time.perf_counter() - self.began
        if code not in NOT_FOUND:
            failed = (self.tree / "failed.txt").read_text("utf-8").splitlines()
            # Without a test where the change breaks an import, or the process ends.
            where = f" on {self.backend}" if self.backend else ""
            self.by = failed[0] if failed else f"pytest's exit code {code}{where}"
        self._write(self.mutant.source)
        return True

    def _write(self, source: str) -> None:
        path = self.tree / self.mutant.path
        path.write_text(source, "utf-8")
        # Compiled files are told apart by seconds and size, which may both be the same.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()


def tree(folder: Path, number: int) -> Path:
    """Copies what the tests need."""
    made = folder / f"tree{number}"
    made.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, made / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, made / name)
    return made


def work_on(mutant: Mutant, tree: Path, pythons: Mapping[str, str], *, rest: bool) -> Work:
    """What there is to run for a mutant; nothing where its backend is not at hand."""
    name = mutant.path.removeprefix("dropviz/").removesuffix(".py")
    if name not in ELSEWHERE:
        return Work(mutant, stages(mutant.path, rest=rest), tree)
    backend, tests = ELSEWHERE[name]
    there = [[each] for each in tests] if backend in pythons else []
    return Work(mutant, there, tree, backend, pythons.get(backend, ""))


def run(
    chosen: list[Mutant], jobs: int, pythons: Mapping[str, str], *, rest: bool
) -> Iterator[Work]:
    """Tests mutants side by side, and hands each back when it is done."""
    waiting = list(reversed(chosen))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free = [tree(Path(folder), number) for number in range(jobs)]
        running: dict[int, Work] = {}
        while waiting or running:
            while waiting and free:
                mutant = waiting.pop()
                work = work_on(mutant, free.pop(), pythons, rest=rest)
                if work.stages:
                    running[work.start()] = work
                else:
                    free.append(work.tree)
                    yield work
            if not running:
                continue
            child, status = os.waitpid(-1, 0)
            work = running.pop(child)
            if work.ended(abs(os.waitstatus_to_exitcode(status))):
                free.append(work.tree)
                yield work
            else:
                running[work.start()] = work


def failing(tests: list[str]) -> list[str]:
    """Those of some tests that fail without any change."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        made = tree(Path(folder), 0)
        os.waitpid(forked(made, tests), 0)
        return (made / "failed.txt").read_text("utf-8").splitlines()


# ---------------------------------------------------------------- the table


def main() -> int:
    """Makes mutants, tests them and prints what was found."""
    about = str(__doc__).partition("\n")[0]
    asked = argparse.ArgumentParser(description=about)
    asked.add_argument("--count", type=int, default=60)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--rest", action="store_true", help="then all other fast tests")
    asked.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="BACKEND=PATH",
        help="a Python with another backend of Keras",
    )
    asked.add_argument("--list", action="store_true", help="print the mutants and test none")
    given = asked.parse_args()
    every = mutants()
    chosen = random.Random(given.seed).sample(every, given.count)  # noqa: S311 (no secret)
    print(f"{len(chosen)} of {len(every)} mutants, seed {given.seed}")
    if given.list:
        print(*chosen, sep="\n")
        return 0
    _import_once()
    began = time.perf_counter()
    survivors: list[Mutant] = []
    finders: set[str] = set()
    pythons = dict(each.split("=", 1) for each in given.python)
    for number, work in enumerate(run(chosen, given.jobs, pythons, rest=given.rest), 1):
        said = f"found by {work.by}" if work.by else "NOT FOUND"
        print(f"{number:3} {work.mutant}\n    {said} ({work.seconds:.0f} s)", flush=True)
        if work.by:
            finders.add(work.by)
        else:
            survivors.append(work.mutant)
    found = given.count - len(survivors)
    print(f"\n{found} of {given.count} found ({found / given.count:.0%}). Not found:")
    print(*survivors, sep="\n")
    wrong = failing(sorted(each for each in finders if "::" in each))
    print(f"{(time.perf_counter() - began) / 60:.0f} minutes")
    if wrong:
        print("These fail without any change too, so that the figure is too high:", *wrong)
    return bool(wrong)


def _import_once() -> None:
    """Imports for all forks what takes long, and nothing of dropviz."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for name in (
        *("IPython", "ipywidgets", "keras", "matplotlib.figure", "nbclient"),
        *("pytest", "sklearn.datasets", "tensorflow"),
    ):
        importlib.import_module(name)


if __name__ == "__main__":
    raise SystemExit(main())
