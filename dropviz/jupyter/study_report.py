"""What a study found, in a notebook: words, a table, and pictures."""

from __future__ import annotations

from IPython.display import display

from dropviz.core.comparison import Comparison
from dropviz.core.sweep_result import Sweep
from dropviz.jupyter import mime

_OF_SWEEPS = ("map", "margins")


def show_study(found: Sweep | Comparison) -> None:
    """Shows a sweep or a comparison.

    Args:
        found: What was found.
    """
    display(mime.words([found.title, found.table, *found.sentences]), raw=True)
    for name in _OF_SWEEPS if isinstance(found, Sweep) else found.pictures:
        mime.picture(found.figure(name))
