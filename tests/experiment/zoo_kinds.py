"""One specimen for each kind of truth: the few that the fast tier looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from .zoo import Specimen
from .zoo_right import OPTIONS
from .zoo_truth import SiteTruth


def _at(truth: SiteTruth, kind: str) -> Iterator[object]:
    """What is particular to a site, trait by trait."""
    every = {"LSTM": 4, "GRU": 3}[kind]
    yield ("site", truth.site)
    for field in ("life", "tying", "scaling"):
        yield (field, getattr(truth, field))
    usual = {field.name: field.default for field in fields(SiteTruth)}
    for field in ("same_over_samples", "same_over_units", "frozen", "gaussian"):
        if getattr(truth, field):
            yield field
    for field in ("steps", "same_mask_as"):
        if getattr(truth, field) != usual[field]:
            yield (field, truth.site)
    if truth.gates and len(truth.gates) < every:
        yield ("gates", len(truth.gates))
    if truth.rate in (0, 1) or not 0.1 < truth.rate < 0.8:
        yield ("rate", round(truth.rate, 1))


def traits(name: str, specimen: Specimen) -> set[object]:
    """What a specimen is the example of."""
    found = {trait for truth in specimen.sites.values() for trait in _at(truth, specimen.kind)}
    found |= {("method", method) for method in specimen.methods} | {("kind", specimen.kind)}
    found |= {("cannot tell", field) for field in specimen.cannot_tell}
    # Three options say what the layer returns; one of them stands for all.
    found |= {
        ("option", "returns" if {*option.split("_")} <= {"last", "state"} else option)
        for option in OPTIONS
        if name == f"keras_both_{option}"
    }
    found |= {("sites", len(specimen.sites)), ("nearest", bool(specimen.nearest))}
    if specimen.active_at_inference:
        found.add(("active", *specimen.sites))
    return found | {("size", specimen.units == 1), ("fixed", specimen.fixed_batch)}


def one_of_each(zoo: Mapping[str, Specimen], always: frozenset[str]) -> tuple[str, ...]:
    """Chooses specimens that have every trait of the zoo between them, in the zoo's order."""
    left = {name: traits(name, each) for name, each in zoo.items()}
    chosen = set(always)
    missing = set().union(*left.values()) - set().union(*(left[name] for name in always))
    while missing:
        best = max(zoo, key=lambda name: len(left[name] & missing))
        chosen.add(best)
        missing -= left[best]
    return tuple(name for name in zoo if name in chosen)
