"""Puts ECMAScript modules into one script, for a file that is opened without a server.

Browsers load no modules from a file, so each becomes a function that is called once and gives out
what it exports. The modules keep to the plainest forms, ``import { a } from "./b.js";`` and
``export function``, ``const`` or ``class``; anything else is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from dropviz.errors import DropvizError, received

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
# Whole lines: a comment inside of a line may be part of a text.
_COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)


def inline(entry: Path) -> str:
    """Makes one script of a module and all that it imports.

    Args:
        entry: The module.

    Returns:
        A classic script that does what the module does; the same for the same files.

    Raises:
        DropvizError: If a module imports or exports in another form, or modules import each other
            in a circle.
    """
    written: dict[Path, str] = {}
    _write(entry.resolve(), written, ())
    return '"use strict";\n' + "".join(written.values())


def _write(path: Path, written: dict[Path, str], above: tuple[Path, ...]) -> str:
    """Writes a module after those that it imports; returns the name of what it exports."""
    if path in above:
        names = " -> ".join(each.name for each in (*above[above.index(path) :], path))
        raise DropvizError(f"Modules must not import each other in a circle. Received: {names}.")
    name = f"${path.stem}_{len(path.parent.parts)}"
    if path in written:
        return name
    source = path.read_text(encoding="utf-8")

    def taken(found: re.Match[str]) -> str:
        other = _write((path.parent / found[2]).resolve(), written, (*above, path))
        return f"const {{{found[1].replace(' as ', ': ')}}} = {other};\n"

    body = _IMPORT.sub(taken, source)
    exported = _EXPORT.findall(body)
    body = _COMMENTS.sub("", _EXPORT.sub("", body))
    if other := _OTHER.search(body):
        raise DropvizError(
            'A module must be written with import { a } from "./b.js"; and export function, const '
            f"or class alone to be put into a page. Received: {received(other[0])} in {path.name}."
        )
    written[path] = f"const {name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
    return name
