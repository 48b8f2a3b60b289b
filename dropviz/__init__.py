"""See where dropout and recurrent_dropout act in a real Keras LSTM.

In a notebook: ``%load_ext dropviz``, then ``%%lstm_dropout`` on top of a cell that
trains. Importing this package imports nothing but the standard library; each public
name loads what it needs when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dropviz.core import display_registry as _display_registry

if TYPE_CHECKING:
    from dropviz.checkup.doctor import doctor
    from dropviz.core.runs import load
    from dropviz.core.task import Task
    from dropviz.errors import DropvizError
    from dropviz.experiment.explain import explain
    from dropviz.jupyter.lab.lab import lab
    from dropviz.jupyter.predict import predict
    from dropviz.methods.lstm import LSTM
    from dropviz.recording.record import record
    from dropviz.recording.redraw import redraw
    from dropviz.recording.trace import trace
    from dropviz.studies.compare import compare
    from dropviz.studies.measure_doubt import doubt_card
    from dropviz.studies.monte_carlo import mc
    from dropviz.studies.sweep import sweep
    from dropviz.studies.train import run
    from dropviz.traps.run import traps

__version__ = "0.2.0"
__all__ = [
    "LSTM",
    "DropvizError",
    "Task",
    "compare",
    "doctor",
    "doubt_card",
    "explain",
    "lab",
    "load",
    "mc",
    "predict",
    "record",
    "redraw",
    "run",
    "sweep",
    "trace",
    "traps",
]

# What draws and shows results: light modules, imported when somebody looks at one.
_display_registry.PROVIDERS[:] = ["dropviz.figures", "dropviz.jupyter"]

# The room "traps" has the name of a public function. Loaded here, before anybody asks, it
# leaves the name: a package sets it on the one above it only when it is loaded. (Not when
# this module is loaded again, as %reload_ext does.)
import_module("dropviz.traps")
globals().pop("traps", None)

_HOMES = {
    "LSTM": "dropviz.methods.lstm",
    "DropvizError": "dropviz.errors",
    "Task": "dropviz.core.task",
    "compare": "dropviz.studies.compare",
    "doctor": "dropviz.checkup.doctor",
    "doubt_card": "dropviz.studies.measure_doubt",
    "explain": "dropviz.experiment.explain",
    "lab": "dropviz.jupyter.lab.lab",
    "load": "dropviz.core.runs",
    "mc": "dropviz.studies.monte_carlo",
    "predict": "dropviz.jupyter.predict",
    "record": "dropviz.recording.record",
    "redraw": "dropviz.recording.redraw",
    "run": "dropviz.studies.train",
    "sweep": "dropviz.studies.sweep",
    "trace": "dropviz.recording.trace",
    "traps": "dropviz.traps.run",
}


def __getattr__(name: str) -> Any:
    __tracebackhide__ = True  # IPython's word for frames that are not the user's
    if name not in _HOMES:
        raise AttributeError(f"module 'dropviz' has no attribute {name!r}")
    home = _HOMES[name]
    # An import that is interrupted is not made good by a second one.
    with import_module("dropviz.keras_inside.interrupts").minded():
        if home.split(".")[1] in ("methods", "recording", "experiment", "traps", "studies"):
            start = import_module("dropviz.keras_inside.start_keras")
            # What trains in other processes alone needs no Keras in this one.
            (start.check if name in ("compare", "sweep") else start.ready)()
        return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def load_ipython_extension(shell: Any) -> None:
    """Runs at ``%load_ext dropviz``: defines the magics."""
    from dropviz.jupyter.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Runs at ``%unload_ext dropviz``: takes the magics away again."""
    from dropviz.jupyter.magics import unload

    unload(shell)
