"""Runs the text of a cell as the notebook would have run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Shell = Any  # IPython's InteractiveShell
Held = list[tuple[BaseException, list[str], Callable[[], None]]]


def run_cell(shell: Shell, cell: str) -> BaseException | None:
    """Runs a cell in the user's namespace; its output appears as without the magic.

    A traceback is not shown yet, but put into the error, so that raising the error
    from a magic shows it once, and as the user's own.

    Args:
        shell: The IPython shell.
        cell: The text below the magic's line.

    Returns:
        The error that ended the cell, to be raised; or None.
    """
    with _held_tracebacks(shell) as held, _as_input(shell, cell):
        # A line in place of the magic's, so that tracebacks count as the notebook does;
        # but a cell magic must come first.
        first = "" if cell.lstrip().startswith("%%") else "# %%lstm_dropout\n"
        result = shell.run_cell(first + cell, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    raised: Any = _standing_in(error) if isinstance(error, SyntaxError) else error
    for value, lines, show in held:
        if value is error:
            raised._render_traceback_ = lambda lines=lines: lines
        else:
            show()
    shown: BaseException | None = raised
    return shown


def _standing_in(error: SyntaxError) -> BaseException:
    # IPython shows a SyntaxError with every frame above it, whatever it says of itself.
    named: type[Exception] = type(type(error).__name__, (Exception,), {})
    return named(str(error))


@contextmanager
def _held_tracebacks(shell: Shell) -> Iterator[Held]:
    held: Held = []
    original = shell._showtraceback

    def hold(kind: type, value: BaseException, lines: list[str]) -> None:
        held.append((value, lines, lambda: original(kind, value, lines)))

    # A usage error is printed by the shell, once more when the magic raises it.
    shell._showtraceback, shell.show_usage_error = hold, lambda _: None
    try:
        yield held
    finally:
        del shell._showtraceback, shell.show_usage_error


@contextmanager
def _as_input(shell: Shell, cell: str) -> Iterator[None]:
    """Makes the cell the last input, where IPython looks for a semicolon at its end."""
    inputs = shell.history_manager.input_hist_parsed
    before = inputs[-1]
    inputs[-1] = cell
    try:
        yield
    finally:
        inputs[-1] = before
