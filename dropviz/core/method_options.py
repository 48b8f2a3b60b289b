"""The table of options: what a method takes besides its two rates.

``Setting`` and ``RunSpec`` have a field for each; the scenario strings, the flags of
``%lstm_dropout``, the layers and the experiment read the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

RATES = ("dropout", "recurrent_dropout")


@dataclass(frozen=True)
class Option:
    """One option of a method.

    Attributes:
        name: The argument's name.
        key: How a scenario string writes it: ``key=value`` for a choice, ``key.5`` for a
            rate.
        help: What it does, for a line of help.
        choices: What it may be; none for a drop rate, ``0 <= rate < 1``.
    """

    name: str
    key: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """How a magic writes it."""
        return f"--{self.name.replace('_', '-')}"


_KEY = "option"


def _choice(name: str, *choices: str, help: str) -> Any:  # noqa: A002 (argparse's word)
    return field(default=None, metadata={_KEY: Option(name, name, help, choices)})


def _rate(name: str, key: str, help: str) -> Any:  # noqa: A002
    return field(default=None, metadata={_KEY: Option(name, key, help)})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of all methods; each is None where the paper's own applies.

    Attributes:
        life: "step" or "sequence", for moon and semeniuta.
        scaling: "inverted" or "test-time", for moon and semeniuta.
        zoneout_cell: Rate at which zoneout keeps c; None for ``recurrent_dropout``.
        zoneout_hidden: Rate at which zoneout keeps h; None for ``recurrent_dropout``.
    """

    life: str | None = _choice("life", "step", "sequence", help="step or sequence")
    scaling: str | None = _choice("scaling", "inverted", "test-time", help="inverted or test-time")
    zoneout_cell: float | None = _rate("zoneout_cell", "zc", "rate at which zoneout keeps c")
    zoneout_hidden: float | None = _rate("zoneout_hidden", "zh", "rate at which it keeps h")

    @property
    def options(self) -> dict[str, Any]:
        """Every option by name, None where it is not given."""
        return {name: getattr(self, name) for name in OPTIONS}

    @property
    def given_options(self) -> dict[str, Any]:
        """The options that are given, by name."""
        return {name: value for name, value in self.options.items() if value is not None}


OPTIONS: Mapping[str, Option] = {each.name: each.metadata[_KEY] for each in fields(Options)}
