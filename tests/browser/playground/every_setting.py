"""Every method with every choice of its options, for the proofs of the page's engine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError

SAMPLES, STEPS, FEATURES, UNITS, CLASSES = 3, 5, 4, 6, 3


def settings() -> Iterator[Setting]:
    """Every method with every choice of its options, both rates above 0 where it takes them."""
    for row in METHODS.values():
        choices = {name: (None, *OPTIONS[name].choices) for name in row.options}
        rates = {name: (None, 0.3) for name in row.options if not OPTIONS[name].choices}
        names = {**choices, **rates}
        for chosen in product(*names.values()):
            for recurrent in (0.4, 0.0):
                given: dict[str, Any] = dict(zip(names, chosen, strict=True))
                try:
                    yield Setting(row.name, 0.25, recurrent, **given)
                except DropvizError:
                    continue  # nothing is left for recurrent_dropout


def named(setting: Setting) -> str:
    options = [f"{name}={value}" for name, value in setting.given_options.items()]
    return "-".join([setting.method, f"r{setting.recurrent_dropout:g}", *options])


EVERY = list(settings())


def slow_cases() -> Iterator[Any]:
    """An engine and a setting where each takes seconds: in the browser one for each method."""
    met: set[str] = set()
    for setting in EVERY:
        if not (setting.recurrent_dropout or setting.method == "zaremba"):
            continue
        yield pytest.param("node", setting, id=f"node-{named(setting)}")
        if setting.method not in met:
            met.add(setting.method)
            marks = pytest.mark.browser
            yield pytest.param("chromium", setting, id=f"chromium-{named(setting)}", marks=marks)
