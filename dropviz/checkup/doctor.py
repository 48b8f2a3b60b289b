"""Tells what is installed here, and whether dropviz can work with it."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from dropviz.checkup.known_problems import Here, look, preventing, troubling
from dropviz.core.free_memory import GIB

_WIDE = 16


def doctor() -> None:
    """Prints what matters here, known problems with what to do, and a verdict in the last line.

    Versions, the backend, processors and memory that this process may really use, and what the
    person looks at. The last line is "Ready." or begins with "Not ready:"; nothing is raised for
    what is wrong. Imports neither Keras nor a picture; to be pasted into a question as it is.
    """
    print("\n".join(lines(look())))  # noqa: T201


def lines(here: Here) -> Iterator[str]:
    """The lines of it.

    Args:
        here: What is here.

    Yields:
        A row for each fact, a line for each known problem, and the verdict.
    """
    for name, fact in _facts(here).items():
        yield f"{name:<{_WIDE}}{fact or '-'}"
    for said in troubling(here):
        yield f"Note: {said}"
    wrong = preventing(here)
    yield f"Not ready: {wrong}" if wrong else "Ready."


def _facts(here: Here) -> dict[str, str]:
    machine = here.machine
    own = f"{machine.own} of {machine.processors}"
    left = "" if machine.memory_left is None else f"{machine.memory_left / GIB:.1f} GiB left"
    if machine.memory_limit is not None:
        left += f" of the {machine.memory_limit / GIB:.1f} that are allowed"
    return {
        "Python": f"{platform.python_version()} on {platform.machine()}",
        **here.versions,
        "Keras backend": f"{here.backend.name} ({here.backend.why})",
        "Device": machine.device,
        "Processors": own,
        "Memory": left,
        "Front end": here.front_end,
    }
