"""Statements as they stand where there is no dropviz."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy

from dropviz.homework.notebook_names import IMPORTS, bound


def without_dropviz(found: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Takes from statements what is of dropviz and not needed to run them.

    Args:
        found: All statements of a notebook.

    Returns:
        Them: each import by itself, none of all names of dropviz's, and annotations that name
        something of dropviz's as texts, which are not looked up.
    """
    alone = [each for node in found for each in _alone(node)]
    names = names_of_dropviz(alone)
    return [_as_texts(node, names) for node in alone]


def names_of_dropviz(found: Sequence[ast.stmt]) -> set[str]:
    """The names that imports of dropviz bind."""
    imports = [node for each in found for node in ast.walk(each) if isinstance(node, IMPORTS)]
    return {name for node in imports if package(node) == "dropviz" for name in bound(node)}


def package(node: ast.Import | ast.ImportFrom) -> str:
    """The package that an import is of; of several, the first."""
    name = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
    return str(name).partition(".")[0]


def _alone(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, ast.Import):
        yield from (ast.copy_location(ast.Import([each]), node) for each in node.names)
    elif not (
        isinstance(node, ast.ImportFrom)
        and package(node) == "dropviz"
        and any(each.name == "*" for each in node.names)
    ):
        yield node


def _as_texts(node: ast.stmt, names: set[str]) -> ast.stmt:
    if not any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node)):
        return node
    copied = deepcopy(node)
    for each in ast.walk(copied):
        for field in ("annotation", "returns"):
            words = getattr(each, field, None)
            if isinstance(words, ast.expr) and _names(words) & names:
                setattr(each, field, ast.copy_location(ast.Constant(ast.unparse(words)), words))
    return copied


def _names(node: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
