"""Takes out of a notebook the statements that an answer needs, by its name, and nothing else.

Runs behind the locks: text made for the purpose can crash Python's own parser.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

# A cell of more magics than IPython goes through ends in a RuntimeError, as recursion does.
_PARSER_FAILS = (SyntaxError, ValueError, MemoryError, RuntimeError)
_IMPORTS = (ast.Import, ast.ImportFrom)
_STAR = "*"  # as which `from keras.layers import *` binds: nobody can see which names it brings
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SETTERS = ("setattr", "delattr")
_CELL_MAGICS = re.compile(r"\A(?:\s*%%.*)+")


class _Known(NamedTuple):
    """What is known of a notebook's names: which are modules, and what its functions change."""

    modules: Collection[str] = ()
    changed_by: Mapping[str, Collection[str]] = {}


_NOTHING = _Known()


def statements(cells: Sequence[str]) -> tuple[list[ast.stmt], list[str]]:
    """Parses the cells of a notebook.

    Args:
        cells: The source of its code cells, in order; IPython's magics bind nothing.

    Returns:
        The statements, and in words which cells could not be parsed.
    """
    found: list[ast.stmt] = []
    wrong: list[str] = []
    for number, source in enumerate(cells, 1):
        try:
            found += _parsed(source)
        except _PARSER_FAILS as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            wrong.append(f"code cell {number}{where}: {getattr(error, 'msg', '') or 'no Python'}")
    return found, wrong


def needed(found: Sequence[ast.stmt], names: Sequence[str], given: Collection[str] = ()) -> str:
    """The code that some names need, in the order of the notebook.

    Args:
        found: All statements.
        names: What is asked for.
        given: Names whose values are there already.

    Returns:
        Every statement that binds or changes one of the names, or a name of the notebook's that
        such a statement uses.
    """
    found = [node for node in found if not _is_of_dropviz(node)]
    modules = {name for node in found if isinstance(node, _IMPORTS) for name in _bound(node)}
    # Where an answer itself is called, it is tried out.
    functions = [node for node in found if isinstance(node, _FUNCTIONS) and node.name not in names]
    known = _Known(modules, {each.name: _changed(each, _Known(modules)) for each in functions})
    binding: dict[str, list[int]] = {}
    for number, node in enumerate(found):
        for name in set(_bound(node, known)):
            binding.setdefault(name, []).append(number)
    wanted, seen, kept = [*names, _STAR], set(given), set[int]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        for number in binding.get(name, []):
            if number not in kept:
                kept.add(number)
                wanted += _used(found[number])
    return ast.unparse(ast.Module([found[number] for number in sorted(kept)], []))


def literals(found: Sequence[ast.stmt], names: Sequence[str]) -> dict[str, Any]:
    """The plain values that names are set to, without running anything.

    Args:
        found: All statements.
        names: What is asked for.

    Returns:
        By name the last value that it is set to; a name that is not set to a literal, or is
        changed after that, is left out.
    """
    values: dict[str, Any] = {}
    for node in found:
        for name in _bound(node):
            values.pop(name, None)
        for name, value in _assigned(node):
            if name in names:
                with suppress(*_PARSER_FAILS):
                    values[name] = ast.literal_eval(value)
    return values


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        # Imported here, behind the locks, and where a cell has magics.
        from IPython.core.inputtransformer2 import TransformerManager

        # Of a cell magic it makes one call, with the whole cell as a text.
        plain = _CELL_MAGICS.sub(lambda found: re.sub("%%.*", "#", found[0]), source)
        manager = TransformerManager()  # type: ignore[no-untyped-call]
        return ast.parse(manager.transform_cell(plain)).body


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
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


def _bound(node: ast.AST, known: _Known = _NOTHING) -> Iterator[str]:
    """Names that a statement binds, or whose value it changes, where it stands."""
    match node:
        case ast.AnnAssign(value=None):
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            for each in node.decorator_list:
                called = each.func if isinstance(each, ast.Call) else each
                yield from known.changed_by.get(_root(called), ())
            return
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case ast.Name() | ast.Attribute() | ast.Subscript() if isinstance(node.ctx, ast.Store):
            yield _root(node)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Expr(ast.Call() as call):
            yield from _changed_by(call, known)
    for child in ast.iter_child_nodes(node):
        yield from _bound(child, known)


def _changed_by(call: ast.Call, known: _Known) -> Iterator[str]:
    """Names whose value a call changes that is a statement by itself."""
    match call:
        case ast.Call(ast.Attribute() as method) if _root(method) not in known.modules:
            yield _root(method)  # as of names.append("x"), but not np.save(x)
        case ast.Call(ast.Name(name), [whose, *_]) if name in _SETTERS:
            yield _root(whose)
        case ast.Call(ast.Name(name)):
            yield from known.changed_by.get(name, ())


def _changed(function: ast.stmt, known: _Known) -> set[str]:
    """Names of the notebook's that a function binds or changes when it is called."""
    inside = [node for node in ast.walk(function) if isinstance(node, _FUNCTIONS)]
    names = {name for node in inside for each in node.body for name in _bound(each, known)}
    with suppress(*_PARSER_FAILS):
        return names & set(_used(function))
    return set()


def _is_of_dropviz(node: ast.stmt) -> bool:
    """Whether a statement takes all names of dropviz's, which is not there behind the locks."""
    if not isinstance(node, ast.ImportFrom) or not any(each.name == _STAR for each in node.names):
        return False
    return str(node.module).partition(".")[0] == "dropviz"


def _root(node: ast.expr) -> str:
    """The name that an expression such as ``Cell.table["x"]`` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _used(node: ast.stmt) -> Iterator[str]:
    """Names of the notebook's that a statement uses, and not those of its functions' own."""
    tables = [symtable.symtable(ast.unparse(node), "<your notebook>", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        kind = table.get_type()
        yield from (
            each.get_name()
            for each in table.get_symbols()
            if each.is_global() or kind == "module" or (kind == "class" and each.is_referenced())
        )
