"""The magics of studies: `%lstm_compare` and `%lstm_sweep`."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from dropviz.jupyter.ipython_inside import forbid_abbreviated_flags
from dropviz.jupyter.line_arguments import checked_name, parsed, whole_number


def _study_arguments(*, seeds: int) -> Any:
    """Gives a magic the flags that all studies have."""

    def decorate(magic: Any) -> Any:
        for flag, said in (
            ("--seeds", f"seeds of each setting, {seeds} unless given"),
            ("--units", "LSTM units, 32 unless given"),
            ("--epochs", "epochs, 10 unless given"),
        ):
            magic = argument(flag, type=whole_number, help=said)(magic)
        for flag, said in (
            ("--task", "data to train on, digits unless given"),
            ("--engine", "exact (to the bit plain Keras, the default) or xla (faster)"),
            ("--results", "a file that keeps each result at once"),
            ("--executor", "a name or expression: what runs the trainings, as one of Dask"),
            ("--into", "keep the study under this name"),
        ):
            magic = argument(flag, help=said)(magic)
        return magic

    return decorate


@magics_class
class StudyMagics(Magics):
    """The magics that train many times."""

    @magic_arguments()
    @argument(
        "methods", nargs="*", help="none, a method, or a scenario; the first is compared with"
    )
    @argument("-d", "--dropout", default=0.25, metavar="RATE", help="rate for x_t")
    @argument("-r", "--recurrent-dropout", default=0.25, metavar="RATE", help="the other rate")
    @_study_arguments(seeds=5)
    @line_magic
    def lstm_compare(self, line: str) -> Any:
        """Train settings with the same seeds, and say what may be said of their differences.

        %lstm_compare none keras moon semeniuta -d .25 -r .25 --task digits --seeds 5

        Others are compared with the first, seed by seed. Interrupt the kernel to stop; with
        --results FILE what was done is kept, and the same line goes on from there.
        """
        __tracebackhide__ = True
        from dropviz.jupyter.magic_studies import compare_from_line

        given = parsed(self.lstm_compare, line)
        return compare_from_line(self.shell, given, checked_name(given))

    @magic_arguments()
    @argument("-d", "--dropout", nargs="+", metavar="RATE", help="rates for x_t")
    @argument("-r", "--recurrent-dropout", nargs="+", metavar="RATE", help="other rates")
    @argument("--method", help="where dropout acts, keras unless given")
    @_study_arguments(seeds=3)
    @line_magic
    def lstm_sweep(self, line: str) -> Any:
        """Train a grid of rates with several seeds: a rate map, and what can be told from it.

        %lstm_sweep -d 0 .25 .5 -r 0 .25 .5 --task digits --epochs 5 --seeds 3

        Interrupt the kernel to stop; with --results FILE what was done is kept, and the same
        line goes on from there.
        """
        __tracebackhide__ = True
        from dropviz.jupyter.magic_studies import sweep_from_line

        given = parsed(self.lstm_sweep, line)
        return sweep_from_line(self.shell, given, checked_name(given))


for _magic in (StudyMagics.lstm_compare, StudyMagics.lstm_sweep):
    forbid_abbreviated_flags(_magic)
