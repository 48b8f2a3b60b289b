"""Breaks the source at random places, and counts how many of them the fast tests find.

    python -m benchmarks.mutations --count 60 --seed 0

Each mutant is one small change of one file in a copy of the tree. Its tests run in a process
that is forked from one that has imported Keras and TensorFlow already, in two stages: those of
the file, then those of the rooms that lean on it; with `--rest` also all other fast tests,
for mutants that are left. A stage ends at the first test that fails.

No mutant is made of what does not act: docstrings and other strings, annotations, decorators,
what is raised (the message of an error), `__repr__` and `__str__`, what stands under
`if TYPE_CHECKING`, and the order of arguments that have none (of `min`, `max` and the like).
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

ROOT = Path(__file__).parents[1]
TARGETS = ("dropviz/core/oracle.py", "dropviz/recording/*.py", "dropviz/experiment/*.py")
COPIED = ("dropviz", "tests", "notebooks", "binder", "pyproject.toml", "README.md")
HUNG = 60  # seconds for one test; the slowest takes ten
PASSED, FAILED = 0, 1  # pytest's exit codes

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
        "recording methods keras_inside traps experiment/test_cross_check.py studies "
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


def _test(tree: Path, tests: list[str], seen: list[str]) -> int:
    """Runs tests in this process, which was forked for them."""
    import pytest

    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree)
    sys.path[:] = [str(tree), *(p for p in sys.path if p not in ("", str(ROOT)))]
    ignored = [f"--ignore={each}" for each in seen]
    code = pytest.main(
        [*tests, *ignored, "-x", "-q", "-p", "no:cacheprovider", "-o", f"timeout={HUNG}"]
    )
    found = Path(str(sys.modules["dropviz"].__file__))
    if not found.is_relative_to(tree):
        raise RuntimeError(f"tested {found} in place of the copy in {tree}")
    return int(code)


@dataclass
class Work:
    """A mutant on its way through the stages; without one, the source as it is."""

    mutant: Mutant | None
    stages: list[list[str]]
    tree: Path
    stage: int = 0
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    by: str = ""

    @property
    def log(self) -> Path:
        """Where pytest's output goes."""
        return self.tree / "log.txt"

    def start(self) -> int:
        """Forks a process for the next stage, and returns its number."""
        if self.mutant:
            self._write(self.mutant, self.mutant.applied(self._source(self.mutant)))
        sys.stdout.flush()
        child = os.fork()
        if child:
            return child
        code = 70
        try:
            with self.log.open("wb") as log:
                for stream in (1, 2):
                    os.dup2(log.fileno(), stream)
            seen = [path for stage in self.stages[: self.stage] for path in stage]
            code = _test(self.tree, self.stages[self.stage], seen)
        finally:
            os._exit(code)

    def ended(self, code: int) -> bool:
        """Whether there is nothing more to run for it."""
        # Where a change breaks an import, pytest ends with another code than where a test fails.
        if code not in (PASSED, FAILED) and not self.mutant:
            raise RuntimeError(self.log.read_text("utf-8", "replace")[-5000:])
        self.stage += 1
        if code == PASSED and self.stage < len(self.stages):
            return False
        self.seconds = time.perf_counter() - self.began
        if code != PASSED:
            text = self.log.read_text("utf-8", "replace")
            failed = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
            self.by = failed[1] if failed else f"exit code {code}"
        if self.mutant:
            self._write(self.mutant, self._source(self.mutant))
        return True

    @staticmethod
    def _source(mutant: Mutant) -> str:
        return (ROOT / mutant.path).read_text("utf-8")

    def _write(self, mutant: Mutant, source: str) -> None:
        path = self.tree / mutant.path
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


def run(chosen: list[Mutant | None], jobs: int, *, rest: bool) -> Iterator[Work]:
    """Tests mutants side by side, and hands each back when it is done."""
    waiting = list(reversed(chosen))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free = [tree(Path(folder), number) for number in range(jobs)]
        running: dict[int, Work] = {}
        while waiting or running:
            while waiting and free:
                mutant = waiting.pop()
                todo = stages(mutant.path, rest=rest) if mutant else _whole()
                work = Work(mutant, todo, free.pop())
                running[work.start()] = work
            child, status = os.waitpid(-1, 0)
            work = running.pop(child)
            if work.ended(abs(os.waitstatus_to_exitcode(status))):
                free.append(work.tree)
                yield work
            else:
                running[work.start()] = work


def _whole() -> list[list[str]]:
    """All tests that any mutant may be given, each once."""
    rooms = {each for near in NEAR.values() for each in near.split()}
    alone = {each for each in rooms if each.partition("/")[0] in rooms - {each}}
    return [sorted(f"tests/{each}" for each in rooms - alone)]


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
    survivors, done = [], 0
    for work in run([None, *chosen], given.jobs, rest=given.rest):
        if work.mutant is None:
            if work.by:
                print(work.by)
                raise SystemExit("The tests fail without any change.")
            print(f"passed without a change ({work.seconds:.0f} s)", flush=True)
            continue
        done += 1
        said = f"found by {work.by}" if work.by else "NOT FOUND"
        print(f"{done:3} {work.mutant}\n    {said} ({work.seconds:.0f} s)", flush=True)
        survivors += [] if work.by else [work.mutant]
    found = done - len(survivors)
    minutes = (time.perf_counter() - began) / 60
    print(f"\n{found} of {done} found ({found / done:.0%}), in {minutes:.0f} minutes. Not found:")
    print(*survivors, sep="\n")
    return 0


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
