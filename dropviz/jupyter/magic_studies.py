"""What ``%lstm_compare`` and ``%lstm_sweep`` do: a study from a line, with its progress."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dropviz.core.display_registry import display
from dropviz.core.method_options import RATES
from dropviz.errors import DropvizError, StoppedError
from dropviz.jupyter.line_arguments import value_of
from dropviz.jupyter.live_map import LiveMap

if TYPE_CHECKING:
    from dropviz.studies.run_cells import StudyProgress

Shell = Any

_NEEDS_EXECUTOR = "--executor needs a concurrent.futures.Executor."
_SHARED = ("seeds", "task", "units", "epochs", "engine", "results")


def compare_from_line(shell: Shell, given: Namespace, name: str | None) -> Any:
    """Compares what a line asks for.

    Args:
        shell: The IPython shell.
        given: The flags.
        name: What to keep the comparison under, or None.

    Returns:
        The comparison; None where it is kept under a name and has been shown.
    """
    __tracebackhide__ = True
    if not given.methods:
        raise DropvizError(
            "%lstm_compare needs settings to compare. Received: none. Try none keras moon."
        )
    from dropviz.core.checks import check_rate

    rates: dict[str, Any] = {name: check_rate(name, getattr(given, name)) for name in RATES}
    from dropviz.studies.compare import compare

    return _kept(shell, name, given, partial(compare, given.methods, **rates))


def sweep_from_line(shell: Shell, given: Namespace, name: str | None) -> Any:
    """Sweeps over what a line asks for; arguments and result as of ``compare_from_line``."""
    __tracebackhide__ = True
    from dropviz.studies.sweep import sweep

    asked = {
        key: value
        for key in ("dropout", "recurrent_dropout", "method")
        if (value := getattr(given, key)) is not None
    }
    return _kept(shell, name, given, partial(sweep, **asked), LiveMap().html)


def _kept(
    shell: Shell,
    name: str | None,
    given: Namespace,
    study: Callable[..., Any],
    picture: Callable[[StudyProgress], str] = lambda _: "",
) -> Any:
    __tracebackhide__ = True
    from dropviz.jupyter.progress_view import ProgressView

    how = {key: value for key in _SHARED if (value := getattr(given, key)) is not None}
    if given.executor is not None:
        how["executor"] = value_of(shell, given.executor, _NEEDS_EXECUTOR, "Leave it out.")
    view = ProgressView()
    heard: list[StudyProgress] = []  # the last alone

    def listen(progress: StudyProgress) -> None:
        heard[:] = [progress]
        view.say_at_times(progress.sentence, lambda: picture(progress))

    try:
        found = study(listener=listen, **how)
    except KeyboardInterrupt:
        stopped = _stopped(heard, given.results)
        view.close(stopped)
        raise StoppedError(stopped) from None
    except DropvizError:
        view.close("the study ended with an error")
        raise
    view.close(heard[0].sentence if heard else "")
    if name is None:
        return found
    shell.user_ns[name] = found
    display(found)
    return None


def _stopped(heard: Sequence[StudyProgress], results: str | None) -> str:
    """What an interrupt leaves to say, of what was heard last."""
    if not any(progress.done for progress in heard):
        return "stopped before anything was trained"
    kept = f"kept in {results}" if results else "nothing was kept"
    return f"stopped after {heard[-1].so_far}; {kept}"
