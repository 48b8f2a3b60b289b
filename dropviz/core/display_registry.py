"""Where higher floors leave what a result shows, so that core need not know them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dropviz.errors import unknown_name

if TYPE_CHECKING:
    from dropviz.core.runs import Run

# Name of a figure -> what draws it from a run; dropviz.figures fills it in.
FIGURES: dict[str, Callable[[Run], Any]] = {}

# A class -> what shows an object of it in a notebook; dropviz.jupyter fills it in.
DISPLAY: dict[type, Callable[[Any], None]] = {}


def draw_figure(name: str, run: Run) -> Any:
    """Draws a picture of a run.

    Args:
        name: A key of ``FIGURES``.
        run: The run.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        UnknownNameError: If there is no such picture.
    """
    # Here and not where core is imported: the one way up, taken when somebody looks.
    import_module("dropviz.figures")
    if name not in FIGURES:
        raise unknown_name("figure", name, FIGURES)
    return FIGURES[name](run)


def display(result: object) -> None:
    """Shows a result in a notebook, as the nearest of its classes is shown.

    Args:
        result: An object of a class in ``DISPLAY``, or of one that inherits from it.

    Raises:
        NotImplementedError: If nobody has said how; IPython then shows it as text.
    """
    import_module("dropviz.jupyter")
    for each in type(result).__mro__:
        if each in DISPLAY:
            DISPLAY[each](result)
            return
    raise NotImplementedError
