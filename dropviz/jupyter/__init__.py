"""What a person touches: the only folder that knows IPython and ipywidgets."""

from __future__ import annotations

from dropviz.core.runs import Run
from dropviz.core.views import DISPLAY


def _show(run: Run) -> None:
    from dropviz.jupyter.report import report

    report(run)


# Named here and loaded when shown: matplotlib takes half a second to import.
if _show not in DISPLAY:
    DISPLAY.append(_show)
