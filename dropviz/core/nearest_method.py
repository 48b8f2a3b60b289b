"""Names the method of the table that comes nearest to what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS, Rule
from dropviz.core.setting import Setting
from dropviz.core.sites import place_of
from dropviz.core.verdict import SiteVerdict

_SOME = 0.5  # a rate to read the rules with; any would do
# How much a difference counts: where comes before how long, and that before how.
_SITE, _LIFE, _TYING, _OTHER = 8, 4, 2, 1


@dataclass(frozen=True)
class Named:
    """A method, and how far what was found is from it.

    Attributes:
        method: Its name.
        differences: In words; empty where nothing differs.
        cost: How far, in points.
    """

    method: str
    differences: tuple[str, ...]
    cost: int


def nearest(
    sites: Mapping[str, SiteVerdict], *, active: bool
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """Finds the method that comes nearest.

    Args:
        sites: What was found, by site.
        active: Whether anything is dropped at random at inference.

    Returns:
        Its name, None where nothing is masked; others that do the same at these rates;
        and the differences from it in words.
    """
    if not sites:
        return None, (), ()
    best: dict[str, Named] = {}
    for setting in _settings(sites):
        named = _compared(setting, sites, active=active)
        if setting.method not in best or named.cost < best[setting.method].cost:
            best[setting.method] = named
    order = list(METHODS)
    ranked = sorted(best.values(), key=lambda n: (n.cost, _idle(n, sites), order.index(n.method)))
    first = ranked[0]
    same = [n.method for n in ranked[1:] if not n.cost and not first.cost]
    return first.method, tuple(same), first.differences


def _idle(named: Named, sites: Mapping[str, SiteVerdict]) -> int:
    """Sites of a method where nothing was found: its rate there would be 0."""
    return sum(rule.site not in sites for rule in METHODS[named.method].rules)


def _settings(sites: Mapping[str, SiteVerdict]) -> Iterator[Setting]:
    """Every method with every option, with the rates that the found sites ask for."""
    for row in METHODS.values():
        arguments = {rule.argument for rule in row.rules if rule.site in sites}
        rates: dict[str, Any] = dict.fromkeys(arguments, _SOME)
        choices = {name: OPTIONS[name].choices for name in row.options if OPTIONS[name].choices}
        for chosen in product(*choices.values()):
            options: dict[str, Any] = dict(zip(choices, chosen, strict=True))
            yield Setting(row.name, **rates, **options)


def _compared(setting: Setting, sites: Mapping[str, SiteVerdict], *, active: bool) -> Named:
    rules = {rule.site: rule for rule in setting.rules}
    told: list[tuple[int, str]] = []
    if active:
        told.append((_OTHER, "it drops at inference too, where the method does not."))
    for site, found in sites.items():
        if site not in rules:
            told.append((_SITE, f"it masks {place_of(site)}, which the method does not."))
        else:
            told += _at(found, rules[site], setting)
    if not set(sites) & set(rules):
        lacking = [place_of(rule.site) for rule in METHODS[setting.method].rules]
        told.append((_SITE, f"it does not mask {' or '.join(lacking)}, where the method does."))
    return Named(setting.method, tuple(words for _, words in told), sum(c for c, _ in told))


def _at(found: SiteVerdict, rule: Rule, setting: Setting) -> Iterator[tuple[int, str]]:
    """Where one site differs from the rule for it."""
    at = f"at {place_of(found.site)},"
    its = "the method's at these rates" if setting.method == "keras" else "the method's"
    if found.life not in (rule.life, None):
        yield _LIFE, f"{at} a mask lives for one {found.life}; {its} for one {rule.life}."
    if rule.tying and found.tying not in (rule.tying, None, ""):
        yield _TYING, f"{at} masks are {found.tying} over the gates; {its} {rule.tying}."
    if found.missing:
        yield _TYING, f"{at} only the gates {' '.join(found.gates)} are masked; {its} all are."
    if found.scaling != rule.scaling:
        yield _OTHER, f"{at} {found.scaled}; the method has {_SCALED[rule.scaling]}."
    for words in _shared(found, rule):
        yield _TYING, f"{at} {words}"
    for note in found.notes:
        yield _OTHER, f"{at} {note}"


def _shared(found: SiteVerdict, rule: Rule) -> Iterator[str]:
    if rule.by_sample and found.same_over_samples:
        yield "all samples of a batch share a mask; in the method each has its own."
    if not rule.by_sample and found.same_over_samples is False:
        yield "each sample has a mask of its own; in the method all share one."
    if found.same_over_units:
        yield "a mask drops all units or none; in the method each by itself."
    if found.frozen:
        yield "the masks never change from call to call; the method draws anew."


_SCALED = {
    "inverted": "kept units times 1/(1-p) in training",
    "test-time": "all units times 1-p at inference",
    "expectation": "the mean of old and new at inference",
    "none": "no scaling",
}
