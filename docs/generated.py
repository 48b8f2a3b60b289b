"""Parts of the documentation that come out of the tables of dropviz, as MyST Markdown."""

from __future__ import annotations

import inspect
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from importlib import import_module
from typing import Any
from unittest.mock import patch

import dropviz
from dropviz.core import scenario_string
from dropviz.core.keras_history import ERAS
from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS, Method
from dropviz.core.result_files import FORMAT
from dropviz.core.sites import MASKABLE, SITES
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import TASKS

# What public names give back, by kind and home.
RESULTS = {
    "Run": "dropviz.core.runs",
    "Recording": "dropviz.core.recording",
    "LayerRecording": "dropviz.core.layer_recording",
    "Masks": "dropviz.core.masks",
    "Verdict": "dropviz.core.verdict",
    "SiteVerdict": "dropviz.core.verdict",
    "Verdicts": "dropviz.core.verdict",
    "Trace": "dropviz.core.trace_result",
    "Proof": "dropviz.core.trace_result",
    "Comparison": "dropviz.core.comparison",
    "Entry": "dropviz.core.comparison",
    "Sweep": "dropviz.core.sweep_result",
    "Doubt": "dropviz.core.doubt",
    "Coverage": "dropviz.core.doubt",
    "Trap": "dropviz.core.trap_results",
    "TrapResults": "dropviz.core.trap_results",
    "RunSpec": "dropviz.core.spec",
    "Lab": "dropviz.jupyter.lab.lab",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table.

    Args:
        head: The names of its columns.
        rows: Its rows.

    Returns:
        The table.
    """
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(_cell(each) for each in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def keras_versions() -> str:
    """What the two arguments did, by version."""
    rows = ((era.versions, era.dropout, era.recurrent, era.source) for era in ERAS)
    return table(("versions", "`dropout`", "`recurrent_dropout`", "read in"), rows)


def sites() -> str:
    """The places where a published method can mask."""
    return table(("site", "what is multiplied"), ((f"`{n}`", SITES[n].place) for n in MASKABLE))


def methods() -> str:
    """Each method under a heading, with the picture of its cell."""
    return "\n\n".join(_method(each) for each in METHODS.values())


def _method(method: Method) -> str:
    from dropviz.figures.cell import cell
    from dropviz.figures.cell_scene import words

    rows = (
        (SITES[rule.site].place, f"`{rule.argument}`", words(rule), f"`{rule.site}`")
        for rule in method.rules
    )
    drawn = cell(method.name)
    options = ", ".join(f"`{each}`" for each in method.options)
    return "\n\n".join(
        (
            f"({method.name})=",
            f'## {method.title}: `method="{method.name}"`',
            f"[{method.paper}]({method.link}): {method.summary}.",
            drawn.fitted(drawn.png()),
            table(("multiplied", "rate", "mask", "site"), rows),
            f"**What breaks when it is misunderstood.** {method.misuse}",
            *([f"Takes {options} too."] if options else []),
        )
    )


def museum() -> str:
    """Every trap, run now with the Keras that is installed."""
    results = dropviz.traps()
    return "\n\n".join([results.heading, *(_trap(trap) for trap in results)])


def _trap(trap: Any) -> str:
    said = "\n".join(f"**{label}**\n: {' '.join(text.split())}\n" for label, text in trap.rows)
    return f"({trap.name})=\n\n## {trap.heading}\n\n`%lstm_traps {trap.name}`\n\n{said}"


def names() -> str:
    """Every public name, from its docstring."""
    return "\n\n".join(_documented(f"dropviz.{name}") for name in sorted(dropviz.__all__))


def results() -> str:
    """What the public names give back."""
    return "\n\n".join(_documented(f"{home}.{name}") for name, home in RESULTS.items())


def _documented(name: str) -> str:
    home, _, last = name.rpartition(".")
    found = getattr(import_module(home), last)
    if not isinstance(found, type):
        directive, options = "autofunction", ""
    elif issubclass(found, Exception):
        directive, options = "autoexception", ""
    else:
        directive, options = "autoclass", "\n   :members:"
    body = f".. {directive}:: {name}{options}"
    return f"## `{last}`\n\n```{{eval-rst}}\n{body}\n```"


def magics() -> str:
    """Each magic with its flags, as `%magic?` shows them."""
    from dropviz.jupyter.magics import DropvizMagics
    from dropviz.jupyter.study_magics import StudyMagics

    found = {
        name: getattr(room, name)
        for room in (DropvizMagics, StudyMagics)
        for kinds in room.magics.values()
        for name in kinds
    }
    return "\n\n".join(
        f"## `%{name}`\n\n```text\n{_dedented(found[name].__doc__)}\n```" for name in sorted(found)
    )


def _dedented(text: str) -> str:
    return inspect.cleandoc(text).removeprefix("::").strip()


def scenario_keys() -> str:
    """What a scenario string may hold."""
    keys = {key: name for key, (name, _) in scenario_string.NUMBERS.items()}
    keys |= {f"{key}=": name for key, name in scenario_string.NAMES.items()}
    plain = RunSpec()
    rows = ((f"`{key}`", f"`{name}`", _default(plain, name)) for key, name in keys.items())
    return table(("key", "argument", "unless given"), rows)


def _default(spec: RunSpec, name: str) -> str:
    if name not in OPTIONS:
        return f"`{getattr(spec, name)}`"
    if choices := OPTIONS[name].choices:
        return f"as the method's paper has it ({' or '.join(choices)})"
    return "the rate `recurrent_dropout`"


def tasks() -> str:
    """What a training can be on."""
    rows = (
        (f"`{name}`", entry.title, entry.needs, "yes" if entry.offline else "a download")
        for name, entry in TASKS.items()
    )
    return table(("`task=`", "what is asked", "what has to be remembered", "offline"), rows)


def file_format() -> str:
    """Which version of the file format this dropviz writes and reads."""
    return f"This dropviz writes and reads format **{FORMAT}**."


def command_line() -> str:
    """Every command, as `--help` prints it."""
    return "\n\n".join(_help(()))


def _help(words: tuple[str, ...]) -> Iterator[str]:
    from dropviz.__main__ import main

    printed = io.StringIO()
    with patch.dict(os.environ, COLUMNS="80"), redirect_stdout(printed), suppress(SystemExit):
        main([*words, "--help"])
    text = printed.getvalue().strip()
    yield f"## `{' '.join(('dropviz', *words))}`\n\n```text\n{text}\n```"
    # The commands below it, where a usage names some.
    for found in _COMMANDS.findall(text)[:1]:
        for command in found.split(","):
            yield from _help((*words, command))


_COMMANDS = re.compile(r"\{([\w,-]+)\}\s+\.\.\.")

PARTS: Mapping[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        command_line,
        file_format,
        keras_versions,
        magics,
        methods,
        museum,
        names,
        results,
        scenario_keys,
        sites,
        tasks,
    )
}
