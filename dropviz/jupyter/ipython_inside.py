"""The seams to IPython: every private or undocumented name of it, one small function each.

Leans on IPython/core/interactiveshell.py (``_showtraceback``, ``show_usage_error``,
``run_cell``, ``InteractiveTB``), events.py, compilerop.py (``cache``), history.py
(``input_hist_parsed``) and magic.py (``magics_manager``); and on argparse's ``_actions``. Tried
with IPython 7.34.0, 8.37.0 and 9.18.1.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from dropviz.keras_inside.interrupts import is_ours

Shell = Any  # IPython's InteractiveShell carries no types
ShowTraceback = Callable[[type, BaseException, list[str]], None]

_MOST_LINES = 30  # of what is shown of an interrupt


def lines_of_interrupt(shell: Shell, error: BaseException, lines: list[str]) -> list[str]:
    """The traceback of an interrupt as it would be without us, and in few lines.

    Where it was deep in a library, where the user's own code stood is enough.

    Args:
        shell: The IPython shell.
        error: The interrupt.
        lines: The traceback as the shell has worked it out.
    """
    steps = list(traceback.walk_tb(error.__traceback__))
    if any(is_ours(frame) for frame, _ in steps):
        lines = _lines_without(shell, error, is_ours)
    if sum(each.count("\n") + 1 for each in lines) > _MOST_LINES:
        # The first frame is that of IPython, which it leaves out itself.
        keep = {steps[0][0], *(f for f, _ in steps if f.f_globals is shell.user_global_ns)}
        lines = _lines_without(shell, error, lambda frame: frame not in keep)
    return lines


def _lines_without(
    shell: Shell, error: BaseException, unwanted: Callable[[FrameType], bool]
) -> list[str]:
    steps, kept = [], None
    step = error.__traceback__
    while step is not None:
        steps.append(step)
        step = step.tb_next
    for each in reversed(steps):
        if not unwanted(each.tb_frame):
            kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    # Another of its kind, without what it came across.
    bare = type(error)(*error.args)
    lines: list[str] = shell.InteractiveTB.structured_traceback(
        type(error), bare.with_traceback(kept), kept, tb_offset=shell.InteractiveTB.tb_offset
    )
    return lines


def once_the_cell_ended(shell: Shell, do: Callable[[], None]) -> None:
    """Has something done when the cell that runs has ended and its value is shown, once.

    Args:
        shell: The IPython shell.
        do: What.
    """

    def ended() -> None:
        shell.events.unregister("post_execute", ended)
        do()

    shell.events.register("post_execute", ended)


@contextmanager
def replaced_show_traceback(
    shell: Shell, replacement: Callable[[ShowTraceback], ShowTraceback]
) -> Iterator[None]:
    """Has a shell hand its tracebacks to another function inside the block.

    Args:
        shell: The IPython shell.
        replacement: Given the shell's own function, makes the one to take its place.

    Yields:
        Nothing.
    """
    with _replaced(shell, "_showtraceback", replacement(shell._showtraceback)):
        yield


@contextmanager
def filtered_usage_errors(shell: Shell, wanted: Callable[[], bool]) -> Iterator[None]:
    """Has a shell show a ``UsageError`` inside the block only where it is wanted."""
    show = shell.show_usage_error

    def show_wanted(error: BaseException) -> None:
        if wanted():
            show(error)

    with _replaced(shell, "show_usage_error", show_wanted):
        yield


@contextmanager
def filtered_events(shell: Shell, wanted: Callable[[], bool]) -> Iterator[None]:
    """Has a shell trigger its events inside the block only where they are wanted."""
    trigger = shell.events.trigger

    def trigger_wanted(event: str, *args: Any, **kwargs: Any) -> None:
        if wanted():
            trigger(event, *args, **kwargs)

    with _replaced(shell.events, "trigger", trigger_wanted):
        yield


def count_running_cells(shell: Shell) -> int:
    """How many runs of a cell are under way, one within the other."""
    code, runs = type(shell).run_cell.__code__, 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        runs += frame.f_code is code
        frame = frame.f_back
    return runs


def is_code_running(shell: Shell) -> bool:
    """Whether code of the user's, in the innermost cell under way, has called what asks here."""
    run_cell = type(shell).run_cell.__code__
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code is not run_cell:
        if frame.f_globals is shell.user_global_ns:
            return True
        frame = frame.f_back
    return False


@contextmanager
def numbered_as_current_cell(shell: Shell, transformed: str) -> Iterator[None]:
    """Makes a text the last input, inside the block, with the number of the cell it is in.

    Args:
        shell: The IPython shell.
        transformed: The text in plain Python.

    Yields:
        Nothing.
    """
    inputs = shell.history_manager.input_hist_parsed
    before = inputs[-1]
    inputs[-1] = transformed  # where IPython looks for a semicolon at its end
    cache = shell.compile.cache

    def numbered(code: str, number: int = 0, **rest: Any) -> Any:
        del number  # that of the next cell, by now
        return cache(code, shell.displayhook.prompt_count, **rest)

    try:
        with _replaced(shell.compile, "cache", numbered):
            yield
    finally:
        inputs[-1] = before


def remove_magics(shell: Shell, magics: Any) -> None:
    """Takes magics away from a shell, unless somebody has put others in their place.

    IPython has no call for it, so their names are taken out of its table.

    Args:
        shell: The IPython shell.
        magics: What ``shell.register_magics`` was given.
    """
    manager = shell.magics_manager
    for table in manager.magics.values():
        for name in [n for n, f in table.items() if getattr(f, "__self__", None) is magics]:
            del table[name]
    if manager.registry.get(type(magics).__name__) is magics:
        del manager.registry[type(magics).__name__]
    if magics in shell.configurables:
        shell.configurables.remove(magics)


def list_flags(magic: Any) -> list[str]:
    """The flags of a magic that has ``magic_arguments``."""
    return [flag for action in magic.parser._actions for flag in action.option_strings]


def forbid_abbreviated_flags(magic: Any) -> None:
    """Has a magic take whole flags only: prefixes would change their meaning with each new one."""
    magic.parser.allow_abbrev = False


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Sets an attribute of an object inside the block, and leaves it as it was."""
    missing = object()
    before = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
