"""A method with its rates and options, and whether they can act together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dropviz.core.checks import check_rate
from dropviz.core.method_options import OPTIONS, RATES, Option, Options
from dropviz.core.methods import METHODS, Method, Rule
from dropviz.core.sites import SITES
from dropviz.errors import DropvizError, is_known, received, unknown_name

_IDLE = "recurrent_dropout has nothing to act on. Received: recurrent_dropout={recurrent_dropout}."


@dataclass(frozen=True)
class Setting(Options):
    """A method with its rates and options.

    Attributes:
        method: A key of ``METHODS``.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate of the method's other site, ``0 <= rate < 1``; with
            zoneout that of both updates.

    The options are those of ``dropviz.core.method_options.Options``.

    Raises:
        DropvizError: If the method is unknown, a value is out of range, or the method
            and the rest cannot act together.
    """

    method: str = "keras"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0

    def __post_init__(self) -> None:
        if not is_known(self.method, METHODS):
            raise unknown_name("method", self.method, METHODS)
        for name in RATES:
            object.__setattr__(self, name, check_rate(name, getattr(self, name)))
        for name, value in self.given_options.items():
            object.__setattr__(self, name, _check_option(OPTIONS[name], value))
        self._check_options()
        self._check_recurrent()

    def _check_options(self) -> None:
        for name, value in self.given_options.items():
            if name not in self.row.options:
                able = ", ".join(row.name for row in METHODS.values() if name in row.options)
                raise DropvizError(
                    f"Method {self.method!r} has no option {name}. Received: "
                    f"{name}={received(value)}. Methods that have it: {able}."
                )

    def _check_recurrent(self) -> None:
        if self.recurrent_dropout and self.idle:
            raise DropvizError(self.idle.format(recurrent_dropout=self.recurrent_dropout))

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

    @property
    def idle(self) -> str:
        """Why ``recurrent_dropout`` has nothing to act on here; empty where it has.

        A sentence with "{recurrent_dropout}" for its rate: the page that needs no Python says it
        of a rate of its own.
        """
        if "recurrent_dropout" in map(self.argument, self.row.rules):
            return ""
        if all(rule.argument == "dropout" for rule in self.row.rules):
            return (
                f"Method {self.method!r} masks the inputs only, so {_IDLE} Set it to 0, or choose "
                "another method."
            )
        *most, last = (rule.argument for rule in self.row.rules if rule.argument in OPTIONS)
        return (
            f"{', '.join(most)} and {last} are both given, so {_IDLE} Leave one of the three out."
        )

    def argument_at(self, site: str) -> str:
        """The argument that gives a site its rate here; empty where nothing does."""
        own = SITES[site].argument if site in SITES else ""
        return next((self.argument(rule) for rule in self.row.rules if rule.site == site), own)

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
        rates = {name: getattr(self, name) for name in RATES}
        return {name: rate for name, rate in rates.items() if rate} | self.given_options


def _check_option(option: Option, value: object) -> float | str:
    if not option.choices:
        return check_rate(option.name, value)
    if is_known(value, option.choices):
        return str(value)
    listed = " or ".join(map(repr, option.choices))
    raise DropvizError(
        f"{option.name} must be {listed}. Received: {option.name}={received(value)}."
    )
