"""What the statements of a notebook do with names: bind them, change their values, use them."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

# A cell of more magics than IPython goes through ends in a RuntimeError, as recursion does.
PARSER_FAILS = (SyntaxError, ValueError, MemoryError, RuntimeError)
IMPORTS = (ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SETTERS = ("setattr", "delattr")


class Known(NamedTuple):
    """What is known of a notebook's names: which are modules, and what its functions change."""

    modules: Collection[str] = ()
    changed_by: Mapping[str, Collection[str]] = {}


_NOTHING = Known()


def assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement sets, each with what it is set to."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _paired(target, node.value)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield from _paired(node.target, node.value)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for each, its in zip(target.elts, value.elts, strict=False):
            yield from _paired(each, its)


def bound(node: ast.AST, known: Known = _NOTHING) -> Iterator[str]:
    """Names that a statement binds, or whose value it changes, where it stands."""
    match node:
        case ast.AnnAssign(value=None):
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            for each in node.decorator_list:
                called = each.func if isinstance(each, ast.Call) else each
                yield from known.changed_by.get(root(called), ())
            return
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case ast.Name() | ast.Attribute() | ast.Subscript() if isinstance(node.ctx, ast.Store):
            yield root(node)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Expr(ast.Call() as call):
            yield from _changed_by(call, known)
    for child in ast.iter_child_nodes(node):
        yield from bound(child, known)


def _changed_by(call: ast.Call, known: Known) -> Iterator[str]:
    """Names whose value a call changes that is a statement by itself."""
    match call:
        case ast.Call(ast.Attribute() as method) if root(method) not in known.modules:
            yield root(method)  # as of names.append("x"), but not np.save(x)
        case ast.Call(ast.Name(name), [whose, *_]) if name in _SETTERS:
            yield root(whose)
        case ast.Call(ast.Name(name)):
            yield from known.changed_by.get(name, ())


def changed(function: ast.stmt, known: Known) -> set[str]:
    """Names of the notebook's that a function binds or changes when it is called."""
    inside = [node for node in ast.walk(function) if isinstance(node, FUNCTIONS)]
    names = {name for node in inside for each in node.body for name in bound(each, known)}
    return names & set(used(function))


def set_anew(node: ast.stmt) -> set[str]:
    """Names that a statement gives another value, and does not change in place."""
    if isinstance(node, (*IMPORTS, *FUNCTIONS, ast.ClassDef)):
        return set(bound(node))
    stores = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in stores if isinstance(each.ctx, ast.Store)} & set(bound(node))


def root(node: ast.expr) -> str:
    """The name that an expression such as ``Cell.table["x"]`` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def used(node: ast.stmt) -> Iterator[str]:
    """Names of the notebook's that a statement uses, and not those of its functions' own."""
    tables: list[symtable.SymbolTable] = []
    # As of an `await` at the top, which only Jupyter takes.
    with suppress(*PARSER_FAILS):
        tables.append(symtable.symtable(ast.unparse(node), "<your notebook>", "exec"))
    while tables:
        table = tables.pop()
        tables += table.get_children()
        kind = table.get_type()
        yield from (
            each.get_name()
            for each in table.get_symbols()
            if each.is_global() or kind == "module" or (kind == "class" and each.is_referenced())
        )


def run_parts(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that run where it stands: of a function, what is above its body."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.decorator_list
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *node.keywords)
            for each in node.body:
                yield from run_parts(each)
        case _:
            yield node


def is_plain(value: ast.expr) -> bool:
    """Whether nothing can change a value in place, as one of numbers and texts."""
    match value:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=inner):
            return is_plain(inner)
        case ast.BinOp(left=left, right=right):
            return is_plain(left) and is_plain(right)
        case ast.Tuple(elts=inside):
            return all(is_plain(each) for each in inside)
    return False
