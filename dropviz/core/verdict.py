"""A verdict: what the black-box experiment found, and which method comes nearest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dropviz.core.call_paths import word_paths
from dropviz.core.display_registry import display
from dropviz.core.masks import Array
from dropviz.core.methods import METHODS
from dropviz.core.sites import place_of
from dropviz.errors import is_known, unknown_name, visible

_AT_INFERENCE = {
    True: "Something is dropped at random at inference.",
    False: "Nothing drops at inference.",
    None: "Whether anything drops at inference could not be told.",
}


@dataclass(frozen=True, eq=False)
class SiteVerdict:
    """What was found at one site that is masked.

    That masks are one, as over gates, steps, samples or calls, is said where equal ones would be
    luck less than once in a million.

    Attributes:
        site: A key of ``dropviz.core.sites.SITES``.
        rate: Share of entries dropped, 0 to 1; NaN where it could not be told, as of noise.
        rate_interval: Where the rate lies with 99.99 % confidence (Wilson 1927, JASA 22, 209-212),
            from the independent draws seen; (0, 1) where nothing can be said.
        life: "step" or "sequence"; None where it cannot be told.
        tying: "tied" or "untied"; "" at a site that gates do not share; None where it
            cannot be told.
        scaling: "inverted" (``kept`` is 1/(1-rate)), "test-time" (``at_inference`` is 1-rate),
            "expectation" (the same, of zoneout), "none", or "other", as of noise.
        kept: What kept entries are multiplied with in training, a median; 1 where rounding alone
            may part it from 1.
        at_inference: What entries are multiplied with at inference, likewise.
        gates: The gates that see the masks, of i f g o or z r g; none at a site that gates do not
            share.
        missing: The gates that do not, where others do.
        same_over_samples: Whether all samples share a mask; None where it cannot be told, or
            where a batch is of one sample.
        same_over_units: Whether a mask drops all units at once or none; None where it
            cannot be told.
        frozen: Whether the masks are the same in every call; None where it cannot be told.
        notes: What else no method of the table does, in words.
        perhaps: Another site where the masks may as well be: nothing that was seen tells
            the two apart. Empty where that is told.
        reaches: Other sites where these masks act too.
        precision: How far multipliers may be off, as a share of them: the rounding of the layer's
            compute type.
        drops_at_inference: Whether entries are dropped at inference too; ``at_inference`` is what
            others are multiplied with then.
        seen: Shape (samples, entries), 16 of each at the most: a part of what was seen. 1 where
            dropped, 0 where kept, NaN where it was not told.
    """

    site: str
    rate: float
    rate_interval: tuple[float, float]
    life: str | None
    tying: str | None
    scaling: str
    kept: float
    at_inference: float
    gates: tuple[str, ...]
    missing: tuple[str, ...]
    same_over_samples: bool | None
    same_over_units: bool | None
    frozen: bool | None
    notes: tuple[str, ...] = ()
    perhaps: str = ""
    reaches: tuple[str, ...] = ()
    precision: float = 0.006
    drops_at_inference: bool = False
    seen: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    @property
    def sentence(self) -> str:
        """What was found at this site, in one line."""
        low, high = self.rate_interval
        rate = f"rate {self.rate:.3f} (between {low:.3f} and {high:.3f})"
        if math.isnan(self.rate):
            rate = "its rate could not be told"
        return f"{self.place}: {rate}; {self._manner}"

    @property
    def place(self) -> str:
        """Where it is, in plain words; both places where nothing tells them apart."""
        other = f" (or {place_of(self.perhaps)})" if self.perhaps else ""
        return place_of(self.site) + other

    @property
    def is_open(self) -> bool:
        """Whether something could not be told that parts one method from another."""
        return bool(self.perhaps) or None in (self.life, self.tying, self.frozen)

    @property
    def manner(self) -> str:
        """The sentence without the place and the rate, for where both are shown."""
        return self._manner[:1].upper() + self._manner[1:]

    @property
    def _manner(self) -> str:
        lives = {"step": "a new mask at each step", "sequence": "one mask a sequence"}
        ties = {"tied": "the same for all gates", "untied": "one for each gate"}
        parts = [lives[self.life]] if self.life else []
        parts += [ties[self.tying]] if self.tying else []
        parts += [f"only at the gates {' '.join(self.gates)}"] if self.missing else []
        samples = {True: "one for all samples", False: "one for each sample"}
        if self.same_over_samples is not None:
            parts.append(samples[self.same_over_samples])
        parts += ["all units at once"] if self.same_over_units else []
        calls = {True: "never drawn again", False: "drawn anew in each call"}
        parts += [calls[self.frozen]] if self.frozen is not None else []
        return f"{'; '.join([*parts, self.scaled])}."

    @property
    def reading(self) -> float:
        """The rate as the scaling tells it, to three digits; as counted without scaling."""
        told = {"inverted": 1 - 1 / (self.kept or 1), "test-time": 1 - self.at_inference}
        told["expectation"] = told["test-time"]
        return round(told.get(self.scaling, self.rate), 3)

    @property
    def scaled(self) -> str:
        """How kept and all entries are scaled, in words."""
        training = f"kept entries are multiplied by {self.kept:.3g} in training"
        # Where the compute type has fewer digits than are shown.
        close = f", to within {self.precision:.0%}" if self.precision >= 0.01 else ""  # noqa: PLR2004
        who = "those kept" if self.drops_at_inference else "all"
        return f"{training}, {who} by {self.at_inference:.3g} at inference{close}"


@dataclass(frozen=True, eq=False)
class Verdict:
    """What an experiment on a layer found.

    Attributes:
        layer: The layer's name; in a model its path.
        kind: "LSTM" or "GRU", as the shapes of its weights say.
        sites: What was found at each site that is masked, by keys of
            ``dropviz.core.sites.SITES``.
        active_at_inference: Whether anything is dropped at random at inference; None where
            something drops of which it could not be told where.
        method: The nearest method, a key of ``dropviz.core.methods.METHODS``, where its paper
            stands too; None where nothing is dropped, or it could not be told where.
        same_as: Other methods that do the same at these rates.
        differences: In words, where the layer differs from ``method``; empty where it
            is that method.
        doubts: What could not be told, and why.
        seconds: Wall time of the experiment.
        calls: How often the layer was run.
        paths: The ways that these runs went through the steps, keys of
            ``dropviz.core.call_paths.CALL_PATHS``; empty where that cannot be told.
        unplaced: Whether something is dropped of which it could not be told where.
    """

    layer: str
    kind: str
    sites: Mapping[str, SiteVerdict]
    active_at_inference: bool | None
    method: str | None
    same_as: tuple[str, ...]
    differences: tuple[str, ...]
    doubts: tuple[str, ...]
    seconds: float
    calls: int
    paths: tuple[str, ...] = ()
    unplaced: bool = False

    @property
    def title(self) -> str:
        """The verdict in one line."""
        name = visible(f"{self.layer} ({self.kind})")
        if self.method is None and self.doubts:
            return f"{name}: where it drops could not be told."
        if self.method is None:
            return f"{name}: nothing is dropped."
        row = METHODS[self.method]
        if self.differences:
            return f"{name} follows no known method. The nearest: {self.method}, {row.paper}."
        if self.is_open:
            others = f", or by {', '.join(self.same_as)}" if self.same_as else ""
            return (
                f"{name} may drop by the method {self.method}, {row.paper}{others}. "
                "Not all that decides it could be told."
            )
        also = ""
        if self.same_as:
            also = f". At these rates that is the same as {', '.join(self.same_as)}"
        return f"{name} drops by the method {self.method}, {row.paper}{also}."

    @property
    def is_open(self) -> bool:
        """Whether what could not be told decides if it is this method."""
        sites = self.sites.values()
        return not self.differences and (self.unplaced or any(site.is_open for site in sites))

    def argument_at(self, site: str) -> str:
        """The argument that gives a site its rate in the nearest method.

        Args:
            site: A key of ``dropviz.core.sites.SITES``.

        Returns:
            Its name, as "recurrent_dropout"; empty where the method does not mask the site.
        """
        rules = METHODS[self.method].rules if self.method else ()
        return next((rule.argument for rule in rules if rule.site == site), "")

    @property
    def lines(self) -> list[str]:
        """The verdict with its evidence, line by line."""
        return [self.title, *(site.sentence for site in self.sites.values()), *self.remarks]

    @property
    def remarks(self) -> list[str]:
        """What stands below the sites: differences, doubts, inference, how it was found."""
        lines = [f"Differs from {self.method}: {visible(words)}" for words in self.differences]
        lines += [f"Cannot tell: {visible(words)}" for words in self.doubts]
        lines.append(_AT_INFERENCE[self.active_at_inference])
        link = f" Paper: {METHODS[self.method].link}" if self.method else ""
        lines.append(f"Path of these runs: {word_paths(self.paths)}.")
        return [*lines, f"Found in {self.calls} runs, {self.seconds:.1f} s.{link}"]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _ipython_display_(self) -> None:
        display(self)


class Verdicts(Mapping[str, Verdict]):
    """Verdicts on the layers of a model, by name; a path for a nested layer.

    A name that is not there raises ``UnknownNameError``, which is a ``KeyError`` too.

    Attributes:
        refused: By name, why other recurrent layers have no verdict.
    """

    def __init__(
        self, verdicts: Mapping[str, Verdict], refused: Mapping[str, str] | None = None
    ) -> None:
        self._verdicts = dict(verdicts)
        self.refused = dict(refused or {})

    def __getitem__(self, layer: str) -> Verdict:
        if not is_known(layer, self._verdicts):
            raise unknown_name("explained layer", layer, self._verdicts)
        return self._verdicts[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._verdicts)

    def __len__(self) -> int:
        return len(self._verdicts)

    def __str__(self) -> str:
        told = [str(verdict) for verdict in self.values()]
        return "\n\n".join([*told, *not_explained(self.refused)])

    def _ipython_display_(self) -> None:
        display(self)


def not_explained(refused: Mapping[str, str]) -> list[str]:
    """Words which layers of a model have no verdict, a line each.

    Args:
        refused: The reasons by layer.
    """
    return [visible(f"{name}: not explained. {reason}") for name, reason in refused.items()]
