"""The magics: `%lstm_dropout` and `%%lstm_dropout`."""

from __future__ import annotations

import difflib
import keyword
import time
from argparse import Namespace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from dropviz.errors import DropvizError

Shell = Any

_LINE_ONLY = (
    *("task", "method", "units", "epochs", "seed"),
    *("life", "scaling", "zoneout_cell", "zoneout_hidden"),
)


@magics_class
class DropvizMagics(Magics):
    """The magics that ``%load_ext dropviz`` defines."""

    @magic_arguments()
    @argument("-d", "--dropout", metavar="RATE", help="drop rate for the inputs x_t, 0 <= RATE < 1")
    @argument(
        "-r",
        "--recurrent-dropout",
        metavar="RATE",
        help="drop rate for the recurrent h_(t-1), or the method's other site, 0 <= RATE < 1",
    )
    @argument("--into", metavar="NAME", help="keep the run under this name")
    @argument("--task", help="(line only) data to train on: digits, temporal-order")
    @argument("--method", help="(line only) where dropout acts: keras, gal-tied, moon, ...")
    @argument("--units", type=int, help="(line only) LSTM units, 32 unless given")
    @argument("--epochs", type=int, help="(line only) epochs, 10 unless given")
    @argument("--seed", type=int, help="(line only) seed, 7 unless given")
    @argument("--life", help="(line only; moon, semeniuta) step or sequence")
    @argument("--scaling", help="(line only; moon, semeniuta) inverted or test-time")
    @argument("--zoneout-cell", metavar="RATE", help="(line only) rate at which zoneout keeps c")
    @argument("--zoneout-hidden", metavar="RATE", help="(line only) rate at which it keeps h")
    @line_cell_magic
    def lstm_dropout(self, line: str, cell: str | None = None) -> Any:
        """Show where dropout and recurrent_dropout act while an LSTM trains.

        As a line it trains a real Keras LSTM on real data and returns the run::

            %lstm_dropout -d .2 -r .5 --task digits --into run
            run.figure("where")

        On top of a cell it runs the cell as it is and records every Keras recurrent
        layer that trains in it; -d and -r, where given, set the rates of every LSTM
        that the cell builds::

            %%lstm_dropout -d .3 --into run
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(10)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=5)

        Rates may come from variables: -d $rate. Interrupt the kernel to stop; what was
        recorded until then is kept.
        """
        given = _parse(self.lstm_dropout, line)
        name = given.into
        if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
            raise DropvizError(
                f"--into needs a name to keep the run under. Received: {given.into!r}. Try run."
            )
        if cell is None:
            return _train(self.shell, given)
        return _watch(self.shell, given, cell)

    @magic_arguments()
    @argument("--seed", type=int, default=0, help="where the experiment's random streams begin")
    @argument("layer", nargs="*", help="a layer or model, by name or expression")
    @line_magic
    def lstm_explain(self, line: str) -> None:
        """Find out by experiment where a layer drops, and which method that is.

        Without a name it explains ``keras.layers.LSTM(16, dropout=0.5,
        recurrent_dropout=0.5)``, and so the installed Keras::

            %lstm_explain
            %lstm_explain model.layers[0]

        The layer comes back with its weights, states and random stream as they were.
        """
        from dropviz.jupyter.explaining import explain

        given = _parse(self.lstm_explain, line)
        explain(self.shell, " ".join(given.layer), given.seed)

    @line_magic
    def lstm_traps(self, line: str) -> Any:
        """Run behaviours of Keras that surprise people, all of them or those named.

        %lstm_traps
        %lstm_traps rate-one masks-at-inference
        """
        from dropviz.layers.ready import ready

        ready()
        from dropviz.layers.traps import traps

        return traps(*line.split())


# Prefixes of flags would change their meaning with every new flag.
DropvizMagics.lstm_dropout.parser.allow_abbrev = False
DropvizMagics.lstm_explain.parser.allow_abbrev = False


def _parse(magic: Any, line: str) -> Namespace:
    name = magic.__name__
    try:
        given: Namespace = parse_argstring(magic, line.rstrip("; "))
    except (UsageError, ValueError) as error:  # ValueError: a quotation without its end
        hint = _nearest(magic, line) or f"See %{name}? for an example."
        raise DropvizError(f"%{name}: {error}. {hint}") from None
    return given


def _nearest(magic: Any, line: str) -> str:
    flags = _flags(magic)
    wrong = next((w for w in line.split() if w.startswith("--") and w not in flags), "")
    if not wrong:
        return ""
    near = [flag for flag in flags if flag.startswith(wrong)]
    near += difflib.get_close_matches(wrong, flags, n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _flags(magic: Any) -> list[str]:
    actions = magic.parser._actions
    return [flag for action in actions for flag in action.option_strings]


def _train(shell: Shell, given: Namespace) -> Any:
    from dropviz.core.spec import RunSpec

    names = [*_LINE_ONLY, "dropout", "recurrent_dropout"]
    asked = {name: value for name in names if (value := getattr(given, name)) is not None}
    spec = RunSpec(**asked)
    spec.check_task()
    view = _view()
    from dropviz.core.tasks import load_task
    from dropviz.errors import StoppedError
    from dropviz.studies.train import train

    try:
        run = train(spec, load_task(spec.task), view)
    except StoppedError as stop:
        _finish(shell, given, view, stop.run)
        raise
    if given.into is None:
        view.close(run.title)
        return run
    _finish(shell, given, view, run)
    return None


def _watch(shell: Shell, given: Namespace, cell: str) -> None:
    from dropviz.core.checks import check_rate

    line_only = [
        f"--{name.replace('_', '-')}" for name in _LINE_ONLY if getattr(given, name) is not None
    ]
    if line_only:
        have, them = ("has", "it") if len(line_only) == 1 else ("have", "them")
        raise DropvizError(
            f"%%lstm_dropout runs the model in the cell, so {', '.join(line_only)} {have} nothing "
            f"to set. Leave {them} out, or use %lstm_dropout, on a line of its own, without a cell."
        )
    rates = {
        name: check_rate(name, value)
        for name in ("dropout", "recurrent_dropout")
        if (value := getattr(given, name)) is not None
    }
    view = _view()
    from dropviz.core.runs import Run
    from dropviz.jupyter.cell import run_cell
    from dropviz.studies.train import stopped
    from dropviz.studies.watch import watch_everything

    began = time.perf_counter()
    with watch_everything(**rates, listener=view) as watched:
        error = run_cell(shell, cell)
    interrupted = isinstance(error, KeyboardInterrupt)
    run = Run(
        spec=None,
        curves=watched.curves,
        recording=watched.recording,
        status="stopped" if interrupted else "failed" if error else "done",
        seconds=time.perf_counter() - began,
        code=cell,
        reason=_remarks(watched, rates),
        proof={} if error else watched.proof(),
        model=watched.models[-1] if watched.models else None,
    )
    if error and not interrupted:
        view.close("the cell ended with an error")
        _keep(shell, given, run)
        raise error
    if not interrupted or run.recording:
        _finish(shell, given, view, run)
    if interrupted and run.recording:
        raise stopped(run)
    if error:
        raise error


def _remarks(watched: Any, rates: dict[str, float]) -> str:
    remarks = []
    if len(watched.models) > 1:
        remarks.append(
            f"{len(watched.models)} models were fitted; the curves are those of the last, "
            f"{watched.models[-1].name!r}."
        )
    site = {"dropout": "input", "recurrent_dropout": "recurrent"}
    kept = {
        layer.layer
        for name, rate in rates.items()
        for layer in watched.recording.values()
        if layer.kind == "LSTM" and layer.get(site[name]) and layer[site[name]].rate != rate
    }
    if kept:
        remarks.append(
            f"{', '.join(sorted(kept))} was built before this cell and kept its own rates; "
            "build the model in the cell for -d and -r to act."
        )
    return " ".join(remarks)


def _view() -> Any:
    from dropviz.jupyter.live import LiveView
    from dropviz.layers.ready import check, loaded, ready

    check()
    view = LiveView()
    if not loaded():
        view.say("loading Keras and TensorFlow (some seconds, once a session) ...")
        ready()
    import dropviz.figures
    import dropviz.studies.train  # noqa: F401

    return view


def _finish(shell: Shell, given: Namespace, view: Any, run: Any) -> None:
    from dropviz.jupyter.report import report

    view.close(f"{run.status}: {run.seconds:.1f} s")
    _keep(shell, given, run)
    report(run)


def _keep(shell: Shell, given: Namespace, run: Any) -> None:
    if given.into is not None:
        shell.user_ns[given.into] = run


_loaded: dict[int, DropvizMagics] = {}


def load(shell: Shell) -> None:
    """Defines the magics in a shell.

    Args:
        shell: The IPython shell.
    """
    magics = DropvizMagics(shell)
    _loaded[id(shell)] = magics
    shell.register_magics(magics)


def unload(shell: Shell) -> None:
    """Takes the magics away from a shell, unless somebody has put others in their place.

    IPython has no call for it, so their names are taken out of its table.

    Args:
        shell: The IPython shell.
    """
    magics = _loaded.pop(id(shell), None)
    if magics is None:
        return
    manager = shell.magics_manager
    for table in manager.magics.values():
        for name in [n for n, f in table.items() if getattr(f, "__self__", None) is magics]:
            del table[name]
    if manager.registry.get(type(magics).__name__) is magics:
        del manager.registry[type(magics).__name__]
    if magics in shell.configurables:
        shell.configurables.remove(magics)
