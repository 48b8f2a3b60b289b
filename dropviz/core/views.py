"""Where higher floors leave what a run shows, so that core need not know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dropviz.core.runs import Run

# Name of a figure -> what draws it from a run; dropviz.figures fills it in.
FIGURES: dict[str, Callable[[Run], Any]] = {}

# What shows a run in a notebook; dropviz.jupyter fills it in.
DISPLAY: list[Callable[[Run], None]] = []
