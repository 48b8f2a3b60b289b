"""All small changes of the source that the tests should find, one at a time.

No mutant is made of what does not act: docstrings and other strings, annotations, decorators,
what is raised (the message of an error), `__repr__` and `__str__`, what stands under
`if TYPE_CHECKING`, `strict` of `zip`, the order of arguments that have none (of `min`, `max`
and the like), and whether a limit belongs to what it bounds where real numbers are compared with
it, which never meet it.
Every other mutant counts, also one that does the same as the source.
"""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = ("dropviz/core/oracle.py", "dropviz/recording/*.py", "dropviz/experiment/*.py")

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
# The same with and without the limit itself.
_AT_THE_LIMIT = {frozenset((ast.Lt, ast.LtE)), frozenset((ast.Gt, ast.GtE))}
_NO_ORDER = (
    *("min", "max", "minimum", "maximum", "logical_and", "logical_or"),
    *("array_equal", "same", "_alike"),
)
# What is measured, and how far rounding may take it.
_REAL = ("abs", "ptp", "slack", "spread", "noise", "blur", "error", "tolerance")


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
        source: The file without the change, as it was when the mutant was made: it may be worked
            on meanwhile.
    """

    path: str
    start: tuple[int, int]
    end: tuple[int, int]
    before: str
    after: str
    line: str
    source: str = field(repr=False)

    def __str__(self) -> str:
        def flat(text: str) -> str:
            return re.sub(r"\s+", " ", text)

        where = f"{self.path}:{self.start[0]}:{self.start[1] + 1}"
        return f"{where}: {flat(self.before)}  ->  {flat(self.after)}\n    in: {self.line.strip()}"

    @property
    def applied(self) -> str:
        """The file with the change in it."""
        lines = self.source.encode().splitlines(keepends=True)
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
        self.found.append(Mutant(self._path, start, end, before, after, line, self._source))

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
        real = any(_is_real(side) for side in (node.left, *node.comparators))
        for place, operator in enumerate(node.ops):
            for other in _OPPOSITE[type(operator)]:
                if real and frozenset((type(operator), other)) in _AT_THE_LIMIT:
                    continue
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


def _is_real(node: ast.expr) -> bool:
    """Whether an expression is known to be a real number, measured or worked out."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    called = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(called).rpartition(".")[2] in _REAL


def mutants() -> list[Mutant]:
    """All mutants of all targets."""
    found: list[Mutant] = []
    for target in TARGETS:
        for path in sorted(ROOT.glob(target)):
            found += _Finder(str(path.relative_to(ROOT)), path.read_text("utf-8")).found
    return found
