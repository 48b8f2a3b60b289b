"""Names the method of the table that comes nearest to what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS, Rule
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES, place_of
from dropviz.core.verdict import SiteVerdict

_SOME = 0.5  # a rate to read the rules with; any would do

# How far apart, compared from the left: by site, how long a mask lives, tying, all else.
Cost = tuple[int, int, int, int]
_NOTHING: Cost = (0, 0, 0, 0)
_ELSEWHERE: Cost = (2, 0, 0, 0)
_BESIDE: Cost = (1, 0, 0, 0)
_LIFE: Cost = (0, 1, 0, 0)
_TYING: Cost = (0, 0, 1, 0)
_OTHER: Cost = (0, 0, 0, 1)


@dataclass(frozen=True)
class Named:
    """A method, and how far what was found is from it.

    Attributes:
        method: Its name.
        differences: In words; empty where nothing differs.
        cost: How far.
    """

    method: str
    differences: tuple[str, ...]
    cost: Cost


def nearest(
    sites: Mapping[str, SiteVerdict], *, active: bool
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """Finds the method that comes nearest: by site first, then by how long masks live.

    Args:
        sites: What was found, by site.
        active: Whether anything is dropped at random at inference.

    Returns:
        Its name, None where nothing is masked; others that do the same at these rates;
        and the differences from it in words.
    """
    if not sites:
        return None, (), ()
    first, *others = _ranked(sites, active=active)
    same = [n.method for n in others if n.cost == first.cost == _NOTHING]
    return first.method, tuple(same), first.differences


def likeliest(sites: Mapping[str, SiteVerdict], *, active: bool) -> dict[str, SiteVerdict]:
    """Of sites that nothing tells apart, takes those that come nearest to a method.

    Args:
        sites: What was found, by site.
        active: Whether anything is dropped at random at inference.

    Returns:
        The sites, each open one by either of its names.
    """
    choices = [
        (found, replace(found, site=found.perhaps, perhaps=found.site))
        if found.perhaps
        else (found,)
        for found in sites.values()
    ]
    readings = [{found.site: found for found in some} for some in product(*choices)]
    whole = [reading for reading in readings if len(reading) == len(sites)]
    return min(whole, key=lambda reading: _ranked(reading, active=active)[0].cost)


def _ranked(sites: Mapping[str, SiteVerdict], *, active: bool) -> list[Named]:
    """Every method in the manner in which it comes nearest, the nearest first."""
    best: dict[str, Named] = {}
    for setting in _settings(sites):
        named = _compared(setting, sites, active=active)
        if setting.method not in best or named.cost < best[setting.method].cost:
            best[setting.method] = named
    order = list(METHODS)
    return sorted(best.values(), key=lambda n: (n.cost, _idle(n, sites), order.index(n.method)))


def _idle(named: Named, sites: Mapping[str, SiteVerdict]) -> int:
    """Sites of a method where nothing was found: its rate there would be 0."""
    return sum(rule.site not in sites for rule in METHODS[named.method].rules)


def _settings(sites: Mapping[str, SiteVerdict]) -> Iterator[Setting]:
    """Every method with every option, with the rates that the found sites ask for."""
    masked = {*sites, *(each for found in sites.values() for each in _beside(found))}
    for row in METHODS.values():
        arguments = {rule.argument for rule in row.rules if rule.site in masked}
        rates: dict[str, Any] = dict.fromkeys(arguments, _SOME)
        choices = {name: OPTIONS[name].choices for name in row.options if OPTIONS[name].choices}
        for chosen in product(*choices.values()):
            options: dict[str, Any] = dict(zip(choices, chosen, strict=True))
            yield Setting(row.name, **rates, **options)


def _beside(found: SiteVerdict) -> tuple[str, ...]:
    """The sites of methods where its masks act too; or else that it lies beside."""
    return found.reaches or (SITES[found.site].near if found.site in SITES else ())


def _compared(setting: Setting, sites: Mapping[str, SiteVerdict], *, active: bool) -> Named:
    rules = {rule.site: rule for rule in setting.rules}
    told: list[tuple[Cost, str]] = []
    cost = _NOTHING
    if active:
        told.append((_OTHER, "it drops at inference too, where the method does not."))
    for site, found in sites.items():
        if site in rules:
            told += _at(found, rules[site], setting)
            continue
        near = [rules[each] for each in _beside(found) if each in rules]
        words = f"it masks {found.place}, which the method does not."
        told.append((_BESIDE if near else _ELSEWHERE, words))
        told += [(_NOTHING, f"at {found.place}, {note}") for note in found.notes]
        # How masks beside it live and are tied counts, though no sentence says so.
        # What gates do not share, all of them see.
        tied = replace(found, tying=found.tying if found.tying != "" else "tied")
        manners = [_sum(at for at, _ in _at(tied, rule, setting)) for rule in near]
        cost = _sum((cost, min(manners, default=_NOTHING)))
    if not set(sites) & set(rules):
        lacking = [place_of(rule.site) for rule in METHODS[setting.method].rules]
        told.append((_NOTHING, f"it does not mask {' or '.join(lacking)}, where the method does."))
    cost = _sum((cost, *(each for each, _ in told)))
    return Named(setting.method, tuple(words for _, words in told), cost)


def _sum(costs: Iterable[Cost]) -> Cost:
    site, life, tying, other = (sum(each) for each in zip(_NOTHING, *costs, strict=True))
    return site, life, tying, other


def _at(found: SiteVerdict, rule: Rule, setting: Setting) -> Iterator[tuple[Cost, str]]:
    """Where one site differs from the rule for it."""
    at = f"at {found.place},"
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
