"""Runs the text of a cell as the notebook would have run it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from IPython.core.error import UsageError

from dropviz.errors import DropvizError

Shell = Any  # IPython's InteractiveShell


class _Held:
    """The traceback that ended the cell: worked out, and not shown yet."""

    def __init__(self) -> None:
        self.value: BaseException | None = None
        self.lines: list[str] = []


def run_cell(shell: Shell, cell: str) -> BaseException | None:
    """Runs a cell in the user's namespace; its output appears as without the magic.

    A traceback is not shown yet, but put into the error, so that raising the error
    from a magic shows it once, and as the user's own.

    Args:
        shell: The IPython shell.
        cell: The text below the magic's line.

    Returns:
        The error that ended the cell, to be raised; or None.

    Raises:
        DropvizError: If the cell awaits at its top level; nothing of it is run then.
    """
    text = _first_line(cell) + cell
    transformed = _transformed(shell, text)
    if shell.should_run_async(text, transformed_cell=transformed):
        raise DropvizError(
            "A cell under %%lstm_dropout cannot await at its top level. Await in a cell of its "
            "own, or record with dropviz.record."
        )
    with _holding_tracebacks(shell) as held, _as_input(shell, transformed), _quiet_events(shell):
        result = shell.run_cell(text, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    if error is None:
        if held.value is not None:
            # The cell showed it itself and went on, as under %tb, and %%time of IPython 7.
            shell._showtraceback(type(held.value), held.value, held.lines)
        # Shows the figures that the cell made. After an error the notebook does, later.
        shell.events.trigger("post_execute")
    return error if error is None else _to_raise(error, held)


def _first_line(cell: str) -> str:
    """A line in place of the magic's, so that tracebacks count lines as the notebook does."""
    if cell.lstrip().startswith("%%"):
        return ""  # a cell magic must come first
    # IPython takes the indentation of the first line from all lines.
    start = next((line for line in cell.splitlines() if line.strip()), "")
    return f"{start[: len(start) - len(start.lstrip())]}# %%lstm_dropout\n"


def _transformed(shell: Shell, text: str) -> str:
    try:
        transformed: str = shell.transform_cell(text)
    except SyntaxError:
        return text  # running it will say so
    return transformed


def _to_raise(error: BaseException, held: _Held) -> BaseException:
    """The error with its traceback inside; a stand-in of its name where that cannot be."""
    if isinstance(error, UsageError):
        return error  # the shell prints it when it is raised
    # What was not held has been shown already.
    lines = held.lines if held.value is error else []
    if not isinstance(error, SyntaxError) and lines:
        try:
            error._render_traceback_ = _once(error, lines)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 (a class may refuse new attributes in any way)
            return _standing_in(error, lines)
        return error
    # IPython shows these with every frame above them, whatever they say of themselves.
    return _standing_in(error, lines)


def _once(error: BaseException, lines: list[str]) -> Callable[[], list[str]]:
    def render() -> list[str]:
        # Raised again, in another cell, the error must show that cell.
        del error._render_traceback_  # type: ignore[attr-defined]
        return lines

    return render


def _standing_in(error: BaseException, lines: list[str]) -> BaseException:
    face = {"_render_traceback_": lambda _: lines}
    named: type[Exception] = type(type(error).__name__, (Exception,), face)
    return named(str(error))


@contextmanager
def _holding_tracebacks(shell: Shell) -> Iterator[_Held]:
    held = _Held()
    show = shell._showtraceback
    outside = _runs(shell)

    def hold(kind: type, value: BaseException, lines: list[str]) -> None:
        # A cell that the user's code runs in turn shows its own tracebacks at once.
        if _runs(shell) > outside + 1:
            show(kind, value, lines)
        else:
            held.value, held.lines = value, lines

    def show_usage_error(error: BaseException) -> None:
        # That of the cell itself is printed once more when the magic raises it.
        if _runs(shell) > outside + 1:
            usage(error)

    usage = shell.show_usage_error
    with ExitStack() as stack:
        stack.enter_context(_replaced(shell, "_showtraceback", hold))
        stack.enter_context(_replaced(shell, "show_usage_error", show_usage_error))
        yield held


def _runs(shell: Shell) -> int:
    """How many runs of a cell are under way, one within the other."""
    code, runs = type(shell).run_cell.__code__, 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        runs += frame.f_code is code
        frame = frame.f_back
    return runs


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


@contextmanager
def _quiet_events(shell: Shell) -> Iterator[None]:
    """Keeps IPython's events to the cell that the magic is in: once each, as without it."""
    trigger, outside = shell.events.trigger, _runs(shell)

    def quiet(event: str, *args: Any, **kwargs: Any) -> None:
        if _runs(shell) > outside + 1:
            trigger(event, *args, **kwargs)

    with _replaced(shell.events, "trigger", quiet):
        yield


@contextmanager
def _as_input(shell: Shell, transformed: str) -> Iterator[None]:
    """Makes the cell the last input, and gives it the number of the cell that it is in."""
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
