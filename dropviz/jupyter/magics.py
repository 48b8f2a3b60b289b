"""The magics: `%lstm_dropout` and `%%lstm_dropout`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS
from dropviz.jupyter.ipython_inside import forbid_abbreviated_flags, remove_magics
from dropviz.jupyter.line_arguments import (
    checked_name,
    expression,
    parsed,
    scenario_of,
    whole_number,
    without_semicolon,
)
from dropviz.jupyter.magic_dropout import Kept, record_cell, stoppable, train_from_line
from dropviz.jupyter.study_magics import StudyMagics

Shell = Any


def _option_arguments(magic: Any) -> Any:
    """Gives a magic a flag for each option of the methods."""
    for option in reversed(list(OPTIONS.values())):
        able = ", ".join(row.name for row in METHODS.values() if option.name in row.options)
        metavar = None if option.choices else "RATE"
        said = f"(line only; {able}) {option.help}"
        magic = argument(option.flag, metavar=metavar, help=said)(magic)
    return magic


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
    @argument("--task", help="(line only) data to train on, digits unless given")
    @argument("--method", help="(line only) where dropout acts: keras, gal-tied, moon, ...")
    @argument("--units", type=whole_number, help="(line only) LSTM units, 32 unless given")
    @argument("--epochs", type=whole_number, help="(line only) epochs, 10 unless given")
    @argument("--seed", type=whole_number, help="(line only) seed, 7 unless given")
    @_option_arguments
    @line_cell_magic
    def lstm_dropout(self, line: str, cell: str | None = None) -> Any:
        """Show where dropout and recurrent_dropout act while an LSTM trains.

        As a line it trains a real Keras LSTM on real data and returns the run::

            %lstm_dropout -d .2 -r .5 --task digits --into run
            run.figure("where")

        A scenario, as the lab writes it, stands for all of these flags::

            %lstm_dropout lstm:u16:d.2:r.5:m=keras:task=digits:s7

        On top of a cell it runs the cell as it is and records every Keras recurrent
        layer that trains in it; -d and -r, where given, set the rates of every LSTM
        that the cell builds::

            %%lstm_dropout -d .3 --into run
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(10)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=5)

        Where several models train, as in a cross-validation, each has a line, and the report
        goes on with the last; run.of("sequential_2") shows another.

        Rates may come from variables: -d $rate. Interrupt the kernel to stop; what was
        recorded until then is kept.
        """
        __tracebackhide__ = True

        def work(kept: Kept) -> Any:
            __tracebackhide__ = True
            given = self._given(line)
            if cell is None:
                return train_from_line(given, kept)
            return record_cell(self.shell, given, cell, kept)

        return stoppable(self.shell, work)

    def _given(self, line: str) -> Namespace:
        """Reads the flags of ``lstm_dropout``."""
        scenario, rest = scenario_of(self.lstm_dropout, line)
        given = parsed(self.lstm_dropout, rest)
        given.scenario = scenario
        checked_name(given)
        return given

    @magic_arguments()
    @argument(
        "--seed", type=whole_number, default=0, help="where the experiment's random streams begin"
    )
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
        __tracebackhide__ = True
        from dropviz.jupyter.magic_explain import explain

        name, given = expression(self.lstm_explain, line)

        def work(_: Kept) -> None:
            __tracebackhide__ = True
            explain(self.shell, name, given.seed)

        stoppable(self.shell, work, "stopped before all was shown; layers are as they were")

    @magic_arguments()
    @argument("--hide", default="", help="controls to leave out, as in method,seed")
    @argument("--lock", default="", help="controls that cannot be moved, likewise")
    @argument("--student", default="", help="chooses the questions of the quiz")
    @argument("--into", metavar="NAME", help="keep the panel under this name")
    @argument("scenario", nargs="?", help="all settings in one, as in lstm:u16:d.2:r.5")
    @line_magic
    def lstm_lab(self, line: str) -> Any:
        """Open a panel of sliders that change dropout while a real LSTM trains.

        %lstm_lab
        %lstm_lab lstm:u16:d.2:r.5:m=keras:task=digits:e20:s7 --lock seed

        The sliders act from the next batch on. The panel shows where dropout acts, the
        masks, curves and gates, what it costs, and the code that does the same.
        """
        __tracebackhide__ = True
        from dropviz.jupyter.lab.lab import lab

        given = parsed(self.lstm_lab, line)
        name = checked_name(given)
        hide, lock = (_listed(each) for each in (given.hide, given.lock))
        panel = lab(given.scenario or None, hide=hide, lock=lock, student=given.student)
        shell: Shell = self.shell
        panel.show_in_line(shell)
        if name is None:
            return panel
        shell.user_ns[name] = panel
        return None

    @line_magic
    def lstm_traps(self, line: str) -> Any:
        """Run behaviours of Keras that surprise people, all of them or those named.

        %lstm_traps
        %lstm_traps rate-one masks-at-inference
        """
        __tracebackhide__ = True

        def work(_: Kept) -> Any:
            __tracebackhide__ = True
            from dropviz.keras_inside.start_keras import ready

            ready()
            from dropviz.traps.run import traps

            return traps(*without_semicolon(line).split())

        return stoppable(self.shell, work, "stopped before all traps were run")


for _magic in (DropvizMagics.lstm_dropout, DropvizMagics.lstm_explain, DropvizMagics.lstm_lab):
    forbid_abbreviated_flags(_magic)


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


_loaded: dict[int, tuple[Magics, ...]] = {}


def load(shell: Shell) -> None:
    """Defines the magics in a shell.

    Args:
        shell: The IPython shell.
    """
    _loaded[id(shell)] = magics = DropvizMagics(shell), StudyMagics(shell)
    shell.register_magics(*magics)


def unload(shell: Shell) -> None:
    """Takes the magics away from a shell, unless somebody has put others in their place.

    Args:
        shell: The IPython shell.
    """
    magics = _loaded.pop(id(shell), None)
    if magics is None:
        return
    opened = sys.modules.get("dropviz.jupyter.lab.lab")
    if opened is not None:
        opened.close_all()
    for each in magics:
        remove_magics(shell, each)
