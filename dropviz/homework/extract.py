"""Takes out of a notebook the statements that an answer needs, by its name, and no others.

What binds a name that the answer needs, or plainly changes its value, is needed. What may change
the value, as a call that it is passed to, is taken too, and may fail: it may be a look at it, with
what is not there behind the locks.

Runs behind the locks: text made for the purpose can crash Python's own parser.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from dropviz.homework.notebook_names import PARSER_FAILS, assigned, bound
from dropviz.homework.notebook_uses import STAR, Uses
from dropviz.homework.without_dropviz import without_dropviz

_CELL_MAGICS = re.compile(r"\A(?:\s*%%.*)+")
# Which run a cell as Python, where its names stay; %%timeit keeps none, %%writefile runs nothing.
_RUNNING = ("time", "capture", "prun", "lstm_dropout")


class Taken(NamedTuple):
    """A statement that is taken out, and whether the answer fails where it does."""

    node: ast.stmt
    needed: bool


def statements(cells: Sequence[str]) -> tuple[list[ast.stmt], list[str]]:
    """Parses the cells of a notebook.

    Args:
        cells: The source of its code cells, in order; IPython's magics bind nothing, and a cell
            whose magic does not run it as Python is none.

    Returns:
        The statements, and in words which cells could not be parsed.
    """
    found: list[ast.stmt] = []
    wrong: list[str] = []
    for number, source in enumerate(cells, 1):
        try:
            found += _parsed(source)
        except PARSER_FAILS as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            wrong.append(f"code cell {number}{where}: {getattr(error, 'msg', '') or 'no Python'}")
    return found, wrong


def needed(
    found: Sequence[ast.stmt], names: Sequence[str], given: Collection[str] = ()
) -> list[Taken]:
    """The statements that some names need, in the order of the notebook.

    Args:
        found: All statements.
        names: What is asked for.
        given: Names whose values are there already.

    Returns:
        Every statement that binds or changes one of the names, or a name of the notebook's that
        such a statement uses; and, as not needed, every other one that may change one of them.
    """
    found = without_dropviz(found)
    uses = Uses(found, names, given)
    kept, seen = _closure(uses, [*names, STAR], {}, given, uses.binding)
    more = [*(seen - {*given}), *uses.always]
    kept, _ = _closure(uses, more, kept, given, uses.mentioning)
    # A call by itself leaves no name behind, and may well be a look, as that of a picture.
    return [
        Taken(found[number], strong and not isinstance(found[number], ast.Expr))
        for number, strong in sorted(kept.items())
    ]


def _closure(
    uses: Uses,
    wanted: list[str],
    kept: dict[int, bool],
    given: Collection[str],
    taking: Callable[[str], Iterator[int]],
) -> tuple[dict[int, bool], set[str]]:
    """Takes what some names need, and what that needs; the first time as needed."""
    strong, kept, seen = not kept, dict(kept), set(given)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        for number in taking(name):
            if number not in kept:
                kept[number] = strong
                wanted += uses.used[number]
                # A view of an array is another name of the same values.
                wanted += () if strong else uses.bound[number]
    return kept, seen


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
        for name in bound(node):
            values.pop(name, None)
        for name, value in assigned(node):
            if name in names:
                with suppress(*PARSER_FAILS):
                    values[name] = ast.literal_eval(value)
    return values


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        # Imported here, behind the locks, and where a cell has magics.
        from IPython.core.inputtransformer2 import TransformerManager

        magics = _CELL_MAGICS.match(source)
        if magics and not set(re.findall(r"^\s*%%(\S*)", magics[0], re.MULTILINE)) <= {*_RUNNING}:
            return []
        # Of a cell magic it makes one call, with the whole cell as a text.
        plain = _CELL_MAGICS.sub(lambda found: re.sub("%%.*", "#", found[0]), source)
        manager = TransformerManager()  # type: ignore[no-untyped-call]
        body = ast.parse(manager.transform_cell(plain)).body
        return [each for node in body for each in _timed(node)]


def _timed(node: ast.stmt) -> list[ast.stmt]:
    """The statement that ``%time`` runs, which binds its names in the notebook."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(), [ast.Constant("time"), ast.Constant(str(code))])):
            with suppress(*PARSER_FAILS):
                return ast.parse(code).body
    return [node]
