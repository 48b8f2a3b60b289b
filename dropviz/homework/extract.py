"""Takes out of a notebook the statements that an answer needs, by its name, and nothing else.

Runs behind the locks: text made for the purpose can crash Python's own parser.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

_PARSER_FAILS = (SyntaxError, ValueError, MemoryError, RecursionError)


def statements(cells: Sequence[str]) -> tuple[list[ast.stmt], list[str]]:
    """Parses the cells of a notebook.

    Args:
        cells: The source of its code cells, in order; IPython's magics are left out.

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


def needed(found: Sequence[ast.stmt], names: Sequence[str]) -> str:
    """The code that some names need, in the order of the notebook.

    Args:
        found: All statements.
        names: What is asked for.

    Returns:
        Every statement that binds one of the names, or a name that such a statement uses.
    """
    binding: dict[str, list[int]] = {}
    for number, node in enumerate(found):
        for name in set(_bound(node)):
            binding.setdefault(name, []).append(number)
    wanted, seen, kept = list(names), set[str](), set[int]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        for number in binding.get(name, []):
            kept.add(number)
            wanted += [each.id for each in ast.walk(found[number]) if isinstance(each, ast.Name)]
    return ast.unparse(ast.Module([found[number] for number in sorted(kept)], []))


def literals(found: Sequence[ast.stmt], names: Sequence[str]) -> dict[str, Any]:
    """The plain values that names are set to, without running anything.

    Args:
        found: All statements.
        names: What is asked for.

    Returns:
        By name the last value that it is set to; a name that is not set to a literal is left out.
    """
    values: dict[str, Any] = {}
    for node in found:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in names:
                values.pop(target.id, None)
                try:
                    values[target.id] = ast.literal_eval(node.value)
                except _PARSER_FAILS:
                    continue
    return values


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        plain = _without_magics(source)
        if plain == source:
            raise
        return ast.parse(plain).body


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    if lines[0].lstrip().startswith("%%"):
        lines[0] = ""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) or line.rstrip().endswith("?") else line
        for line in lines
    )


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds, where it stands."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)
