"""Where higher floors leave what a result shows, so that core need not know them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from dropviz.errors import is_known, unknown_name

_Entry = TypeVar("_Entry")

# Modules that fill the tables below when they are imported; the package itself names them, so
# that core knows no floor above it. None is imported before somebody looks.
PROVIDERS: list[str] = []

# Name of a figure -> what draws it from a run; and by class those of other results.
# dropviz.figures fills both in.
FIGURES: dict[str, Callable[[Any], Any]] = {}
FIGURES_OF: dict[type, dict[str, Callable[[Any], Any]]] = {}

# A class -> what shows an object of it in a notebook; dropviz.jupyter fills both in. Where one
# output holds all of it, its forms by MIME type are enough.
DISPLAY: dict[type, Callable[[Any], None]] = {}
BUNDLES: dict[type, Callable[[Any], dict[str, str]]] = {}

# A class -> what makes a page of an object of it, whole HTML; dropviz.jupyter fills it in.
PAGES: dict[type, Callable[[Any], str]] = {}


def draw_figure(name: str, result: Any) -> Any:
    """Draws a picture of a result.

    Args:
        name: A key of the table of the result's class.
        result: An object of a class in ``FIGURES_OF``, or of one that inherits from it.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        UnknownNameError: If there is no such picture.
    """
    table = _nearest(FIGURES_OF, result)
    if not is_known(name, table):
        raise unknown_name("figure", name, table)
    return table[name](result)


def display(result: object) -> None:
    """Shows a result in a notebook, as the nearest of its classes is shown.

    Args:
        result: An object of a class in ``DISPLAY``, or of one that inherits from it.

    Raises:
        NotImplementedError: If nobody has said how; IPython then shows it as text.
    """
    _nearest(DISPLAY, result)(result)


def mime_bundle(result: object) -> dict[str, str]:
    """The forms of a result by MIME type, for IPython's ``_repr_mimebundle_``.

    Args:
        result: An object of a class in ``BUNDLES``, or of one that inherits from it.

    Returns:
        As IPython's ``display`` takes them.

    Raises:
        NotImplementedError: If nobody has said which; IPython then shows it as text.
    """
    return _nearest(BUNDLES, result)(result)


def html_page(result: object) -> str:
    """A result as one page of HTML that needs nothing else.

    Args:
        result: An object of a class in ``PAGES``, or of one that inherits from it.
    """
    return _nearest(PAGES, result)(result)


def _fill() -> None:
    for name in PROVIDERS:
        import_module(name)


def _nearest(table: dict[type, _Entry], result: object) -> _Entry:
    """What a table has for the nearest of a result's classes."""
    _fill()
    for each in type(result).__mro__:
        if each in table:
            return table[each]
    raise NotImplementedError
