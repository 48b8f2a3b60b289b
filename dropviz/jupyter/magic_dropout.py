"""What ``%lstm_dropout`` and ``%%lstm_dropout`` do: train or watch, and report."""

from __future__ import annotations

import time
import weakref
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dropviz.core.method_options import OPTIONS, RATES
from dropviz.errors import DropvizError, StoppedError
from dropviz.keras_inside import interrupts

if TYPE_CHECKING:
    from dropviz.core.run_file import Status

Shell = Any
_Stops = (KeyboardInterrupt, SystemError)

LINE_ONLY = ("task", "method", "units", "epochs", "seed", *OPTIONS, "scenario")


_NOTHING = "stopped before anything ran"


class Kept:
    """The run of a magic, once there is one, under the name that a person gave."""

    def __init__(self, shell: Shell, nothing: str) -> None:
        self._shell = shell
        self._nothing = nothing
        self._name: str | None = None
        self.run: Any = None

    def keep(self, run: Any, name: str | None) -> None:
        """Keeps a run."""
        self.run, self._name = run, name
        if name is not None:
            self._shell.user_ns[name] = run

    def stop(self) -> StoppedError:
        """Makes the run one that was interrupted, after its training.

        Returns:
            What says so.
        """
        if self.run is None:
            return StoppedError(self._nothing)
        from dropviz.studies.train import interrupted, stopped

        self.keep(interrupted(self.run, "while it was reported"), self._name)
        return stopped(self.run)


def stoppable(shell: Shell, work: Callable[[Kept], Any], nothing: str = _NOTHING) -> Any:
    """Does the work of a magic so that an interrupt, at whatever moment, leaves it whole.

    Args:
        shell: The IPython shell.
        work: The work; what it keeps, an interrupt finds.
        nothing: What an interrupt leaves to say where nothing is kept.

    Returns:
        What the work returns.

    Raises:
        StoppedError: If it was interrupted; one line for the notebook.
    """
    __tracebackhide__ = True
    kept = Kept(shell, nothing)
    try:
        with interrupts.minded():
            return work(kept)
    except KeyboardInterrupt as error:
        if hasattr(error, "_render_traceback_"):
            raise
        raise kept.stop() from None


def train_from_line(given: Namespace, kept: Kept) -> Any:
    """Trains what the flags of a line ask for.

    Args:
        given: The flags.
        kept: Where the run is kept.

    Returns:
        The run; None where it is kept under a name and has been shown.
    """
    __tracebackhide__ = True
    from dropviz.core.scenario_string import parse
    from dropviz.core.spec import RunSpec

    names = [name for name in (*LINE_ONLY, *RATES) if name != "scenario"]
    asked = {name: value for name in names if (value := getattr(given, name)) is not None}
    spec = replace(parse(given.scenario).spec if given.scenario else RunSpec(), **asked)
    spec.check_task()
    view = _view()
    from dropviz.core.tasks import load_task
    from dropviz.studies.train import train

    try:
        run = train(spec, load_task(spec.task), view)
    except StoppedError as stop:
        kept.keep(stop.run, given.into)
        _report(view, stop.run)
        raise
    kept.keep(run, given.into)
    if given.into is None:
        view.close(run.title)
        return run
    _report(view, run)
    return None


def record_cell(shell: Shell, given: Namespace, cell: str, kept: Kept) -> None:
    """Runs a cell, records what trains in it, and reports.

    Args:
        shell: The IPython shell.
        given: The flags.
        cell: The text of the cell.
        kept: Where the run is kept.
    """
    __tracebackhide__ = True
    from dropviz.core.checks import check_rate

    _check_flags(given)
    rates = {
        name: check_rate(name, value)
        for name in RATES
        if (value := getattr(given, name)) is not None
    }
    view = _view()
    from dropviz.core.runs import Run
    from dropviz.jupyter.child_processes import ChildProcesses
    from dropviz.jupyter.run_cell import run_cell
    from dropviz.studies.train import stopped
    from dropviz.studies.watch import watch_everything

    began, children = time.perf_counter(), ChildProcesses()
    with watch_everything(**rates, listener=view) as watched:
        interrupts.safe_point()  # nothing of the cell has run
        error = run_cell(shell, cell)
    run = Run(
        spec=None,
        curves=watched.curves,
        recording=watched.recording,
        status=_status(error),
        seconds=time.perf_counter() - began,
        code=cell,
        reason=_remarks(watched, rates) or ("" if watched.recording else children.remark),
        model=watched.model,
        models=watched.models if len(watched.models) > 1 else (),
    )
    kept.keep(run, given.into)
    if not error:  # whatever a proof may raise, what was recorded is kept by now
        run = replace(run, proof=watched.proof())
        kept.keep(run, given.into)
    if run.status == "failed":
        view.close("the cell ended with an error")
    elif run.status == "done" or watched.fitted or run.recording:
        _report(view, run)
        # What an interrupt became on its way through C says nothing to anybody.
        if run.status == "stopped" and isinstance(error, _Stops):
            raise stopped(run)
    if error:
        raise error
    if run.status == "stopped":
        raise stopped(run)


def _check_flags(given: Namespace) -> None:
    line_only = [
        name if name == "scenario" else f"--{name.replace('_', '-')}"
        for name in LINE_ONLY
        if getattr(given, name) is not None
    ]
    if line_only:
        have, them = ("has", "it") if len(line_only) == 1 else ("have", "them")
        raise DropvizError(
            f"%%lstm_dropout runs the model in the cell, so {', '.join(line_only)} {have} nothing "
            f"to set. Leave {them} out, or use %lstm_dropout, on a line of its own, without a cell."
        )


def _status(error: BaseException | None) -> Status:
    """How a cell ended; TensorFlow may have made an error of its own of an interrupt."""
    if error is None:
        return "stopped" if interrupts.taken() else "done"
    stops = isinstance(error, KeyboardInterrupt) or interrupts.acted()
    return "stopped" if stops else "failed"


def _remarks(watched: Any, rates: dict[str, float]) -> str:
    site = {"dropout": "input", "recurrent_dropout": "recurrent"}
    names = {
        layer.layer
        for name, rate in rates.items()
        for layer in watched.recording.values()
        if layer.kind == "LSTM" and layer.get(site[name]) and layer[site[name]].rate != rate
    }
    remarks = _other_rates(sorted(names), watched.layers(), watched.built)
    others = sorted(
        each.layer
        for each in watched.recording.values()
        if each.is_recurrent and each.kind != "LSTM"
    )
    if rates and others:
        remarks.append(
            f"-d and -r set the rates of LSTM layers alone; {', '.join(others)} kept "
            f"{'its' if len(others) == 1 else 'their'} own."
        )
    return " ".join(remarks)


def _other_rates(
    names: Sequence[str], layers: Mapping[str, Any], built: Sequence[weakref.ref[Any]]
) -> list[str]:
    """Why some layers dropped at other rates than those of the line, as far as is known."""
    given = {id(cell) for reference in built if (cell := reference()) is not None}
    there = {name: _cell(layers[name], name) for name in names if name in layers}
    changed = [name for name, cell in there.items() if id(cell) in given]
    before = [name for name in there if name not in changed]
    gone = [name for name in names if name not in there]
    remarks = []
    if before:
        were, their = ("was", "its") if len(before) == 1 else ("were", "their")
        remarks.append(
            f"{', '.join(before)} {were} built before this cell and kept {their} own rates; "
            "build the model in the cell for -d and -r to act."
        )
    if changed:
        they = "it was" if len(changed) == 1 else "they were"
        remarks.append(
            f"{', '.join(changed)} did not drop at the rates of -d and -r: code changed them "
            f"after {they} built."
        )
    if gone:
        remarks.append(f"{', '.join(gone)} did not drop at the rates of -d and -r.")
    return remarks


def _cell(layer: Any, path: str) -> Any:
    """The cell of a layer that has a path in the recording."""
    from dropviz.recording.find_layers import cells

    found = cells(layer, path.rpartition("/")[0])
    return next((cell for name, cell in found if name == path), found[0][1])


def _view() -> Any:
    from dropviz.jupyter.progress_view import ProgressView
    from dropviz.keras_inside.choose_backend import choose_backend
    from dropviz.keras_inside.start_keras import check, loaded, ready

    check()
    view = ProgressView()
    if not loaded():
        view.say(f"loading Keras and {choose_backend().title} (some seconds, once a session) ...")
        ready()
    import dropviz.figures
    import dropviz.studies.train  # noqa: F401

    if interrupts.taken():
        view.close(_NOTHING)
        raise StoppedError(_NOTHING)
    return view


def _report(view: Any, run: Any) -> None:
    from dropviz.jupyter.report import report

    view.close(f"{run.status}: {run.seconds:.1f} s")
    report(run)
