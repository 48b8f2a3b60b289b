"""Reads the scripts of this package, and joins modules into one that needs no other file.

A notebook's output, a saved page and an anywidget have no place from which a script could import
another one. The scripts are plain ECMAScript modules, and few forms are enough for them: whoever
writes one keeps to ``import { a, b as c } from "./x.js";``, and to ``export`` before a function,
an async function, a class or a const; each at the beginning of a line. Comments stand on lines of
their own or end one, but for types within a line, and no text may look like any of these; a text of
several lines may not need the room before them.
"""

from __future__ import annotations

import posixpath
import re
from importlib import resources

from dropviz.errors import DropvizError

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*|\bimport\(.*", re.MULTILINE)
# Not beyond its own end: behind one at the beginning of a line there may be code.
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)\n", re.MULTILINE)
_AT_THE_END = re.compile(r"(?<=[;,{(\[>]) // [^\n]*$", re.MULTILINE)
_TYPE = re.compile(r"/\*\* @.*?\*/ ?")
_ROOM = re.compile(r"^\s+", re.MULTILINE)  # before a line, and lines that are empty


def read_script(path: str) -> str:
    """The text of a script.

    Args:
        path: Below ``dropviz/browser``, as in "scenes/paint.js".

    Raises:
        DropvizError: If there is none.
    """
    try:
        return resources.files(__package__).joinpath(path).read_text(encoding="utf-8")
    except OSError as error:
        raise DropvizError(
            f"dropviz has no script {path!r}. Expected one that is installed with it; install "
            "dropviz again."
        ) from error


def joined(path: str) -> str:
    """A script with all that it imports, as the text of one module.

    The same scripts give the same text. Comments, indents and empty lines are left out.

    Args:
        path: Below ``dropviz/browser``, as in "scenes/paint.js".

    Returns:
        The text; it exports what the script exports, and each of these names may be used in what
        is written after it. Of a script that exports nothing it is no module, but a plain script.

    Raises:
        DropvizError: If a script is missing, has another form of import or export than those that
            are named above, or imports itself in a circle.
    """
    found: dict[str, _Module] = {}
    _collect(path, found, ())
    numbers = {name: f"module_{number}" for number, name in enumerate(found)}
    parts = [_wrapped(module, numbers) for module in found.values()]
    names = ", ".join(found[path].exports)
    if not names:
        return "".join(['"use strict";\n', *parts])
    return "".join(
        [*parts, f"const {{ {names} }} = {numbers[path]};\n", f"export {{ {names} }};\n"]
    )


class _Module:
    """One script, taken apart."""

    def __init__(self, path: str) -> None:
        text = _AT_THE_END.sub("", _TYPE.sub("", _COMMENT.sub("", read_script(path))))
        text = _ROOM.sub("", text)
        self.path = path
        folder = posixpath.dirname(path)
        self.imports = [
            (names, posixpath.normpath(posixpath.join(folder, source)))
            for names, source in _IMPORT.findall(text)
        ]
        self.exports = _EXPORT.findall(text)
        self.body = _EXPORT.sub("", _IMPORT.sub("", text)).strip("\n")
        other = _OTHER.search(self.body)
        if other:
            raise DropvizError(
                f"{path} cannot be joined with what it imports. Expected imports as in "
                '`import { a } from "./x.js";` and exports of functions, classes and consts. '
                f"Received: {other[0].strip()!r}."
            )


def _collect(path: str, found: dict[str, _Module], above: tuple[str, ...]) -> None:
    """Finds a script and all below it, each after those that it imports."""
    if path in found:
        return
    if path in above:
        raise DropvizError(
            f"Scripts import each other in a circle: {' -> '.join([*above, path])}. Move what both "
            "need into a script of its own."
        )
    module = _Module(path)
    for _, source in module.imports:
        _collect(source, found, (*above, path))
    found[path] = module


def _wrapped(module: _Module, numbers: dict[str, str]) -> str:
    """A module as a function that is called at once, so that names of two do not meet."""
    lines = [f"const {numbers[module.path]} = (() => {{"]
    for names, source in module.imports:
        renamed = re.sub(r"(\w+) as (\w+)", r"\1: \2", " ".join(names.split()))
        lines.append(f"const {{ {renamed.rstrip(', ')} }} = {numbers[source]};")
    lines += [module.body, f"return {{ {', '.join(module.exports)} }};", "})();\n"]
    return "\n".join(lines)
