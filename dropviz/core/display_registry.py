"""Where higher floors leave what a result shows, so that core need not know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dropviz.core.runs import Run

# Name of a figure -> what draws it from a run; dropviz.figures fills it in.
FIGURES: dict[str, Callable[[Run], Any]] = {}

# Name of a class -> what shows an object of it in a notebook; dropviz.jupyter fills it in.
DISPLAY: dict[str, Callable[[Any], None]] = {}


def display(result: object) -> None:
    """Shows a result in a notebook.

    Args:
        result: An object of a class in ``DISPLAY``.

    Raises:
        NotImplementedError: If nobody has said how; IPython then shows it as text.
    """
    show = DISPLAY.get(type(result).__name__)
    if show is None:
        raise NotImplementedError
    show(result)
