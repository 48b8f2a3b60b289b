"""What a study found, in a notebook: words, a table, and pictures."""

from __future__ import annotations

from IPython.display import display

from dropviz.core.comparison import Comparison
from dropviz.core.sweep_result import Sweep
from dropviz.jupyter import mime

_PICTURES = {Sweep: ("map", "margins"), Comparison: ("differences", "curves")}


def show_study(found: Sweep | Comparison) -> None:
    """Shows a sweep or a comparison.

    Args:
        found: What was found.
    """
    display(mime.words([found.title, found.table, *found.sentences]), raw=True)
    kind = Sweep if isinstance(found, Sweep) else Comparison
    for name in _PICTURES[kind]:
        mime.picture(found.figure(name))
