"""Breaks the source at random places, and counts how many of them the fast tests find.

    python -m benchmarks.mutations --count 60 --seed 0

Each mutant is one small change of one file in a copy of the tree. Its tests run in a process
that is forked from one that has imported Keras and TensorFlow already, in two stages: those of
the file, then those of the rooms that lean on it; with `--rest` also all other fast tests,
for mutants that are left. A stage ends at the first test that fails; in the end, all tests
that found something run once more, without any change, and must pass.

No mutant is made of what does not act: docstrings and other strings, annotations, decorators,
what is raised (the message of an error), `__repr__` and `__str__`, what stands under
`if TYPE_CHECKING`, `strict` of `zip`, and the order of arguments that have none (of `min`, `max`
and the like).
Every other mutant counts, also one that does the same as the source.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGETS = ("dropviz/core/oracle.py", "dropviz/recording/*.py", "dropviz/experiment/*.py")
COPIED = ("dropviz", "tests", "notebooks", "binder", "pyproject.toml", "README.md")
HUNG = 60  # seconds for one test; the slowest takes ten
PASSED = 0  # pytest's exit code

# Tests of a file where they have another name, and of the rooms that lean on its room.
OWN = {
    "core/oracle": "core/test_oracle recording/test_trace",
    "experiment/experiment": "experiment/test_harness experiment/test_observations",
    "experiment/input_sites": "experiment/test_explain",
    "experiment/state_sites": "experiment/test_explain",
    "experiment/observe": "experiment/test_observations experiment/test_explain",
    "experiment/preconditions": "experiment/test_explain_layers",
    "experiment/probe": "experiment/test_harness experiment/test_explain",
    "experiment/temporary_build": "experiment/test_explain_layers",
    "recording/log_rows": "recording/test_tensorflow_store",
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

# ---------------------------------------------------------------- mutants

_OPPOSITE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OTHER: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
_NO_ORDER = ("min", "max", "minimum", "maximum", "array_equal", "logical_and", "logical_or")


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: The file, below the root.
        start: Where what is replaced begins: line from 1, column in bytes.
        end: Where it ends.
        before: What is replaced.
        after: What takes its place.
        line: The first line of it.
    """

    path: str
    start: tuple[int, int]
    end: tuple[int, int]
    before: str
    after: str
    line: str

    def __str__(self) -> str:
        def flat(text: str) -> str:
            return re.sub(r"\s+", " ", text)

        where = f"{self.path}:{self.start[0]}:{self.start[1] + 1}"
        return f"{where}: {flat(self.before)}  ->  {flat(self.after)}\n    in: {self.line.strip()}"

    def applied(self, source: str) -> str:
        """The file with the change in it."""
        lines = source.encode().splitlines(keepends=True)
        offsets = [
            sum(map(len, lines[: line - 1])) + column for line, column in (self.start, self.end)
        ]
        whole = b"".join(lines)
        return (whole[: offsets[0]] + self.after.encode() + whole[offsets[1] :]).decode()


class _Finder(ast.NodeVisitor):
    """Finds all mutants of a file."""

    def __init__(self, path: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._source = source
        self.visit(ast.parse(source))

    def _replace(self, node: ast.expr | ast.stmt, after: str) -> None:
        before = ast.get_source_segment(self._source, node)
        if before is None or node.end_lineno is None or node.end_col_offset is None:
            raise ValueError(f"{self._path}: a node without a place: {ast.dump(node)}")
        start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        line = self._source.splitlines()[node.lineno - 1]
        self.found.append(Mutant(self._path, start, end, before, after, line))

    def _change(self, node: ast.expr, **fields: object) -> None:
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        self._replace(node, f"({ast.unparse(other)})")

    # What does not act.

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass

    def visit_Raise(self, node: ast.Raise) -> None:
        pass

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "strict":
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name not in ("__repr__", "__str__"):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default:
                    self.visit(default)
            for statement in node.body:
                self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            self.visit(statement)

    # What does.

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._replace(node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, (ast.Name, ast.Tuple)) for target in node.targets):
            self._replace(node, "pass")  # a name that is missing would be found too easily
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(node, "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(node, "pass")

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            for other in _OPPOSITE[type(operator)]:
                ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                self._change(node, ops=ops)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _OTHER:
            self._change(node, op=_OTHER[type(node.op)]())
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._change(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, (ast.Not, ast.USub)):
            self._replace(node, f"({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(node, str(not node.value))
        elif isinstance(node.value, (int, float)):
            self._replace(node, repr(node.value + 1))

    def visit_Call(self, node: ast.Call) -> None:
        swapped = len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args[:2])
        if swapped and ast.unparse(node.func).rpartition(".")[2] not in _NO_ORDER:
            one, other, *others = node.args
            self._change(node, args=[other, one, *others])
        self.generic_visit(node)


def mutants() -> list[Mutant]:
    """All mutants of all targets."""
    found: list[Mutant] = []
    for target in TARGETS:
        for path in sorted(ROOT.glob(target)):
            found += _Finder(str(path.relative_to(ROOT)), path.read_text("utf-8")).found
    return found


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
    stage: int = 0
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    by: str = ""

    def start(self) -> int:
        """Forks a process for the next stage, and returns its number."""
        self._write(self.mutant.applied(self._source))
        seen = [path for stage in self.stages[: self.stage] for path in stage]
        ignored = [f"--ignore={each}" for each in seen]
        return forked(self.tree, self.stages[self.stage], *ignored, "-x")

    def ended(self, code: int) -> bool:
        """Whether there is nothing more to run for it."""
        self.stage += 1
        if code == PASSED and self.stage < len(self.stages):
            return False
        self.seconds = time.perf_counter() - self.began
        if code != PASSED:
            failed = (self.tree / "failed.txt").read_text("utf-8").splitlines()
            # Without a test where the change breaks an import, or the process ends.
            self.by = failed[0] if failed else f"pytest's exit code {code}"
        self._write(self._source)
        return True

    @property
    def _source(self) -> str:
        return (ROOT / self.mutant.path).read_text("utf-8")

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


def run(chosen: list[Mutant], jobs: int, *, rest: bool) -> Iterator[Work]:
    """Tests mutants side by side, and hands each back when it is done."""
    waiting = list(reversed(chosen))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free = [tree(Path(folder), number) for number in range(jobs)]
        running: dict[int, Work] = {}
        while waiting or running:
            while waiting and free:
                mutant = waiting.pop()
                work = Work(mutant, stages(mutant.path, rest=rest), free.pop())
                running[work.start()] = work
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
    for number, work in enumerate(run(chosen, given.jobs, rest=given.rest), 1):
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
