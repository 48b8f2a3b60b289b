"""A machine on which all is well, and others that differ in one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dropviz.checkup.front_end import FrontEnd
from dropviz.checkup.known_problems import Here
from dropviz.checkup.machine import Machine
from dropviz.checkup.versions import PACKAGES
from dropviz.keras_inside.choose_backend import Choice

_VERSIONS = dict.fromkeys(PACKAGES, "1.0") | {
    "keras": "3.15.1",
    "tensorflow": "2.21.0",
    "tensorflow-cpu": "",
    "ipywidgets": "8.1.9",
    "jupyterlab": "4.6.6",
}
HERE = Here(
    _VERSIONS, {}, FrontEnd.JUPYTER, Machine(2, 2, 8 * 2**30, None), Choice("tensorflow", "so said")
)


def changed(*, versions: dict[str, str] | None = None, **fields: Any) -> Here:
    """The same with some of it otherwise; of the versions, those that are named."""
    return replace(HERE, versions=_VERSIONS | (versions or {}), **fields)
