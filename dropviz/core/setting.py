"""A method with its rates and options, and whether they can act together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dropviz.core.checks import check_rate
from dropviz.core.methods import LIVES, METHODS, SCALINGS, VARIANTS, ZONES, Method, Rule
from dropviz.errors import DropvizError, unknown_name


@dataclass(frozen=True)
class Setting:
    """A method with its rates and options.

    Attributes:
        method: A key of ``METHODS``.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate of the method's other site, ``0 <= rate < 1``; with
            zoneout that of both updates.
        life: "step" or "sequence", for moon and semeniuta; None for the paper's.
        scaling: "inverted" or "test-time", for moon and semeniuta; None for the paper's.
        zoneout_cell: Rate at which zoneout keeps c; None for ``recurrent_dropout``.
        zoneout_hidden: Rate at which zoneout keeps h; None for ``recurrent_dropout``.

    Raises:
        DropvizError: If the method is unknown, a value is out of range, or the method
            and the rest cannot act together.
    """

    method: str = "keras"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    life: str | None = None
    scaling: str | None = None
    zoneout_cell: float | None = None
    zoneout_hidden: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.method, str) or self.method not in METHODS:
            raise unknown_name("method", self.method, METHODS)
        for name in ("dropout", "recurrent_dropout", *ZONES):
            if name not in ZONES or getattr(self, name) is not None:
                object.__setattr__(self, name, check_rate(name, getattr(self, name)))
        for name, known in (("life", LIVES), ("scaling", SCALINGS)):
            if getattr(self, name) is not None and getattr(self, name) not in known:
                raise DropvizError(
                    f"{name} must be {known[0]!r} or {known[1]!r}. "
                    f"Received: {name}={getattr(self, name)!r}."
                )
        self._check_options()
        self._check_recurrent()

    def _check_options(self) -> None:
        for name in (*VARIANTS, *ZONES):
            if getattr(self, name) is not None and name not in self.row.options:
                able = ", ".join(row.name for row in METHODS.values() if name in row.options)
                raise DropvizError(
                    f"Method {self.method!r} has no option {name}. Received: "
                    f"{name}={getattr(self, name)!r}. Methods that have it: {able}."
                )

    def _check_recurrent(self) -> None:
        if not self.recurrent_dropout:
            return
        if all(rule.argument == "dropout" for rule in self.row.rules):
            raise DropvizError(
                f"Method {self.method!r} masks the inputs only, so recurrent_dropout has "
                f"nothing to act on. Received: recurrent_dropout={self.recurrent_dropout!r}. "
                "Set it to 0, or choose another method."
            )
        if None not in (self.zoneout_cell, self.zoneout_hidden):
            raise DropvizError(
                "zoneout_cell and zoneout_hidden are both given, so recurrent_dropout has "
                f"nothing to act on. Received: recurrent_dropout={self.recurrent_dropout!r}. "
                "Leave one of the three out."
            )

    @property
    def row(self) -> Method:
        """The method's row in the table."""
        return METHODS[self.method]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What happens at each site, with the rates and options filled in."""
        return tuple(self._filled(rule) for rule in self.row.rules)

    def argument(self, rule: Rule) -> str:
        """The argument that gives a rule its rate here."""
        # zoneout's two rates are options: recurrent_dropout stands in for either.
        return rule.argument if getattr(self, rule.argument) is not None else "recurrent_dropout"

    def _filled(self, rule: Rule) -> Rule:
        rule = replace(rule, rate=getattr(self, self.argument(rule)))
        if rule.argument == "recurrent_dropout":
            life, scaling = self.life or rule.life, self.scaling or rule.scaling
            return replace(rule, life=life, scaling=scaling)
        # keras/src/layers/rnn/lstm.py: implementation 2 draws one input mask, and
        # recurrent_dropout forces implementation 1, which draws four.
        if self.method == "keras" and not self.recurrent_dropout:
            return replace(rule, tying="tied")
        return rule

    @property
    def arguments(self) -> dict[str, float | str]:
        """The arguments that differ from their defaults, by name, without the method."""
        rates = {name: getattr(self, name) for name in ("dropout", "recurrent_dropout")}
        options = {name: getattr(self, name) for name in (*VARIANTS, *ZONES)}
        given = {name: value for name, value in options.items() if value is not None}
        return {name: rate for name, rate in rates.items() if rate} | given
