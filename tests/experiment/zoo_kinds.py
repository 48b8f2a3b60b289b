"""One specimen for each kind of truth: the few that the fast tier looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .zoo import Specimen
from .zoo_truth import SiteTruth


def _at(truth: SiteTruth) -> Iterator[object]:
    """What is particular to a site, trait by trait."""
    yield ("site", truth.site)
    for field in ("life", "tying", "scaling"):
        yield (field, getattr(truth, field))
    for field in ("same_over_samples", "same_over_units", "frozen", "gaussian"):
        if getattr(truth, field):
            yield field


def traits(specimen: Specimen) -> set[object]:
    """What a specimen is the example of."""
    found = {trait for truth in specimen.sites.values() for trait in _at(truth)}
    return found | {("method", each) for each in specimen.methods} | {("kind", specimen.kind)}


def one_of_each(zoo: Mapping[str, Specimen]) -> tuple[str, ...]:
    """Chooses specimens that have every trait of the zoo between them, in the zoo's order."""
    left = {name: traits(each) for name, each in zoo.items()}
    chosen: set[str] = set()
    missing = set().union(*left.values())
    while missing:
        best = max(zoo, key=lambda name: len(left[name] & missing))
        chosen.add(best)
        missing -= left[best]
    return tuple(name for name in zoo if name in chosen)
