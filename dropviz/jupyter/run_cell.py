"""Runs the text of a cell as the notebook would have run it."""

from __future__ import annotations

from bdb import BdbQuit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from IPython.core.error import UsageError

from dropviz.errors import DropvizError
from dropviz.jupyter.ipython_inside import (
    ShowTraceback,
    count_running_cells,
    filtered_events,
    filtered_usage_errors,
    is_code_running,
    lines_of_interrupt,
    numbered_as_current_cell,
    replaced_show_traceback,
)
from dropviz.keras_inside import interrupts

Shell = Any  # IPython's InteractiveShell


class _Held:
    """The traceback that ended the cell: worked out, and not shown yet."""

    def __init__(self) -> None:
        self.value: BaseException | None = None
        self.lines: list[str] = []


def run_cell(shell: Shell, cell: str) -> BaseException | None:
    """Runs a cell in the user's namespace; its output appears as without the magic.

    A traceback is not shown yet, but put into the error, so that raising the error
    from a magic shows it once, and as the user's own. Interrupts act in the user's code, and
    not in what IPython does before and after it.

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
    with (
        _holding_tracebacks(shell) as held,
        numbered_as_current_cell(shell, transformed),
        # IPython's events come once for the cell that the magic is in, as without it.
        filtered_events(shell, _inner_cells(shell)),
    ):
        result = interrupts.through(shell.user_global_ns, shell.run_cell, text, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    interrupted = interrupts.taken()
    if error is None and interrupted:
        return KeyboardInterrupt()
    if error is None:
        # Shows the figures that the cell made. After an error the notebook does, later.
        shell.events.trigger("post_execute")
    return error if error is None else _to_raise(shell, error, held)


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


def _to_raise(shell: Shell, error: BaseException, held: _Held) -> BaseException:
    """The error with its traceback inside; a stand-in of its name where that cannot be."""
    if isinstance(error, UsageError):
        return error  # the shell prints it when it is raised
    # What was not held has been shown already.
    lines = held.lines if held.value is error else []
    if isinstance(error, KeyboardInterrupt) and lines:
        lines = lines_of_interrupt(shell, error, lines)
    if not isinstance(error, SyntaxError) and lines:
        try:
            error._render_traceback_ = _once(error, lines)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 (a class may refuse new attributes in any way)
            return _standing_in(error, lines)
        return error
    # IPython shows these with every frame above them, whatever they say of themselves.
    return _standing_in(error, lines)


def _once(error: BaseException, lines: list[str]) -> Callable[[], list[str]]:
    own = error.__traceback__

    def render() -> list[str]:
        # Raised again, in another cell, the error must show that cell.
        del error._render_traceback_  # type: ignore[attr-defined]
        _cut(error.__traceback__, own)
        return lines

    return render


def _cut(shown: TracebackType | None, own: TracebackType | None) -> None:
    """Takes out of a traceback how the magic was called, as %tb and later cells show all of it.

    Args:
        shown: The traceback as the notebook caught it; its first step is IPython's, which
            IPython leaves out.
        own: The part of it that the cell left, whose first step is IPython's too.
    """
    step = shown
    while step is not None and step is not own:
        step = step.tb_next
    if shown is not None and step is not None and step is not shown:
        shown.tb_next = step.tb_next


def _standing_in(error: BaseException, lines: list[str]) -> BaseException:
    # IPython ends a cell at a BdbQuit and shows nothing; of no lines it would show an empty error.
    kind = Exception if lines else BdbQuit
    face = {"_render_traceback_": lambda _: lines}
    named: type[Exception] = type(type(error).__name__, (kind,), face)
    return named(str(error))


@contextmanager
def _holding_tracebacks(shell: Shell) -> Iterator[_Held]:
    held = _Held()
    inner = _inner_cells(shell)

    def holding(show: ShowTraceback) -> ShowTraceback:
        def hold(kind: type, value: BaseException, lines: list[str]) -> None:
            # A cell that the user's code runs in turn shows its own tracebacks at once; and so does
            # code that shows one and goes on, as under %tb, and %%time of IPython 7.
            if inner() or is_code_running(shell):
                show(kind, value, lines)
            else:
                held.value, held.lines = value, lines

        return hold

    with (
        replaced_show_traceback(shell, holding),
        # That of the cell itself is printed once more when the magic raises it.
        filtered_usage_errors(shell, inner),
    ):
        yield held


def _inner_cells(shell: Shell) -> Callable[[], bool]:
    """Tells, when asked, whether a cell runs inside the one that is about to be run."""
    outside = count_running_cells(shell)
    return lambda: count_running_cells(shell) > outside + 1
